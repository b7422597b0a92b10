"""What has happened since a rebuild began, noted by triggers in the transaction that does it.

Making the triggers waits for every transaction that has written to the tables and not ended yet;
from then on nothing passes them. So the log up to that point, and what the triggers note, are
together everything, each event once. The fences that stand already are noted at the beginning:
they are in no log.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from events.database import Connection
from events.personal import Category, KeyId
from events.rebuild.history import Span

# The functions write in the owner's role, so that the app needs no right that it has not now.
_BEGIN: LiteralString = """
create table rebuilding.event (
    seq bigint generated always as identity primary key,
    stream uuid not null, version int not null, mandant uuid not null
);
create table rebuilding.fence (
    seq bigint generated always as identity primary key,
    mandant uuid not null, subject uuid not null, category text not null
);
create function rebuilding.note_events() returns trigger
language plpgsql security definer set search_path = rebuilding, pg_temp as $$
begin
    insert into rebuilding.event (stream, version, mandant)
    select stream, version, mandant from added order by position;
    return null;
end $$;
create function rebuilding.note_fences() returns trigger
language plpgsql security definer set search_path = rebuilding, pg_temp as $$
begin
    insert into rebuilding.fence (mandant, subject, category)
    select mandant, subject, category from added;
    return null;
end $$;
create trigger rebuilding after insert on public.erasure_fence referencing new table as added
    for each statement execute function rebuilding.note_fences();
insert into rebuilding.fence (mandant, subject, category)
    select mandant, subject, category from public.erasure_fence;
create trigger rebuilding after insert on public.event referencing new table as added
    for each statement execute function rebuilding.note_events();
"""
_END: LiteralString = """
drop trigger if exists rebuilding on public.event;
drop trigger if exists rebuilding on public.erasure_fence;
"""
_EVENTS = "select seq, stream, version, mandant from rebuilding.event order by seq limit %s"
_FENCES = "select seq, mandant, subject, category from rebuilding.fence order by seq limit %s"
_DONE_EVENTS = "delete from rebuilding.event where seq = any (%s)"
_DONE_FENCES = "delete from rebuilding.fence where seq = any (%s)"


@dataclass(frozen=True, slots=True)
class Batch:
    """Events and fences that were noted, and their numbers in the queue."""

    spans: Sequence[Span]
    fences: Sequence[tuple[UUID, KeyId]]
    events_seq: Sequence[int]
    fences_seq: Sequence[int]

    def __len__(self) -> int:
        return len(self.events_seq) + len(self.fences_seq)


async def begin(connection: Connection) -> None:
    """Note all that is written from here on. Waits as long as `lock_timeout` allows."""
    await connection.execute(_BEGIN)


async def end(connection: Connection) -> None:
    """Note nothing any more; harmless where nothing was noted."""
    await connection.execute(_END)


async def look(connection: Connection, limit: int) -> Batch:
    """The oldest entries, in an order in which no stream's event comes before an earlier one."""
    events = await (await connection.execute(_EVENTS, (limit,))).fetchall()
    fences = await (await connection.execute(_FENCES, (limit,))).fetchall()
    spans: dict[UUID, Span] = {}
    for _, stream, version, mandant in events:
        first = spans[stream].first if stream in spans else version
        spans[stream] = Span(stream, mandant, first, version)
    return Batch(
        tuple(spans.values()),
        tuple((mandant, KeyId(subject, Category(name))) for _, mandant, subject, name in fences),
        tuple(seq for seq, *_ in events),
        tuple(seq for seq, *_ in fences),
    )


async def done(connection: Connection, batch: Batch) -> None:
    """Take the entries out; to be committed with what they have led to."""
    await connection.execute(_DONE_EVENTS, (list(batch.events_seq),))
    await connection.execute(_DONE_FENCES, (list(batch.fences_seq),))
