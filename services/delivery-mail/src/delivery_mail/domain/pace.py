"""When the next step of a mail is due: how we pace ourselves against the mail server."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from delivery_mail.domain.mail import Mail, Status

_DOUBLINGS_MAX = 20


class Task(StrEnum):
    """What is to be done for a mail."""

    HAND_OVER = "hand-over"
    SETTLE = "settle"


@dataclass(frozen=True, slots=True)
class Pace:
    """`call_may_take`: how long an open intent may belong to a conversation that is under way.

    After the first proven failure we wait for `retry_first`, then twice as long each time, up to
    `retry_max`. `retry_for`: how long a mail is tried at all. The account rests for `account_rest`
    when nothing gets through with it, for `server_rest` when its server is away.
    """

    call_may_take: timedelta = timedelta(minutes=30)
    retry_first: timedelta = timedelta(minutes=1)
    retry_max: timedelta = timedelta(hours=1)
    retry_for: timedelta = timedelta(hours=72)
    account_rest: timedelta = timedelta(minutes=15)
    server_rest: timedelta = timedelta(seconds=30)

    def next_step(self, mail: Mail) -> tuple[Task, datetime] | None:
        """The one next task of a mail; None where nothing more happens by itself."""
        if mail.due_at is None:
            return None
        match mail.status:
            case Status.PLANNED:
                return Task.HAND_OVER, mail.due_at
            case Status.INTENDED:
                return Task.SETTLE, mail.due_at + self.call_may_take
            case _:
                return None

    def back_off(self, number: int, spread: float) -> timedelta:
        """The pause after failure `number`; `spread`, 0.5 to 1.5, keeps retries from meeting."""
        doubled: timedelta = self.retry_first * 2 ** min(number - 1, _DOUBLINGS_MAX)
        return min(doubled, self.retry_max) * spread

    def is_in_vain(self, mail: Mail, now: datetime) -> bool:
        """Whether the mail has been tried for so long that it should be given up."""
        return mail.trying_since is not None and now - mail.trying_since > self.retry_for
