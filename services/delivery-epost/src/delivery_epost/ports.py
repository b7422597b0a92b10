"""What this service needs of the post office, and how it can fail, in our words."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType, Protocol

PostNumber = NewType("PostNumber", int)
"""The post office's own number of a letter, its `letterID`."""


@dataclass(frozen=True, slots=True)
class Access:
    """A customer's access to the post office; all of it but the EKP is secret."""

    ekp: str
    vendor_id: str
    secret: str = field(repr=False)
    password: str = field(repr=False)


class RegisteredKind(StrEnum):
    """Einwurf-Einschreiben, Einschreiben, Einschreiben mit Rückschein."""

    DROP_IN = "drop-in"
    SIGNED = "signed"
    RETURN_RECEIPT = "return-receipt"


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """`lines` are name, additions and street; `country` is an ISO 3166-1 alpha-2 code.

    `postal_code` is empty where a country has none.
    """

    lines: tuple[str, ...]
    postal_code: str
    city: str
    country: str = "DE"


@dataclass(frozen=True, slots=True)
class Submission:
    """One letter to be handed over, ready to print: A4 portrait, address zone in place.

    `file_name` and `custom1` are the same for every attempt of one delivery; `batch_id` groups
    the letters of one send action (32 bits, 0 for none). `pdf` must be the same bytes whenever
    the same letter is sent again: the post office knows a duplicate by its content.
    """

    file_name: str
    custom1: str
    batch_id: int
    pdf: bytes = field(repr=False)
    recipient: PostalAddress = field(repr=False)
    colour: bool = False
    duplex: bool = False
    registered: RegisteredKind | None = None
    test: bool = False
    cost_centre: str = ""


class LetterStage(StrEnum):
    """How far the post office has come; what it does not explain is in progress."""

    ACCEPTED = "accepted"
    CHECKED = "checked"
    AT_PRINT_CENTRE = "at-print-centre"
    SENT = "sent"
    FAILED = "failed"
    IN_PROGRESS = "in-progress"


class Level(StrEnum):
    """How serious a remark is."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Remark:
    """What the post office remarks about a letter: its code, and our words for it."""

    code: str
    slug: str
    level: Level
    text_de: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LetterReport:
    """What the post office tells of a letter; instants are aware UTC, None is *not yet*.

    `stage` alone says whether a letter has failed: a good one may carry remarks. `status_id`
    is the provider's number behind it, `tracking` its code for a registered letter.
    """

    number: PostNumber
    custom1: str
    stage: LetterStage
    status_id: int
    accepted_at: datetime | None = None
    checked_at: datetime | None = None
    handed_over_at: datetime | None = None
    sent_at: datetime | None = None
    pages: int | None = None
    test: bool = False
    registered_number: str = ""
    tracking: str = ""
    tracked_at: datetime | None = None
    franking_id: str = ""
    remarks: tuple[Remark, ...] = ()

    @property
    def failure(self) -> Remark | None:
        """Return why the letter failed: the first error, or that no reason was given."""
        if self.stage is not LetterStage.FAILED:
            return None
        errors = (remark for remark in self.remarks if remark.level is Level.ERROR)
        return next(errors, _NO_REASON)


_NO_REASON = Remark(
    code="",
    slug="no-reason-given",
    level=Level.ERROR,
    text_de="Die Deutsche Post hat den Brief ohne Angabe eines Grundes nicht verarbeitet.",
)


class PostError(Exception):
    """`slug` and `text_de` are ours, `code` is the provider's or names the failure; no more.

    No text of the provider's is in it: it may name the recipient.
    """

    def __init__(self, slug: str, code: str, text_de: str) -> None:
        super().__init__(slug, code)
        self.slug = slug
        self.code = code
        self.text_de = text_de


class NotAcceptedError(PostError):
    """Nothing was taken by this call, for sure: it may be repeated after a pause."""


class UncertainError(PostError):
    """The call may have had its effect: ask before doing it again."""


class RefusedError(PostError):
    """The call was understood and refused.

    `permanent`: the same letter will be refused again; otherwise a person may try once more.
    """

    def __init__(self, slug: str, code: str, text_de: str, *, permanent: bool) -> None:
        super().__init__(slug, code, text_de)
        self.permanent = permanent


class DuplicateError(PostError):
    """The post office has this letter already, under `number` if it told that.

    It is ours only if the letter of that number bears our `custom1`.
    """

    def __init__(self, slug: str, code: str, text_de: str, number: PostNumber | None) -> None:
        super().__init__(slug, code, text_de)
        self.number = number


class AccessBlockedError(PostError):
    """Nothing was taken, and nothing will be until the access changes: stop the account."""


class SlowDownError(PostError):
    """Nothing was taken because we ask too often: the account pauses for `retry_after_s`."""

    def __init__(self, slug: str, code: str, text_de: str, retry_after_s: float) -> None:
        super().__init__(slug, code, text_de)
        self.retry_after_s = retry_after_s


class Post(Protocol):
    """The post office. Every method raises only `PostError`, and logs in by itself.

    Only `submit` has an effect. The questions raise `NotAcceptedError` for *no answer*, beside
    `SlowDownError` and `AccessBlockedError`. The provider wants 5 s between two questions of
    one access; keeping that pace is the caller's business.
    """

    async def submit(self, access: Access, letter: Submission) -> PostNumber:
        """Hand a letter over; not idempotent beyond the provider's failsafe of 60 minutes."""

    async def find(self, access: Access, custom1: str) -> LetterReport | None:
        """Look for a letter by our own reference; of several, the newest that has not failed."""

    async def statuses(self, access: Access, numbers: Sequence[PostNumber]) -> list[LetterReport]:
        """Ask about letters in one question; what has no readable answer is left out."""

    async def test_result(self, access: Access, number: PostNumber) -> bytes | None:
        """Fetch the processed PDF of a test letter; None before it is there and after 48 h."""


class Enrolment(Protocol):
    """Setting an access up. Both steps change something outside: neither is repeated blindly."""

    async def request_code(self, vendor_id: str, ekp: str) -> None:
        """Have a code sent to the customer's phone by SMS; it is good for 10 minutes."""

    async def set_password(self, vendor_id: str, ekp: str, password: str, code: str) -> Access:
        """Set the password; the access from before, wherever it is in use, is dead then."""

    async def verify(self, access: Access) -> None:
        """Log in afresh, to see whether an access works."""


@dataclass(frozen=True, slots=True)
class Token:
    """What a login gave us, and until when it is good."""

    value: str = field(repr=False)
    expires_at: datetime


class TokenCache(Protocol):
    """Keeps one token per EKP, shared by whoever works for that access."""

    async def load(self, ekp: str) -> Token | None: ...

    async def save(self, ekp: str, token: Token) -> None: ...
