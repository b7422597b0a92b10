"""With a safeguard switched off the checker reports what that safeguard prevents."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from tests.faults import checker, victim
from tests.faults.crew import Seat
from tests.faults.plan import Part, Plan, Trap
from tests.faults.run import Runner
from tests.faults.story import Story
from tests.faults.world import World

from web.auth import Role

MAIL_SENDER = "delivery_mail.sender"


@contextmanager
def without(everything: World, *safeguards: str) -> Iterator[None]:
    """All processes born within the block lack these safeguards."""
    everything.crew.without(safeguards, victim.SABOTAGE)
    try:
        yield
    finally:
        everything.crew.without((), victim.SABOTAGE)


def judged(everything: World, *traps: Trap, calm_s: float = 5.0) -> list[str]:
    """What the checker says; what is broken is not waited for as long as what is not."""
    runner = Runner(everything, faulty_for_s=10.0, calm_s=calm_s)
    verdict = runner.run(Plan(seed=800_000, traps=traps, changes=()))
    assert len(verdict.fired) == len(traps), verdict.fired
    return list(verdict.violations)


def test_without_intent_a_mail_is_there_twice(everything: World) -> None:
    trap = Trap(Part.SENDING, MAIL_SENDER, "outside.accepted", 1)
    with without(everything, "no_intent"):
        found = judged(everything, trap)
    assert any(one.startswith("mail ") and one.endswith("times") for one in found), found


def test_a_relay_that_deletes_first_loses_records(everything: World) -> None:
    trap = Trap(Part.SENDING, "outbox.relay", "relay.mid-batch", 1)
    with without(everything, "hasty_relay"):
        found = judged(everything, trap)
    assert any(one.endswith("was never told") for one in found), found


@pytest.mark.spec("PLT-01")
def test_without_deduplication_alone_nothing_happens(everything: World) -> None:
    """By design: deduplication saves work, correctness lies in the streams."""
    trap = Trap(Part.SENDING, "outbox.relay", "relay.acknowledged", 1)
    with without(everything, "no_deduplication"):
        assert judged(everything, trap, calm_s=90.0) == []


def test_without_deduplication_and_memory_a_mail_is_there_twice(everything: World) -> None:
    trap = Trap(Part.SENDING, "outbox.relay", "relay.acknowledged", 1)
    with without(everything, "no_deduplication", "no_memory"):
        found = judged(everything, trap)
    assert any(one.startswith("mail ") and one.endswith("times") for one in found), found


@pytest.mark.parametrize(("safeguards", "copies"), [((), 1), (("no_fence",), 2)])
@pytest.mark.spec("CHN-01", "CHN-04")
def test_a_sender_that_wakes_up_too_late_sends_nothing_while_there_is_a_fence(
    everything: World, safeguards: tuple[str, ...], copies: int
) -> None:
    """It stops between intent and call; a person finds nothing sent; another sender sends."""
    crew = everything.crew
    second, api = Seat("delivery_mail", "sender", 2), Seat("delivery_mail", "api")
    with without(everything, *safeguards):
        everything.traps.disarm()
        everything.traps.arm(MAIL_SENDER, "intent.after", number=signal.SIGSTOP)
        story = Story(everything, f"Fence {copies}", documents=1)
        runner = Runner(everything)
        story.enter()
        story.wait_until_sendable()
        story.send()
        story.wait(lambda: bool(everything.traps.sprung()), "a sender has stopped")
        crew.seat([second, api])
        try:
            asked = [""]

            def somebody_is_asked() -> bool:
                rows = runner.reader.states(story.mandant)
                asked[:] = [row["delivery"] for row in rows if row["needs_decision"]]
                return bool(asked)

            story.wait(somebody_is_asked, "a person is asked")
            _decide_not_sent(everything, story, asked[0])
            story.wait(lambda: len(_copies(runner, story, asked[0])) == 1, "the second has sent")
            crew.tell(Seat("delivery_mail", "sender"), signal.SIGCONT)
            story.wait(lambda: runner.is_quiet(story), "quiet")
            story.wait(lambda: len(_copies(runner, story, asked[0])) >= copies, "the first woke up")
        finally:
            crew.unseat([second, api])
            everything.traps.disarm()
        found = checker.violations(runner.reader.read(story.mandant), story.deliveries)
    doubled = [one for one in found if one == f"mail {asked[0]} is there 2 times"]
    assert len(doubled) == copies - 1, found


def _copies(runner: Runner, story: Story, delivery: str) -> list[str]:
    return list(runner.reader.read(story.mandant).mails.get(delivery, ()))


def _decide_not_sent(everything: World, story: Story, delivery: str) -> None:
    token = everything.issuer.token(story.mandant, "anna", [Role.CLERK])
    url = f"{everything.places['delivery_mail']}/mails/{delivery}/decision"

    def decided() -> bool:
        try:
            answer = httpx.post(
                url,
                json={"outcome": "not-sent"},
                headers={"Authorization": f"Bearer {token}"},
                trust_env=False,
            )
        except httpx.TransportError:
            return False
        assert answer.status_code in {204, 503}, answer.text
        return answer.status_code == 204

    story.wait(decided, "the person has decided")
