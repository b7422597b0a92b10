"""What all routes share: who calls, in which story, and how errors of the machinery are told."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response
from pydantic import BaseModel

from documents.rejections import DocumentRejected, Slug
from documents.store import DocumentDamagedError, DocumentMissingError, StoreUnavailableError
from events import tracing
from events.commands import BusyError
from events.database import TRANSIENT
from events.keyring import KeyMissingError
from events.registry import TooNewError
from events.stream import Cause
from web.auth import Caller, Role, requires
from web.correlation import correlation_id
from web.problem import Problem

_LATER = (
    BusyError,
    KeyMissingError,
    TooNewError,
    StoreUnavailableError,
    DocumentMissingError,
    DocumentDamagedError,
    *TRANSIENT,
)


@dataclass(frozen=True, slots=True)
class Call:
    """Who calls, and the story that the call belongs to."""

    caller: Caller
    correlation: UUID

    @property
    def mandant(self) -> UUID:
        return self.caller.mandant

    @property
    def user(self) -> str:
        return self.caller.user

    @property
    def cause(self) -> Cause:
        actor = f"user:{self.caller.user}"
        return Cause(self.correlation, actor=actor, traceparent=tracing.here())


_Correlation = Annotated[UUID, Depends(correlation_id)]


async def _of_clerk(
    caller: Annotated[Caller, Depends(requires(Role.CLERK))], correlation: _Correlation
) -> Call:
    return Call(caller, correlation)


async def _of_sender(
    caller: Annotated[Caller, Depends(requires(Role.CLERK, Role.SERVICE))],
    correlation: _Correlation,
) -> Call:
    return Call(caller, correlation)


async def _of_reader(
    caller: Annotated[Caller, Depends(requires(Role.CLERK, Role.ADMIN))],
    correlation: _Correlation,
) -> Call:
    return Call(caller, correlation)


async def _of_admin(
    caller: Annotated[Caller, Depends(requires(Role.ADMIN))], correlation: _Correlation
) -> Call:
    return Call(caller, correlation)


ClerkCall = Annotated[Call, Depends(_of_clerk)]
FilingCall = Annotated[Call, Depends(_of_sender)]
SettingsCall = Annotated[Call, Depends(_of_reader)]
AdminCall = Annotated[Call, Depends(_of_admin)]


@contextmanager
def problems_told() -> Iterator[None]:
    """Rejections of files become 422 or 413; what may work later becomes 503."""
    try:
        yield
    except DocumentRejected as rejected:
        status = 413 if rejected.slug is Slug.TOO_LARGE else 422
        problem = Problem(rejected.slug, status)
        problem.members = dict(rejected.figures)
        raise problem from None
    except _LATER as error:
        raise Problem("unavailable", 503, headers={"Retry-After": "2"}) from error


def answered(answer: BaseModel, status: int = 200, location: str | None = None) -> Response:
    """An answer that can be kept for a repeated request."""
    headers = {"Location": location} if location else None
    return Response(answer.model_dump_json(), status, headers, "application/json")
