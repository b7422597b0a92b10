"""What the server can be told to do wrong, and where in the conversation."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Phase(StrEnum):
    """A point of the conversation at which the server owes an answer."""

    CONNECT = "connect"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    CONTENT = "content"  # the first bytes of the message are here, the final dot is not
    END = "end"  # the final dot is here, the answer is owed


class _Fault(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    phase: Phase
    times: int | None = Field(default=None, ge=1)
    """How often it strikes; None means until the faults are cleared."""


class Reply(_Fault):
    """Answers with this line instead of the usual one; nothing is stored."""

    kind: Literal["reply"] = "reply"
    line: str = Field(pattern="^[!-~][ -~]*$")


class Drop(_Fault):
    """Cuts the connection without an answer; `stored` counts only in phase END."""

    kind: Literal["drop"] = "drop"
    stored: bool = True


class Hang(_Fault):
    """Never answers; `stored` counts only in phase END."""

    kind: Literal["hang"] = "hang"
    stored: bool = True


class Delay(_Fault):
    """Does what is right, but late; in phase CONTENT the wait comes before the 354."""

    kind: Literal["delay"] = "delay"
    delay_s: float = Field(gt=0, le=600)


Fault = Annotated[Reply | Drop | Hang | Delay, Field(discriminator="kind")]
