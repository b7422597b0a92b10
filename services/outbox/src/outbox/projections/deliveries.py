"""Keeps the table `delivery`, and the counters and the timeline that follow from it."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from events.contracts.deliveries import Channel
from events.database import Connection
from events.stream import Change
from outbox.domain.delivery.plan import Plan
from outbox.domain.delivery.state import Delivery
from outbox.domain.states import State
from outbox.projections import stale, tallies, timeline
from outbox.projections.tallies import Counted

_OLD = "select delivery, version, document, channel, state from delivery where delivery = any (%s)"

_SAVE = """
insert into delivery as old (delivery, mandant, document, slot, contact, channel, version, state,
    since, dropped, by_hand, attempt, withdrawable, withdrawing, needs_decision, reasons,
    sender_missing, file, encrypted, letter_options, mail_options)
select * from jsonb_to_recordset(%s) as new (delivery uuid, mandant uuid, document uuid, slot int,
    contact uuid, channel text, version int, state text, since timestamptz, dropped boolean,
    by_hand boolean, attempt int, withdrawable boolean, withdrawing boolean,
    needs_decision boolean, reasons jsonb, sender_missing boolean, file jsonb,
    encrypted boolean, letter jsonb, mail jsonb)
order by delivery
on conflict (delivery) do update set
    contact = excluded.contact,
    version = excluded.version,
    state = excluded.state,
    since = excluded.since,
    dropped = excluded.dropped,
    by_hand = excluded.by_hand,
    attempt = excluded.attempt,
    withdrawable = excluded.withdrawable,
    withdrawing = excluded.withdrawing,
    needs_decision = excluded.needs_decision,
    reasons = excluded.reasons,
    sender_missing = excluded.sender_missing,
    file = excluded.file,
    encrypted = excluded.encrypted,
    letter_options = excluded.letter_options,
    mail_options = excluded.mail_options
where old.version < excluded.version
"""


async def project(connection: Connection, changes: Sequence[Change]) -> None:
    """Rows, counters, timeline; and a chore where a check rests on what is no longer so.

    A delivery that was never planned has a timeline only: its channel speaks of what we lost.
    """
    await stale.look_again(connection, changes)
    planned = [(change, plan) for change in changes if (plan := _state(change).plan) is not None]
    old = await _old_rows(connection, [change.stream for change, _ in planned])
    news = [
        (change, plan)
        for change, plan in planned
        if change.stream not in old or old[change.stream][0] < change.recorded[-1].version
    ]
    if news:
        rows = [_row(change, plan) for change, plan in news]
        await connection.execute(_SAVE, (Jsonb(rows),))
        moves = [(_before(old, change.stream), _after(change, plan)) for change, plan in news]
        await tallies.recount(connection, moves)
    await timeline.enter(connection, changes)


async def _old_rows(
    connection: Connection, deliveries: Sequence[UUID]
) -> Mapping[UUID, tuple[int, Counted]]:
    found = await connection.execute(_OLD, (list(deliveries),))
    return {
        delivery: (version, Counted(document, Channel(channel), State(state) if state else None))
        for delivery, version, document, channel, state in await found.fetchall()
    }


def _before(old: Mapping[UUID, tuple[int, Counted]], delivery: UUID) -> Counted | None:
    return old[delivery][1] if delivery in old else None


def _after(change: Change, plan: Plan) -> Counted:
    standing = _state(change).standing
    return Counted(plan.document, plan.channel, standing.state if standing else None)


def _row(change: Change, plan: Plan) -> Mapping[str, Any]:
    state = _state(change)
    standing = state.standing
    return {
        "delivery": str(change.stream),
        "mandant": str(change.mandant),
        "document": str(plan.document),
        "slot": plan.slot,
        "contact": str(plan.contact) if plan.contact else None,
        "channel": plan.channel,
        "version": change.recorded[-1].version,
        "state": standing.state if standing else None,
        "since": standing.since.isoformat() if standing else None,
        "dropped": state.dropped,
        "by_hand": state.by_hand,
        "attempt": state.attempt,
        "withdrawable": state.withdrawable,
        "withdrawing": state.withdrawing,
        "needs_decision": state.needs_decision,
        "reasons": [{"slug": r.slug, "values": dict(r.values)} for r in state.reasons],
        "sender_missing": any(reason.slug == "sender-missing" for reason in state.reasons),
        "file": plan.file.model_dump(mode="json") if plan.file else None,
        "encrypted": plan.encrypted,
        "letter": plan.letter.model_dump(mode="json"),
        "mail": plan.mail.model_dump(mode="json"),
    }


def _state(change: Change) -> Delivery:
    assert isinstance(change.after, Delivery)
    return change.after
