"""What the control port understands and answers: one JSON object a line."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from smtp_simulator.faults import Fault


class _Command(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Misbehave(_Command):
    command: Literal["misbehave"] = "misbehave"
    fault: Fault


class LimitSize(_Command):
    """Announces and enforces this SIZE on new connections; None takes the announcement away."""

    command: Literal["limit-size"] = "limit-size"
    size_limit_bytes: int | None


class Reset(_Command):
    """Clears all faults and counts; the maildir stays."""

    command: Literal["reset"] = "reset"


class Report(_Command):
    """Asks how often each phase was reached."""

    command: Literal["report"] = "report"


Command = Annotated[Misbehave | LimitSize | Reset | Report, Field(discriminator="command")]
COMMANDS: TypeAdapter[Command] = TypeAdapter(Command)


class Answer(BaseModel):
    error: str | None = None
    reached: dict[str, int] = Field(default_factory=dict)
