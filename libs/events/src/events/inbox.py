"""Records on their way from Kafka to the rules: kept raw, claimed in batches, never dropped."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid5

import ormsgpack
from aiokafka import ConsumerRecord

from events.database import Connection
from events.envelope import header
from events.ids import UNDATED, day_of, id_of
from events.personal import KeyId

NEWER_RELEASE = "a newer release"

_UNREADABLE = UUID("5a0c2f3e-7d5b-5c0e-9f63-0b9d5f0f6a11")

_WAITING_MANDANTS = """
with recursive waiting as (
    (select mandant from inbox where mandant >= %(start)s order by mandant limit 1)
    union all
    select (select i.mandant from inbox i where i.mandant > w.mandant order by i.mandant limit 1)
    from waiting w where w.mandant is not null
)
select mandant from waiting where mandant is not null limit %(limit)s
"""

_CLAIM = """
with fair as materialized (
    select i.seq from unnest(%(turn)s::uuid[]) as w (mandant) cross join lateral (
        select seq from inbox where mandant = w.mandant and due_at <= clock_timestamp()
        order by due_at, seq limit 2 for update skip locked
    ) i
), first as materialized (
    select seq from inbox
    where due_at <= clock_timestamp() and seq not in (select seq from fair)
    order by due_at, seq limit %(limit)s - (select count(*) from fair) for update skip locked
)
select seq, id, mandant, topic, part, off, key, headers, value, attempts
from inbox where seq in (select seq from fair union select seq from first) order by seq
"""

_CLAIM_THESE = """
select seq, id, mandant, topic, part, off, key, headers, value, attempts
from inbox where seq = any (%s) order by seq for update skip locked
"""

_BURY = """
with gone as (delete from inbox where seq = %(seq)s returning *)
insert into dead (id, mandant, topic, part, off, key, headers, value, attempts, reason, stack,
    trace, first_failed_at)
select id, mandant, topic, part, off, key, headers, value, attempts + 1, %(reason)s, %(stack)s,
    %(trace)s, coalesce(failed_at, clock_timestamp()) from gone
on conflict (id) do update set
    reason = excluded.reason, stack = excluded.stack, last_failed_at = clock_timestamp()
"""

_WAKE = """
update inbox set due_at = clock_timestamp(), waiting_for = null
from unnest(%s::text[], %s::uuid[], %s::text[]) as w (name, subject, category)
join (select subject, category from subject_key
    union select subject, category from erasure_fence) as k using (subject, category)
where inbox.waiting_for = w.name
"""

_PUT_OFF = """
update inbox set attempts = attempts + %(attempts)s, due_at = clock_timestamp() + %(pause)s,
    failed_at = coalesce(failed_at, clock_timestamp()), waiting_for = %(waiting_for)s
where seq = %(seq)s
"""

_WAKE_NAMED = """
update inbox set due_at = clock_timestamp(), waiting_for = null where waiting_for = any (%s)
"""

_WAKE_HELD = """
update inbox set due_at = clock_timestamp(), waiting_for = null where waiting_for like 'held: %'
"""

# A name is indexed, a reason is read by people; both may quote what a stranger has written.
_NAME_MAX = 200
_REASON_MAX = 500

NEWER_RELEASE = "a newer release"

RawHeaders = Sequence[tuple[str, bytes | None]]


@dataclass(frozen=True, slots=True)
class Row:
    """A record in the inbox, its bytes as they came."""

    seq: int
    id: UUID
    mandant: UUID | None
    topic: str
    part: int
    off: int
    key: bytes | None
    headers: RawHeaders
    value: bytes | None
    attempts: int


@dataclass(frozen=True, slots=True)
class Arrival:
    """A record as it comes from Kafka, with the id by which a repeat is recognised."""

    day: date
    id: UUID
    content: bytes
    mandant: UUID | None
    record: "ConsumerRecord[bytes, bytes]"

    def headers(self) -> bytes:
        return ormsgpack.packb([tuple(pair) for pair in self.record.headers])


def arrival(record: "ConsumerRecord[bytes, bytes]") -> Arrival:
    """Name a record: by source and event id where they are readable, else by place and bytes."""
    value = record.value or b""
    content = hashlib.sha256(value).digest()
    source = header(record.headers, "ce_source")
    event = _uuid(header(record.headers, "ce_id"))
    if source is None or event is None:
        place = f"{record.topic}\x1f{record.partition}\x1f{record.offset}\x1f{content.hex()}"
        return Arrival(UNDATED, uuid5(_UNREADABLE, place), content, None, record)
    mandant = _uuid(header(record.headers, "ce_mandant"))
    day = _day(event, header(record.headers, "ce_time"))
    return Arrival(day, uuid5(event, source), content, mandant, record)


def _day(event: UUID, told_at: str | None) -> date:
    """The day under which the record is remembered: the same one for each of its repeats.

    Derived ids name no day, so it is the one that the event itself tells.
    """
    if (day := day_of(event)) != UNDATED or told_at is None:
        return day
    try:
        instant = datetime.fromisoformat(told_at)
        return instant.astimezone(UTC).date() if instant.tzinfo else UNDATED
    except (ValueError, OverflowError):
        return UNDATED


async def waiting_mandants(connection: Connection, start: UUID, limit: int) -> list[UUID]:
    """The next mandants, from `start` on, who have anything in the inbox."""
    found = await connection.execute(_WAITING_MANDANTS, {"start": start, "limit": limit})
    return [mandant for (mandant,) in await found.fetchall()]


async def claim(connection: Connection, limit: int, turn: Sequence[UUID]) -> list[Row]:
    """Lock up to `limit` due rows: two of each mandant whose turn it is, then first come first.

    `turn` names at most half as many mandants as `limit` says.
    """
    return await _rows(connection, _CLAIM, {"limit": limit, "turn": list(turn)})


async def claim_these(connection: Connection, rows: Collection[Row]) -> list[Row]:
    """Lock these rows again, as far as nobody else has taken them."""
    return await _rows(connection, _CLAIM_THESE, ([row.seq for row in rows],))


async def finish(connection: Connection, rows: Collection[Row]) -> None:
    """Take handled rows out, in the transaction that holds what came of them."""
    seqs = [row.seq for row in rows]
    await connection.execute("delete from inbox where seq = any (%s)", (seqs,))


async def bury(connection: Connection, row: Row, reason: str, stack: str = "") -> None:
    """Set a row aside, with its reason, for a person to look at."""
    trace = header(row.headers, "traceparent")
    # What stands in a header is a stranger's: PostgreSQL takes no NUL in a text.
    clean = None if trace is None else trace.replace("\0", "")
    parameters = {
        "seq": row.seq,
        "reason": reason.replace("\0", "")[:_REASON_MAX],
        "stack": stack,
        "trace": clean,
    }
    await connection.execute(_BURY, parameters)


async def try_later(connection: Connection, row: Row, pause: timedelta) -> None:
    """Count a failure against the row and leave it alone for a while."""
    await _put_off(connection, row, pause, attempts=1, waiting_for=None)


async def wait_for(connection: Connection, row: Row, what: str, pause: timedelta) -> None:
    """Leave the row until `what` is there, or the time is over; counts against nobody."""
    await _put_off(connection, row, pause, attempts=0, waiting_for=what)


def waiting_name(key: KeyId) -> str:
    """What stands in the column `waiting_for` of a record that waits for a key."""
    return f"{key.subject}:{key.category}"


def kek_name(kek: str) -> str:
    """What stands there where the key has come and a process must mount the one that opens it."""
    return f"kek:{kek}"[:_NAME_MAX]


def held_name(reason: str) -> str:
    """What stands there while records with this trouble are dying too fast to be buried."""
    return f"held: {reason}".replace("\0", "")[:_NAME_MAX]


async def wake_named(connection: Connection, names: Collection[str]) -> int:
    """Make due what waits for one of these; returns how many records that were."""
    return (await connection.execute(_WAKE_NAMED, (list(names),))).rowcount


async def wake_held(connection: Connection) -> int:
    """Make due what was held; returns how many records that were."""
    return (await connection.execute(_WAKE_HELD)).rowcount


async def wake_with_key(connection: Connection, keys: Collection[KeyId]) -> None:
    """Make due what waits for one of these keys, where it, or a fence, is there by now."""
    names = [waiting_name(key) for key in keys]
    columns = (names, [key.subject for key in keys], [key.category.value for key in keys])
    await connection.execute(_WAKE, columns)


async def _put_off(
    connection: Connection, row: Row, pause: timedelta, attempts: int, waiting_for: str | None
) -> None:
    parameters = {
        "seq": row.seq,
        "attempts": attempts,
        "pause": pause,
        "waiting_for": waiting_for,
    }
    await connection.execute(_PUT_OFF, parameters)


async def _rows(
    connection: Connection, query: str, parameters: Sequence[object] | Mapping[str, object]
) -> list[Row]:
    found = await connection.execute(query, parameters, binary=True)
    return [
        Row(
            seq=seq,
            id=id_,
            mandant=mandant,
            topic=topic,
            part=part,
            off=off,
            key=key,
            headers=[(name, value) for name, value in ormsgpack.unpackb(headers)],
            value=value,
            attempts=attempts,
        )
        for seq, id_, mandant, topic, part, off, key, headers, value, attempts in (
            await found.fetchall()
        )
    ]


def _uuid(text: str | None) -> UUID | None:
    try:
        return None if text is None else id_of(text)
    except ValueError:
        return None
