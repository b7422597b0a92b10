"""What is done for a letter outside: hand it over once, clear up doubts, follow it to its end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from delivery_epost.application.making import (
    LetterMaker,
    MadeLetter,
    RecipientErasedError,
    recipient_of,
)
from delivery_epost.domain.commands import (
    DecideByPerson,
    DoubtAfterRestore,
    IntendSubmission,
    LetterCommand,
    RecordAcceptance,
    RecordFailedSubmission,
    RecordNoAnswer,
    RecordNoNews,
    RecordNotFound,
    RecordRefusal,
    RecordStage,
    RecordUncertainty,
)
from delivery_epost.domain.decider import LETTER, may_be_forgotten
from delivery_epost.domain.events import LetterPlanned, registry
from delivery_epost.domain.letter import Letter, Status
from delivery_epost.ports import (
    Access,
    AccessBlockedError,
    LetterReport,
    NotAcceptedError,
    Post,
    PostalAddress,
    PostError,
    PostNumber,
    RefusedError,
    SlowDownError,
    Submission,
)
from delivery_epost.publishing import publish
from delivery_epost.texts import text
from documents.rejections import DocumentRejected
from documents.store import DocumentDamagedError, DocumentMissingError
from events import metrics, tracing
from events.clock import Clock
from events.commands import Commands
from events.decider import Rejected
from events.lease import Lease
from events.stream import Cause, Order, StreamKind
from events.work import Due

_RETRY_FIRST_S = 5.0
_RETRY_MAX_S = 900.0
_DOUBLINGS_MAX = 10
_BLOCKED_FOR = timedelta(minutes=15)

LETTERS = StreamKind("letter", registry, LETTER, publish)

_NOT_TO_BE_MADE = (
    DocumentRejected,
    DocumentDamagedError,
    DocumentMissingError,
    RecipientErasedError,
)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Windows:
    """How long the provider's failsafe protects a second submission, in our prudent reading.

    `retry_for`: how long a letter that is certainly not accepted is tried, before it has failed.
    """

    resend_within_s: float
    give_up_after_s: float
    retry_for: timedelta = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class LetterDesk:
    """The use cases of the letter channel. Each may be repeated at any point where it died."""

    commands: Commands
    maker: LetterMaker
    post: Post
    access: Access
    windows: Windows
    clock: Clock
    began_at: datetime | None = None

    async def submit(self, item: Due, lease: Lease) -> timedelta | None:
        """Hand a planned letter over; returns how long the account should rest, if at all.

        The intent is committed before the call, under the fence of the lease. What came of the
        call is reported without it: who knows the result may always tell it.
        """
        letter = await self._letter(item)
        plan = letter.plan
        if letter.status is not Status.PLANNED or plan is None:
            return None
        if self.began_at is not None and may_be_forgotten(letter, self.began_at):
            await self._tell(item, DoubtAfterRestore(self.began_at, self.clock()))
            return None
        try:
            recipient = recipient_of(plan)
            made = await self._made(item, letter, plan)
            pdf = await self.maker.made(item.mandant, made.file)
        except _NOT_TO_BE_MADE as error:
            await self._tell(item, _not_made(error, self.clock()))
            return None
        # All that can fail here fails before the intent: an open one means that we may have sent.
        number = letter.number + 1
        submission = _submission(item, number, plan, recipient, pdf)
        intent = IntendSubmission(
            made.file, self.clock(), turned_pages=made.turned_pages, notes=made.notes
        )
        try:
            done = await self.commands.one(_order(item, intent), guard=lease.guard())
        except Rejected:
            return None
        if done.state.status is not Status.INTENDED:
            return None
        assert done.state.number == number
        with tracing.span("submit letter", done.recorded[-1].cause.traceparent, "client"):
            return await self._hand_over(item, done.state, submission, lease)

    async def reconcile(self, item: Due) -> None:
        """Ask the provider for a letter of which we do not know whether it arrived.

        Raises `PostError` when the question gets no answer.
        """
        letter = await self._letter(item)
        if letter.status not in {Status.INTENDED, Status.UNCERTAIN}:
            return
        report = await self.post.find(self.access, str(item.stream))
        if report is None:
            windows = self.windows
            await self._tell(
                item,
                RecordNotFound(self.clock(), windows.resend_within_s, windows.give_up_after_s),
            )
            return
        await self._tell(item, RecordAcceptance(report.number, self.clock(), adopted=True))
        await self._tell(item, _stage(report, self.clock()))

    async def no_answer(self, item: Due) -> None:
        """The provider did not answer: after too long a silence a person is asked."""
        command = RecordNoAnswer(self.clock(), self.windows.give_up_after_s)
        await self._tell(item, command)

    async def poll(self, items: Sequence[Due]) -> Sequence[Due]:
        """Ask how far these letters have come, all in one question; raises `PostError`.

        Returns those that the provider has mentioned.
        """
        numbers: dict[int, Due] = {}
        for item in items:
            letter = await self._letter(item)
            if letter.post_number is not None:
                numbers[letter.post_number] = item
        asked = [PostNumber(number) for number in numbers]
        mentioned = []
        for report in await self.post.statuses(self.access, asked):
            mentioned.append(numbers.pop(report.number))
            await self._tell(mentioned[-1], _stage(report, self.clock()))
        for item in numbers.values():
            await self._tell(item, RecordNoNews(self.clock()))
        return mentioned

    async def decide(self, mandant: UUID, stream: UUID, *, sent: bool, cause: Cause) -> None:
        """A person says whether a letter in doubt was sent; raises `NothingToDecide`."""
        command = DecideByPerson(sent, self.clock())
        await self.commands.one(Order(LETTERS, stream, mandant, command, cause))

    async def _hand_over(
        self, item: Due, letter: Letter, submission: Submission, lease: Lease
    ) -> timedelta | None:
        number = letter.number
        if not lease.held():
            # Nothing has left: whoever holds the lease now may hand it over at once.
            now = self.clock()
            await self.commands.insist(
                _order(item, RecordFailedSubmission(number, "lease-lost", "", now, now))
            )
            return None
        rest = None
        try:
            accepted = await self.post.submit(self.access, submission)
            command: LetterCommand = RecordAcceptance(accepted, self.clock())
            outcome = "accepted"
        except PostError as error:
            command = self._what_failed(error, letter)
            rest = rest_after(error)
            outcome = type(error).__name__
        metrics.OUTSIDE_CALLS.labels(outcome).inc()
        log.info("letter.handed_over", letter=str(item.stream), number=number, outcome=outcome)
        await self.commands.insist(_order(item, command))
        return rest

    def _what_failed(self, error: PostError, letter: Letter) -> LetterCommand:
        """What an error of the provider says about the letter that was being handed over."""
        number, now = letter.number, self.clock()
        match error:
            case NotAcceptedError() | SlowDownError() | AccessBlockedError():
                if letter.wanted_since and now > letter.wanted_since + self.windows.retry_for:
                    return _refusal(error, number, now, permanent=False)
                later = now + (rest_after(error) or _back_off(number))
                return RecordFailedSubmission(number, error.slug, error.code, later, now)
            case RefusedError():
                return _refusal(error, number, now, permanent=error.permanent)
            case _:
                # Uncertain, a duplicate (whose is it? its custom1 tells), or a new kind of error.
                return RecordUncertainty(number, error.slug, now)

    async def _made(self, item: Due, letter: Letter, plan: LetterPlanned) -> MadeLetter:
        if letter.prepared is not None:
            return MadeLetter(letter.prepared, (), ())
        return await self.maker.make(item.mandant, plan)

    async def _letter(self, item: Due) -> Letter:
        letter = await self.commands.state(_order(item, None))
        assert isinstance(letter, Letter)
        return letter

    async def _tell(self, item: Due, command: LetterCommand) -> None:
        await self.commands.one(_order(item, command))


def _order(item: Due, command: LetterCommand | None) -> Order:
    return Order(LETTERS, item.stream, item.mandant, command)


def _submission(
    item: Due, number: int, plan: LetterPlanned, recipient: PostalAddress, pdf: bytes
) -> Submission:
    """One letter as the provider wants it. The number keeps the file name unique (E309)."""
    return Submission(
        file_name=f"{item.stream.hex}-{number}.pdf",
        custom1=str(item.stream),
        batch_id=plan.batch.int & 0x7FFFFFFF,
        pdf=pdf,
        recipient=recipient,
        colour=plan.options.color,
        duplex=plan.options.duplex,
    )


def rest_after(error: PostError) -> timedelta | None:
    """How long the account has to rest after this error."""
    match error:
        case SlowDownError():
            return timedelta(seconds=error.retry_after_s)
        case AccessBlockedError():
            return _BLOCKED_FOR
        case _:
            return None


def _refusal(error: PostError, number: int, now: datetime, *, permanent: bool) -> RecordRefusal:
    return RecordRefusal(
        error.slug, error.text_de, now, code=error.code, permanent=permanent, number=number
    )


def _back_off(number: int) -> timedelta:
    doublings = min(number - 1, _DOUBLINGS_MAX)
    return timedelta(seconds=min(_RETRY_FIRST_S * 2.0**doublings, _RETRY_MAX_S))


def _stage(report: LetterReport, now: datetime) -> RecordStage:
    failure = report.failure
    return RecordStage(
        post_number=report.number,
        stage=report.stage.value,
        status_id=report.status_id,
        now=now,
        at=report.sent_at if report.stage.value == "sent" else None,
        reason=failure.slug if failure else "",
        text=failure.text_de if failure else "",
        code=failure.code if failure else "",
    )


def _not_made(error: Exception, now: datetime) -> RecordRefusal:
    """Why no letter could be made of the document, in words for a clerk."""
    match error:
        case DocumentRejected():
            return RecordRefusal(error.slug.value, text(error.slug.value, **error.figures), now)
        case RecipientErasedError():
            return RecordRefusal("recipient-erased", text("recipient-erased"), now)
        case DocumentDamagedError():
            return RecordRefusal("document-damaged", text("document-damaged"), now)
        case _:
            return RecordRefusal("document-missing", text("document-missing"), now)
