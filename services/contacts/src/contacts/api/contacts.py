"""The routes under /contacts."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request, Response

from contacts.api.answers import (
    ContactAnswer,
    ContactLineAnswer,
    Messages,
    SavedAnswer,
    contact_answer,
    error_list,
    warning_list,
)
from contacts.api.bodies import ContactBody
from contacts.application import AddressBook
from contacts.domain.decider import Contact, ContactNotRegistered, DetailsInvalid
from contacts.queries import BEGINNING, ContactLine, ContactQueries, Place
from events import tracing
from events.commands import BusyError
from events.ids import derived_id, new_id
from events.registry import TooNewError
from events.stream import Cause
from web.auth import Caller, Role, requires
from web.correlation import correlation_id
from web.idempotency import HEADER, IdempotencyStore, once
from web.paging import Cursors, Page, PageQuery, Position
from web.problem import Problem

_ROUTE = "POST /contacts"
_ETAG = re.compile(r'"(\d{1,9})"')
_NEVER = 0

Clerk = Annotated[Caller, Depends(requires(Role.CLERK))]
Correlation = Annotated[UUID, Depends(correlation_id)]


@dataclass(frozen=True, slots=True)
class ContactRoutes:
    """Register, change, read and list contacts."""

    book: AddressBook
    queries: ContactQueries
    idempotency: IdempotencyStore
    cursors: Cursors
    messages: Messages

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/contacts", tags=["contacts"])
        router.add_api_route(
            "", self.register, methods=["POST"], status_code=201, response_model=SavedAnswer
        )
        router.add_api_route("", self.page, methods=["GET"])
        router.add_api_route("/{contact}", self.read, methods=["GET"])
        router.add_api_route("/{contact}", self.change, methods=["PUT"], response_model=SavedAnswer)
        return router

    async def register(
        self, request: Request, body: ContactBody, caller: Clerk, correlation: Correlation
    ) -> Response:
        """Enter a new contact. The same `Idempotency-Key` again enters nothing."""

        async def run() -> Response:
            key = request.headers.get(HEADER)
            contact = derived_id(caller.mandant, _ROUTE, key) if key else new_id()
            with self._problems_told():
                state = await self.book.register(
                    caller.mandant, contact, body.details(), _cause(caller, correlation)
                )
            return self._saved(contact, state, status=201)

        return await once(request, self.idempotency, caller, run)

    async def change(
        self,
        contact: UUID,
        body: ContactBody,
        caller: Clerk,
        correlation: Correlation,
        if_match: Annotated[str | None, Header(max_length=100)] = None,
    ) -> Response:
        """Replace the details, as seen under the ETag in `If-Match`.

        A repeat of a change that stands already is answered like the first (RFC 9110, 13.1.1).
        """
        if if_match is None:
            raise Problem("version-missing", 428)
        with self._problems_told():
            state = await self.book.change(
                caller.mandant,
                contact,
                _version(if_match),
                body.details(),
                _cause(caller, correlation),
            )
        return self._saved(contact, state, status=200)

    async def read(self, contact: UUID, caller: Clerk, response: Response) -> ContactAnswer:
        """The contact, how to write to it, and its version as ETag."""
        saved = await self.queries.saved(caller.mandant, contact)
        if saved is None:
            raise ContactNotRegistered
        response.headers["ETag"] = _etag(saved.version)
        return contact_answer(saved, self.messages)

    async def page(
        self, caller: Clerk, query: Annotated[PageQuery, Depends()]
    ) -> Page[ContactLineAnswer]:
        """All contacts by short name, in German order."""
        scope = f"contacts:{caller.mandant}"
        after = _place(self.cursors.open(query.cursor, scope))
        lines = await self.queries.lines(caller.mandant, after, query.limit + 1)
        shown = lines[: query.limit]
        more = len(lines) > query.limit
        return Page(
            items=[ContactLineAnswer.model_validate(line) for line in shown],
            next_cursor=self.cursors.seal(_position(shown[-1]), scope) if more else None,
        )

    @contextmanager
    def _problems_told(self) -> Iterator[None]:
        try:
            yield
        except DetailsInvalid as invalid:
            errors = error_list(invalid.findings, self.messages)
            raise Problem(invalid.slug, invalid.status, errors=errors) from None
        except (BusyError, TooNewError):
            raise Problem("unavailable", 503, headers={"Retry-After": "1"}) from None

    def _saved(self, contact: UUID, state: Contact, *, status: int) -> Response:
        assert state.details is not None
        answer = SavedAnswer(
            contact=contact,
            version=state.version,
            warnings=warning_list(state.details, self.messages),
        )
        headers = {"Location": f"/contacts/{contact}", "ETag": _etag(state.version)}
        return Response(answer.model_dump_json(), status, headers, "application/json")


def _cause(caller: Caller, correlation: UUID) -> Cause:
    return Cause(correlation, actor=f"user:{caller.user}", traceparent=tracing.here())


def _etag(version: int) -> str:
    return f'"{version}"'


def _version(if_match: str) -> int:
    """The version behind an ETag of ours. One that we never gave out matches no version."""
    ours = _ETAG.fullmatch(if_match)
    return int(ours[1]) if ours else _NEVER


def _position(line: ContactLine) -> Position:
    return {"sort_name": line.sort_name, "contact": str(line.contact)}


def _place(position: Position | None) -> Place:
    if position is None:
        return BEGINNING
    return Place(str(position["sort_name"]), UUID(str(position["contact"])))
