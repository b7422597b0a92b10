"""The machinery's tables, and the read models of the outbox."""

from alembic import op

from events.store.schema import APP, isolate, machinery_tables

revision = "0001"
down_revision = None

# Personal in clear: name. One column per channel counts the deliveries by it.
_DOCUMENT = """
create table document (
    document uuid primary key,
    mandant uuid not null,
    name text,
    kind text,
    origin text not null,
    property uuid,
    recipients int not null,
    size_bytes bigint not null,
    file jsonb,
    inspected jsonb,
    letter_options jsonb not null,
    mail_options jsonb not null,
    created_by text not null,
    created_at timestamptz not null,
    filed_at timestamptz not null,
    open int not null default 0,
    delivered int not null default 0,
    failed int not null default 0,
    in_progress int not null default 0,
    on_hold int not null default 0,
    by_epost int not null default 0,
    by_mail int not null default 0,
    by_print int not null default 0,
    by_portal int not null default 0,
    by_mailshare int not null default 0
);
create index on document (mandant, created_at, document);
"""

# What the DMS has told and nobody has inspected yet. Personal in clear: name.
_ANNOUNCEMENT = """
create table announcement (
    document uuid primary key,
    mandant uuid not null,
    name text,
    kind text,
    origin text not null,
    property uuid,
    recipients uuid[] not null,
    sha256 text not null,
    size_bytes bigint not null,
    created_by text not null,
    created_at timestamptz not null,
    announced_at timestamptz not null
);
"""

# `state` and `since` are null while the delivery is dropped.
_DELIVERY = """
create table delivery (
    delivery uuid primary key,
    mandant uuid not null,
    document uuid not null,
    slot int not null,
    contact uuid,
    channel text not null,
    version int not null,
    state text,
    since timestamptz,
    dropped boolean not null,
    by_hand boolean not null,
    attempt int not null,
    withdrawable boolean not null,
    withdrawing boolean not null,
    needs_decision boolean not null,
    reasons jsonb not null,
    sender_missing boolean not null,
    file jsonb,
    encrypted boolean not null,
    letter_options jsonb not null,
    mail_options jsonb not null
);
create index on delivery (document, slot, channel);
create index on delivery (contact, document, slot);
create index on delivery (mandant, delivery) where sender_missing;
create table delivery_timeline (
    delivery uuid not null,
    version int not null,
    mandant uuid not null,
    at timestamptz not null,
    recorded_at timestamptz not null,
    what text not null,
    attempt int,
    source text not null,
    reason text,
    text text,
    code text,
    reference text,
    primary key (delivery, version)
);
"""

# A contact as the address book last told it. Personal in clear: short_name to mail_address.
# A row without stamp stands for a contact that is not known yet.
_RECIPIENT = """
create table recipient (
    contact uuid not null,
    mandant uuid not null,
    epoch int,
    version int,
    preferred_channels text[] not null default '{}',
    short_name text,
    salutation text,
    name_lines text[],
    postal_address jsonb,
    address_lines text[],
    mail_address text,
    primary key (contact, mandant)
);
create table mandant_setting (
    mandant uuid primary key,
    version int not null default 0,
    sender jsonb,
    default_channel text
);
"""

# What has to be done again, later, or at a pace of its own: a queue of ids, of all mandants.
_CHORE = f"""
create table chore (
    kind text not null,
    mandant uuid not null,
    subject uuid not null,
    stirred int not null default 1,
    attempts int not null default 0,
    due_at timestamptz not null default clock_timestamp(),
    primary key (kind, mandant, subject)
);
create index on chore (due_at);
alter table chore set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
grant select, insert, update, delete on chore to {APP};
"""

_TABLES = (_DOCUMENT, _ANNOUNCEMENT, _DELIVERY, _RECIPIENT, _CHORE)
_ISOLATED = (
    "document",
    "announcement",
    "delivery",
    "delivery_timeline",
    "recipient",
    "mandant_setting",
)


def upgrade() -> None:
    """Several statements at once go through unprepared only."""
    database = op.get_bind().execution_options(no_parameters=True)
    isolation = (statement for table in _ISOLATED for statement in isolate(table))
    for statement in (*machinery_tables(), *_TABLES, *isolation):
        database.exec_driver_sql(statement)
