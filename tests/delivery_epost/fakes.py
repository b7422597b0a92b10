"""A post office in memory, for tests of everything that only needs a `Post`."""

import hashlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from delivery_epost.adapters.epost_address import postal_fields
from delivery_epost.ports import (
    Access,
    DuplicateError,
    LetterReport,
    LetterStage,
    PostError,
    PostNumber,
    Submission,
    UncertainError,
)

FAILSAFE = timedelta(minutes=60)
FIRST_NUMBER = 43_000_001
_STATUS_IDS = {
    LetterStage.ACCEPTED: 1,
    LetterStage.CHECKED: 2,
    LetterStage.AT_PRINT_CENTRE: 3,
    LetterStage.SENT: 4,
    LetterStage.FAILED: 99,
    LetterStage.IN_PROGRESS: 210,
}


@dataclass(frozen=True, slots=True)
class KeptLetter:
    """A letter the fake has taken, and for whom."""

    ekp: str
    letter: Submission
    report: LetterReport


class PostFake:
    """A `Post` that keeps its promises: refuses duplicates, loses answers when told to."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.kept: dict[PostNumber, KeptLetter] = {}
        self._now = now
        self._failures: deque[PostError] = deque()
        self._lost_answers = 0

    def fail_next(self, *failures: PostError) -> None:
        """Let the next calls raise these, one each, with no effect."""
        self._failures.extend(failures)

    def lose_next_answer(self) -> None:
        """Let the next submission have its effect, and its caller not hear of it."""
        self._lost_answers += 1

    def move(self, number: PostNumber, stage: LetterStage) -> None:
        kept = self.kept[number]
        report = replace(kept.report, stage=stage, status_id=_STATUS_IDS[stage])
        self.kept[number] = replace(kept, report=report)

    async def submit(self, access: Access, letter: Submission) -> PostNumber:
        self._fail()
        postal_fields(letter.recipient)
        self._refuse_duplicate(access, letter)
        number = PostNumber(FIRST_NUMBER + len(self.kept))
        accepted = LetterReport(
            number, letter.custom1, LetterStage.ACCEPTED, status_id=1, accepted_at=self._now()
        )
        self.kept[number] = KeptLetter(access.ekp, letter, replace(accepted, test=letter.test))
        if self._lost_answers:
            self._lost_answers -= 1
            raise UncertainError("no-answer", "ReadTimeout", "Der Ausgang ist unklar.")
        return number

    async def find(self, access: Access, custom1: str) -> LetterReport | None:
        self._fail()
        return max(
            (one for one in self._reports(access) if one.custom1 == custom1),
            key=lambda report: (report.stage is not LetterStage.FAILED, report.number),
            default=None,
        )

    async def statuses(self, access: Access, numbers: Sequence[PostNumber]) -> list[LetterReport]:
        self._fail()
        return [report for report in self._reports(access) if report.number in numbers]

    async def test_result(self, access: Access, number: PostNumber) -> bytes | None:
        self._fail()
        kept = self.kept.get(number)
        if kept is None or kept.ekp != access.ekp or not kept.letter.test:
            return None
        return kept.letter.pdf if kept.report.stage is LetterStage.CHECKED else None

    def _fail(self) -> None:
        if self._failures:
            raise self._failures.popleft()

    def _reports(self, access: Access) -> list[LetterReport]:
        return [kept.report for kept in self.kept.values() if kept.ekp == access.ekp]

    def _refuse_duplicate(self, access: Access, letter: Submission) -> None:
        digest = hashlib.sha256(letter.pdf).digest()
        for kept in self.kept.values():
            report = kept.report
            assert report.accepted_at is not None
            is_twin = kept.ekp == access.ekp and hashlib.sha256(kept.letter.pdf).digest() == digest
            is_recent = self._now() - report.accepted_at < FAILSAFE
            if is_twin and is_recent and report.stage is not LetterStage.FAILED:
                raise DuplicateError("duplicate", "E324", "Schon übergeben.", report.number)
