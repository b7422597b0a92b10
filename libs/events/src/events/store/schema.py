"""The tables that the machinery needs in each service's database, for its first migration."""

from collections.abc import Iterator

APP = "hausbote_app"
MACHINERY = "hausbote_machinery"

# The inner select is planned once per statement, not once per row: four times as fast.
_VISIBLE = (
    "mandant = any ((select string_to_array(nullif(current_setting('app.mandants', true), ''),"
    " ',')::uuid[])::uuid[])"
)

_EVENT = """
create table event (
    position bigint generated always as identity primary key,
    mandant uuid not null,
    stream uuid not null,
    version int not null check (version > 0),
    id uuid not null,
    type text not null,
    schema smallint not null,
    at timestamptz not null,
    meta jsonb not null,
    data jsonb not null,
    unique (stream, version)
);
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the table % is append-only', tg_table_name
        using errcode = 'insufficient_privilege';
end $$;
create trigger append_only before update or delete or truncate on event
    for each statement execute function refuse_change();
create table event_personal (
    mandant uuid not null,
    stream uuid not null,
    version int not null,
    subject uuid not null,
    category text not null,
    fingerprint bytea not null,
    nonce bytea not null,
    block bytea not null,
    primary key (stream, version, subject, category)
);
create index on event_personal (subject, category);
create function stream_owner(streams uuid[]) returns table (stream uuid, mandant uuid)
language sql stable security definer set search_path = public as $$
    select e.stream, e.mandant from event e where e.stream = any (streams) and e.version = 1
$$;
do $$ begin
    -- So that stream_owner sees past the isolation that binds the table's owner too.
    execute format('create policy owner_reads on event for select to %I using (true)',
        current_user);
end $$;
"""

_RELAY = """
create table relay (
    seq bigint generated always as identity primary key,
    topic text not null,
    key bytea not null,
    headers bytea not null,
    value bytea not null,
    at timestamptz not null default clock_timestamp(),
    refused text
);
alter table relay set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
"""

_INBOX = """
create table inbox (
    seq bigint generated always as identity primary key,
    id uuid not null,
    mandant uuid,
    topic text not null,
    part int not null,
    off bigint not null,
    key bytea,
    headers bytea not null,
    value bytea,
    attempts int not null default 0,
    arrived_at timestamptz not null default clock_timestamp(),
    failed_at timestamptz,
    due_at timestamptz not null default clock_timestamp(),
    waiting_for text
);
create index on inbox (due_at, seq);
create index on inbox (mandant, due_at, seq);
create index on inbox (waiting_for) where waiting_for is not null;
alter table inbox set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
create table inbox_seen (
    day date not null,
    id uuid not null,
    content bytea not null,
    primary key (day, id)
) partition by range (day);
create table inbox_seen_undated partition of inbox_seen
    for values from (minvalue) to ('1970-01-02');
create table inbox_seen_other partition of inbox_seen default;
create table dead (
    seq bigint generated always as identity primary key,
    id uuid not null unique,
    mandant uuid,
    topic text not null,
    part int not null,
    off bigint not null,
    key bytea,
    headers bytea not null,
    value bytea,
    attempts int not null,
    reason text not null,
    stack text not null,
    trace text,
    first_failed_at timestamptz not null,
    last_failed_at timestamptz not null default clock_timestamp()
);
create table intervention (
    seq bigint generated always as identity primary key,
    at timestamptz not null default clock_timestamp(),
    actor text not null,
    action text not null,
    record uuid,
    topic text,
    part int,
    off bigint,
    reason text,
    attempts int,
    first_failed_at timestamptz,
    last_failed_at timestamptz,
    why text
);
create index on intervention (record) where record is not null;
create trigger append_only before update or delete or truncate on intervention
    for each statement execute function refuse_change();
create table intake_offset (
    topic text not null,
    part int not null,
    next bigint not null,
    primary key (topic, part)
);
"""

# One partition a day from tomorrow on, dropped 30 days later: a repeat that comes later than that
# is harmless too, because streams decide to nothing. The default partition takes odd days.
_ROLL = """
create function roll_inbox_seen() returns void
language plpgsql security definer set search_path = public as $$
declare
    day date;
    old record;
begin
    perform pg_advisory_xact_lock(hashtext('roll_inbox_seen'));
    for day in select current_date + n from generate_series(1, 3) n loop
        continue when to_regclass('inbox_seen_' || to_char(day, 'YYYYMMDD')) is not null;
        begin
            execute format('create table %I partition of inbox_seen for values from (%L) to (%L)',
                'inbox_seen_' || to_char(day, 'YYYYMMDD'), day, day + 1);
        exception when check_violation then
            null;  -- Rows of a clock that runs ahead lie in the default partition; they may stay.
        end;
    end loop;
    for old in
        select c.oid::regclass as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'inbox_seen'::regclass and c.relname ~ '^inbox_seen_[0-9]{8}$'
        and to_date(right(c.relname, 8), 'YYYYMMDD') < current_date - 30
    loop
        execute format('drop table %s', old.name);
    end loop;
    delete from inbox_seen_other where inbox_seen_other.day < current_date - 30;
end $$;
"""

_REST = """
create table lease (
    name text primary key,
    holder uuid not null,
    fence bigint not null,
    until timestamptz not null
);
create table stream_epoch (
    number int primary key check (number > 0),
    began_at timestamptz not null
);
create table work (
    stream uuid primary key,
    mandant uuid not null,
    lane text not null,
    task text not null,
    due_at timestamptz not null,
    attempts int not null default 0,
    failed text
);
create index on work (lane, due_at);
alter table work set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
create table idempotency (
    mandant uuid not null,
    route text not null,
    key text not null,
    request_hash bytea not null,
    status int,
    headers jsonb,
    body bytea,
    claimed_at timestamptz not null,
    primary key (mandant, route, key)
);
create table subject_key (
    mandant uuid not null,
    subject uuid not null,
    category text not null,
    wrapped bytea not null,
    kek text not null,
    fingerprint bytea not null,
    own boolean not null,
    primary key (subject, category)
);
create table erasure_fence (
    mandant uuid not null,
    subject uuid not null,
    category text not null,
    fingerprint bytea,
    at timestamptz not null,
    primary key (subject, category, mandant)
);
create table erasure_due (
    seq bigint generated always as identity primary key,
    mandant uuid not null,
    subject uuid not null,
    category text not null,
    at timestamptz not null,
    tell boolean not null,
    confirm boolean not null,
    due_at timestamptz not null default clock_timestamp()
);
create index on erasure_due (due_at, seq);
create index on erasure_due (subject, category);
"""

_GRANTS = {
    "event": {APP: "select, insert"},
    "event_personal": {APP: "select, insert, delete"},
    "relay": {APP: "insert", MACHINERY: "select, update, delete"},
    "inbox": {APP: "select, update, delete", MACHINERY: "select, insert, update"},
    "inbox_seen": {MACHINERY: "select, insert"},
    "dead": {APP: "select, insert, update, delete", MACHINERY: "select, insert, update, delete"},
    "intervention": {MACHINERY: "select, insert"},
    "intake_offset": {MACHINERY: "select, insert, update"},
    "lease": {APP: "select, update", MACHINERY: "select, insert, update, delete"},
    "stream_epoch": {MACHINERY: "select, insert"},
    "work": {APP: "select, insert, update, delete", MACHINERY: "select"},
    "idempotency": {APP: "select, insert, update, delete", MACHINERY: "select, delete"},
    "subject_key": {APP: "select, insert, update, delete", MACHINERY: "select, insert, update"},
    "erasure_fence": {APP: "select, insert, update", MACHINERY: "select, insert"},
    "erasure_due": {APP: "select, insert, update, delete", MACHINERY: "select, insert"},
}

_ISOLATED = ("event", "event_personal", "idempotency", "subject_key", "erasure_fence")


def machinery_tables() -> Iterator[str]:
    """The statements that make the machinery's tables, with their rights and isolation."""
    yield from (_EVENT, _RELAY, _INBOX, _ROLL, _REST)
    for table, rights in _GRANTS.items():
        for role, what in rights.items():
            yield f"grant {what} on {table} to {role}"
    yield f"create policy forgetting on idempotency to {MACHINERY} using (true)"
    # A rebuild begins with the fences that stand, of whatever mandant.
    yield "create policy owner_reads on erasure_fence for select to current_user using (true)"
    yield "revoke execute on function roll_inbox_seen(), stream_owner(uuid[]) from public"
    yield f"grant execute on function stream_owner(uuid[]) to {APP}"
    yield f"grant execute on function roll_inbox_seen() to {MACHINERY}"
    for table in _ISOLATED:
        yield from _isolation(table)


def _isolation(table: str) -> Iterator[str]:
    """Let each transaction see and write only rows of the mandants that it names."""
    yield f"alter table {table} enable row level security"
    yield f"alter table {table} force row level security"
    yield f"create policy mandants on {table} using ({_VISIBLE}) with check ({_VISIBLE})"


def isolate(table: str) -> Iterator[str]:
    """What a service's migration runs for a read model: rights for the app, and isolation."""
    yield f"grant select, insert, update, delete on {table} to {APP}"
    yield from _isolation(table)
