"""The routes under /documents."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response, UploadFile

from documents.store import DocumentStore, Reference
from events.clock import Clock
from events.contracts.deliveries import Channel
from events.ids import derived_id, new_id
from outbox.api.answers import (
    DeliveryAnswer,
    DocumentAnswer,
    DocumentDetailAnswer,
    delivery_answer,
    document_answer,
)
from outbox.api.bodies import ChannelBody, DocumentBody
from outbox.api.calls import Call, ClerkCall, FilingCall, answered, problems_told
from outbox.api.outcomes import ArrangedAnswer, FiledAnswer, arranged_answer
from outbox.api.texts import Texts
from outbox.api.uploads import (
    LARGEST_UPLOAD_BYTES,
    JsonPart,
    PdfPart,
    document_body,
)
from outbox.application.arranging import Arranging
from outbox.application.filing import Entry, Filing
from outbox.application.sending import DocumentUnknown, file_name
from outbox.queries.deliveries import DeliveryLine, DeliveryPlace, DeliveryQueries
from outbox.queries.documents import DocumentLine, DocumentQueries, Place
from web.idempotency import HEADER, IdempotencyStore, once
from web.limits import MIB, answer_within
from web.paging import Cursors, Page, PageQuery
from web.problem import Problem

_ROUTE = "POST /documents"
_FILING_S = 180.0
_UPLOADS_AT_ONCE = 2
Paging = Annotated[PageQuery, Depends()]


@dataclass(frozen=True, slots=True)
class DocumentRoutes:
    """File, list, look at and arrange documents."""

    filing: Filing
    arranging: Arranging
    documents: DocumentQueries
    deliveries: DeliveryQueries
    store: DocumentStore
    idempotency: IdempotencyStore
    cursors: Cursors
    clock: Clock
    texts: Texts
    # Each upload is held in memory while it is inspected.
    room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_UPLOADS_AT_ONCE))

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/documents", tags=["documents"])
        router.add_api_route(
            "",
            self.upload,
            methods=["POST"],
            status_code=201,
            response_model=FiledAnswer,
            dependencies=[Depends(answer_within(_FILING_S))],
            max_body_size=LARGEST_UPLOAD_BYTES,
            form_limits={"max_files": 2, "max_fields": 2, "max_part_size": MIB},
        )
        router.add_api_route("", self.page, methods=["GET"])
        router.add_api_route("/{document}", self.detail, methods=["GET"])
        router.add_api_route("/{document}/file", self.file, methods=["GET"])
        router.add_api_route("/{document}/channels", self.add_channel, methods=["POST"])
        router.add_api_route(
            "/{document}/channels/{channel}", self.remove_channel, methods=["DELETE"]
        )
        return router

    async def upload(
        self, request: Request, call: FilingCall, file: PdfPart, document: JsonPart
    ) -> Response:
        """File a PDF for its recipients. The same `Idempotency-Key` again files nothing."""
        body = await document_body(document)

        async def run() -> Response:
            key = request.headers.get(HEADER)
            identity = derived_id(call.mandant, _ROUTE, key) if key else new_id()
            with problems_told():
                filed = await self._file(file, self._entry(call, identity, body))
            answer = FiledAnswer(document=identity, deliveries=filed)
            return answered(answer, 201, f"/documents/{identity}")

        return await once(request, self.idempotency, call.caller, run)

    async def page(self, call: ClerkCall, query: Paging) -> Page[DocumentAnswer]:
        """The overview: the newest documents first."""
        scope = f"documents:{call.mandant}"
        position = self.cursors.open(query.cursor, scope)
        after = position and Place(
            datetime.fromisoformat(str(position["created_at"])), UUID(str(position["document"]))
        )
        lines = await self.documents.lines(call.mandant, after or None, query.limit + 1)
        shown, more = lines[: query.limit], len(lines) > query.limit
        return Page(
            items=[document_answer(line) for line in shown],
            next_cursor=self.cursors.seal(_position(shown[-1]), scope) if more else None,
        )

    async def detail(self, document: UUID, call: ClerkCall, query: Paging) -> DocumentDetailAnswer:
        """A document and a page of its deliveries, in the order of its recipients."""
        line = await self._line(call, document)
        return DocumentDetailAnswer(
            **document_answer(line).model_dump(),
            deliveries=await self._deliveries(call, document, query),
        )

    async def file(self, document: UUID, call: ClerkCall) -> Response:
        """The PDF as it was filed."""
        line = await self._line(call, document)
        if line.file is None:
            raise Problem("file-unreadable", 409)
        reference = Reference(call.mandant, line.file.sha256, line.file.size_bytes)
        with problems_told():
            content = await self.store.get(reference)
        called = quote(file_name(line.name), safe="")
        headers = {
            "Content-Disposition": f"inline; filename*=UTF-8''{called}",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(content, 200, headers, "application/pdf")

    async def add_channel(
        self, document: UUID, body: ChannelBody, call: ClerkCall
    ) -> ArrangedAnswer:
        """Zustellweg hinzufügen: one delivery for each recipient who lacks the channel."""
        with problems_told():
            arranged = await self.arranging.add(call.mandant, document, body.channel, call.cause)
        return arranged_answer(arranged, self.texts)

    async def remove_channel(
        self, document: UUID, channel: Channel, call: ClerkCall
    ) -> ArrangedAnswer:
        """Zustellweg entfernen: what was already requested stays, and is reported."""
        with problems_told():
            arranged = await self.arranging.remove(
                call.mandant, document, channel, call.user, call.cause
            )
        return arranged_answer(arranged, self.texts)

    async def _file(self, file: UploadFile, entry: Entry) -> int:
        async with self.room:
            return await self.filing.upload(entry, await file.read())

    def _entry(self, call: Call, identity: UUID, body: DocumentBody) -> Entry:
        return Entry(
            mandant=call.mandant,
            document=identity,
            name=body.name,
            kind=body.kind,
            origin=body.origin,
            property=body.property,
            recipients=tuple(dict.fromkeys(body.recipients)),
            created_by=call.user,
            created_at=self.clock(),
            cause=call.cause,
            channels=tuple(dict.fromkeys(body.channels)),
            letter=body.letter_options(),
            mail=body.mail_options(),
        )

    async def _line(self, call: Call, document: UUID) -> DocumentLine:
        line = await self.documents.line(call.mandant, document)
        if line is None:
            raise DocumentUnknown
        return line

    async def _deliveries(
        self, call: Call, document: UUID, query: PageQuery
    ) -> Page[DeliveryAnswer]:
        scope = f"deliveries:{call.mandant}:{document}"
        position = self.cursors.open(query.cursor, scope)
        after = position and DeliveryPlace(int(position["slot"]), str(position["channel"]))
        lines = await self.deliveries.of_document(
            call.mandant, document, after or None, query.limit + 1
        )
        shown, more = lines[: query.limit], len(lines) > query.limit
        return Page(
            items=[delivery_answer(line, self.texts) for line in shown],
            next_cursor=self.cursors.seal(_delivery_position(shown[-1]), scope) if more else None,
        )


def _position(line: DocumentLine) -> dict[str, str | int]:
    return {"created_at": line.created_at.isoformat(), "document": str(line.document)}


def _delivery_position(line: DeliveryLine) -> dict[str, str | int]:
    return {"slot": line.slot, "channel": line.channel.value}
