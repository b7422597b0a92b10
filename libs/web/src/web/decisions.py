"""What a person decides about a sending that nobody else can prove: whether it went out."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Protocol
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict

from events import tracing
from events.stream import Cause
from web.auth import Caller, Role, requires
from web.correlation import correlation_id

Clerk = Annotated[Caller, Depends(requires(Role.CLERK))]
Correlation = Annotated[UUID, Depends(correlation_id)]


class Decide(Protocol):
    """The use case; raises a rejection where nobody was asked."""

    async def __call__(self, mandant: UUID, stream: UUID, *, sent: bool, cause: Cause) -> None: ...


class Outcome(StrEnum):
    """What a person found out."""

    SENT = "sent"
    NOT_SENT = "not-sent"


class DecisionBody(BaseModel):
    """`not-sent` starts the sending again; where nothing could be sent, it ends as failed."""

    model_config = ConfigDict(extra="forbid")

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class DecisionRoutes:
    """The one route of a channel under `/<noun>`, such as `letters`."""

    noun: str
    decide: Decide

    def router(self) -> APIRouter:
        router = APIRouter(prefix=f"/{self.noun}", tags=[self.noun])
        path = "/{sending}/decision"
        router.add_api_route(path, self.decided, methods=["POST"], status_code=204)
        return router

    async def decided(
        self, sending: UUID, body: DecisionBody, caller: Clerk, correlation: Correlation
    ) -> Response:
        """Say whether a sending in doubt went out. Refused where nobody was asked."""
        cause = Cause(correlation, actor=caller.user, traceparent=tracing.here())
        sent = body.outcome is Outcome.SENT
        await self.decide(caller.mandant, sending, sent=sent, cause=cause)
        return Response(status_code=204)
