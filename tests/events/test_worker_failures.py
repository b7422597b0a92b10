"""What can't be handled is found, tried again and set aside; never lost, never in the way."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from tests.events.hearing import Listener, changed, name_of
from tests.events.ledger import (
    MANDANT,
    STRANGER,
    Break,
    Count,
    Refuse,
    order,
    remember,
    said,
)

from events.contracts.topics import TOPICS
from events.database import TRANSIENT
from events.ids import new_id
from events.registry import Name
from events.stream import Heard, Order


@pytest.fixture(autouse=True)
def _long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was put off is due again only when the test says so, however long it takes itself."""
    monkeypatch.setattr("events.worker._pause", lambda _: timedelta(hours=1))


def breaking(*names: str) -> Sequence[Order]:
    """A policy that has a bug for contacts of these names."""

    def react(heard: Heard) -> Sequence[Order]:
        if name_of(heard) in names:
            return [order(Break(), mandant=heard.mandant)]
        return remember(heard)

    return react  # type: ignore[return-value] # mypy takes the inner function for a method


async def test_the_unreadable_is_buried_with_its_reason_and_the_others_go_on(
    listener: Listener, owner: psycopg.Connection
) -> None:
    (good,) = listener.say(said(None))
    key, sealed = listener.say(said("Groß"))
    strangers = [
        replace(good, value=b"\x00", headers=()),
        changed(good, ce_id=str(new_id()), ce_type="DeliveryFailed"),
        changed(good, ce_id=str(new_id()), ce_schemaversion="0"),
        changed(good, ce_id=str(new_id()), traceparent=b"\x00"),
        changed(good, ce_id=str(new_id()), traceparent=b"\xff"),
        replace(changed(good, ce_id=str(new_id())), value=b'{"contact": "Meier"}'),
        changed(good, ce_id=str(new_id()), **{"ce_\0": b"\xff"}),
        replace(changed(good, ce_id=str(new_id())), topic="DeliveryFailed"),
        changed(sealed, ce_id=str(new_id())),
    ]
    await listener.take(key, *strangers, good)
    assert await listener.work() == 10

    dead = listener.dead()
    assert len(dead) == 9
    assert all(reason.startswith("unreadable: ") for reason in dead)
    assert not [reason for reason in dead if "Meier" in reason or "Groß" in reason]
    assert listener.events() == [(MANDANT, 1)]
    assert owner.execute("select min(attempts), max(attempts) from dead").fetchone() == (1, 1)
    assert listener.inbox() == []


async def test_a_rejection_is_set_aside_by_its_slug(listener: Listener) -> None:
    def refusing(heard: Heard) -> Sequence[Order]:
        refused = name_of(heard) == "Groß"
        return [order(Refuse(), mandant=heard.mandant)] if refused else remember(heard)

    listener.policy = refusing
    await listener.take(*listener.say(said("Groß")), *listener.say(said("Klein")))
    await listener.work()
    assert listener.dead() == ["rejected: nonsense"]
    assert listener.events() == [(MANDANT, 1)]


async def test_a_failing_record_is_found_and_buried_in_the_end_and_the_others_are_done(
    listener: Listener, owner: psycopg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    listener.policy = breaking("Groß")  # type: ignore[assignment] # it is a policy
    names = ["a", "b", "c", "Groß", "e", "f", "g"]
    await listener.take(*(record for name in names for record in listener.say(said(name))))
    await listener.work()
    assert len(listener.events()) == 6
    assert listener.inbox() == [(1, None)]
    (due,) = owner.execute("select due_at > clock_timestamp() from inbox").fetchall()
    assert due == (True,)

    for attempt in range(2, 9):
        listener.make_due()
        assert await listener.work() == 1
        assert listener.inbox() == ([(attempt, None)] if attempt < 8 else [])
    assert listener.dead() == ["failed: RuntimeError"]
    assert owner.execute(
        "select attempts, last_failed_at > first_failed_at from dead"
    ).fetchone() == (8, True)
    (stack,) = owner.execute("select stack from dead").fetchone() or ("",)
    assert "ledger.py" in stack
    assert "Groß" not in stack + "".join(capsys.readouterr())


async def test_a_transient_error_puts_the_batch_back_and_counts_against_nobody(
    listener: Listener,
) -> None:
    away = True

    def unlucky(heard: Heard) -> Sequence[Order]:
        if away:
            raise psycopg.OperationalError
        return remember(heard)

    listener.policy = unlucky
    await listener.take(*listener.say(said("a")), *listener.say(said("b")))
    for _ in range(12):
        with pytest.raises(TRANSIENT):
            await listener.worker.work()
    assert listener.inbox() == [(0, None)] * 2
    away = False
    await listener.work()
    assert listener.events() == [(MANDANT, 1)] * 2


async def test_a_foreign_mandants_stream_is_left_alone(listener: Listener) -> None:
    """Alone, and in a batch with a record of the mandant whose stream it is."""
    contact, taken = new_id(), new_id()
    (own,) = listener.say(said(None, contact))
    (foreign,) = listener.say(said(None, contact), STRANGER)
    await listener.take(own)
    await listener.work()
    await listener.take(foreign)
    await listener.work()
    assert listener.dead() == ["foreign-mandant"]

    await listener.take(
        *listener.say(said(None, taken)), *listener.say(said(None, taken), STRANGER)
    )
    await listener.work()
    assert listener.dead() == ["foreign-mandant"] * 2
    assert listener.events() == [(MANDANT, 1)] * 2
    assert listener.inbox() == []


async def test_when_many_die_the_others_are_held_and_not_buried(listener: Listener) -> None:
    def refuse(heard: Heard) -> Sequence[Order]:
        return [order(Refuse(), mandant=heard.mandant)]

    listener.policy = refuse
    listener.batch_max = 7
    listener.worker = listener.another_worker()
    await listener.take(*(r for _ in range(40) for r in listener.say(said(None))))
    assert await listener.work() == 40
    assert len(listener.dead()) == 20
    assert listener.inbox() == [(0, "held: rejected: nonsense")] * 20

    listener.policy = remember
    restarted = listener.another_worker()
    while await restarted.work():
        pass
    assert listener.inbox() == []
    assert len(listener.events()) == 20


async def test_a_few_deaths_among_many_records_stop_nobody(listener: Listener) -> None:
    def refuse_some(heard: Heard) -> Sequence[Order]:
        refused = len(listener.heard) % 25 == 0
        return [order(Refuse() if refused else Count(), mandant=heard.mandant)]

    listener.policy = refuse_some
    await listener.take(*(r for _ in range(600) for r in listener.say(said(None))))
    await listener.work()
    assert len(listener.dead()) == 24


async def test_a_topic_that_nobody_hears_any_more_is_set_aside(
    listener: Listener, owner: psycopg.Connection
) -> None:
    from events.contracts.documents import DocumentQueued

    event = DocumentQueued(
        document=new_id(),
        origin="dms",
        recipients=1,
        deliveries=1,
        size_bytes=1,
        queued_at="2026-03-29T12:00:00Z",
    )
    await listener.take(*listener.say(event), *listener.say(said(None)))
    await listener.work()
    assert listener.events() == [(MANDANT, 1)]
    assert listener.inbox() == [(1, None)]
    assert Name("DocumentQueued", 1).type in TOPICS
    assert owner.execute("select count(*) from dead").fetchone() == (0,)


async def test_a_worker_that_cannot_even_claim_says_so(
    listener: Listener, owner: psycopg.Connection
) -> None:
    await listener.take(*listener.say(said("Groß")))
    owner.execute("revoke update on inbox from hausbote_app")
    try:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await listener.work()
    finally:
        owner.execute("grant update on inbox to hausbote_app")
