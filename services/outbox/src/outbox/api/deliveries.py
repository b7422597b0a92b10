"""The routes that send deliveries, look at them and take them back."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from outbox.api.answers import DeliveryDetailAnswer, delivery_answer, fact_answer
from outbox.api.bodies import SelectionBody, ShownBody
from outbox.api.calls import Call, ClerkCall, answered, problems_told
from outbox.api.outcomes import SendingAnswer, WithdrawingAnswer, sending_answer
from outbox.api.texts import Texts
from outbox.application.sending import Dispatch, Selection
from outbox.domain.delivery.rejections import DeliveryUnknown
from outbox.queries.deliveries import DeliveryQueries
from web.idempotency import IdempotencyStore, once
from web.limits import MIB, answer_within

_SENDING_S = 180.0
_LARGEST_SELECTION_BYTES = 2 * MIB

DryRun = Annotated[bool, Query(description="Only say what would be sent.")]


@dataclass(frozen=True, slots=True)
class DeliveryRoutes:
    """Senden (n), one delivery with its timeline, and withdrawing it."""

    dispatch: Dispatch
    deliveries: DeliveryQueries
    idempotency: IdempotencyStore
    texts: Texts

    def router(self) -> APIRouter:
        router = APIRouter(tags=["deliveries"])
        patient = [Depends(answer_within(_SENDING_S))]
        router.add_api_route(
            "/deliveries/send",
            self.send,
            methods=["POST"],
            response_model=SendingAnswer,
            dependencies=patient,
            max_body_size=_LARGEST_SELECTION_BYTES,
        )
        router.add_api_route(
            "/documents/{document}/send",
            self.send_document,
            methods=["POST"],
            response_model=SendingAnswer,
            dependencies=patient,
        )
        router.add_api_route("/deliveries/{delivery}", self.detail, methods=["GET"])
        router.add_api_route(
            "/deliveries/{delivery}/withdraw", self.withdraw, methods=["POST"], status_code=202
        )
        return router

    async def send(
        self, request: Request, body: SelectionBody, call: ClerkCall, *, dry_run: DryRun = False
    ) -> Response:
        """Send what can be sent of the selection, and report the rest with reasons."""
        selection = Selection(body.documents, body.deliveries)
        return await self._send(request, call, selection, body.shown, dry_run=dry_run)

    async def send_document(
        self,
        request: Request,
        document: UUID,
        body: ShownBody,
        call: ClerkCall,
        *,
        dry_run: DryRun = False,
    ) -> Response:
        """The same for one document."""
        selection = Selection(frozenset({document}), frozenset())
        return await self._send(request, call, selection, body.shown, dry_run=dry_run)

    async def detail(self, delivery: UUID, call: ClerkCall) -> DeliveryDetailAnswer:
        """A delivery and its timeline."""
        line = await self.deliveries.line(call.mandant, delivery)
        if line is None:
            raise DeliveryUnknown
        facts = await self.deliveries.timeline(call.mandant, delivery)
        return DeliveryDetailAnswer(
            **delivery_answer(line, self.texts).model_dump(),
            timeline=[fact_answer(fact, self.texts) for fact in facts],
        )

    async def withdraw(self, delivery: UUID, call: ClerkCall) -> WithdrawingAnswer:
        """Ask for it back; whether that was possible, its channel will answer."""
        with problems_told():
            await self.dispatch.withdraw(call.mandant, delivery, call.user, call.cause)
        return WithdrawingAnswer(delivery=delivery)

    async def _send(
        self,
        request: Request,
        call: Call,
        selection: Selection,
        shown: str | None,
        *,
        dry_run: bool,
    ) -> Response:
        if dry_run:
            sending = await self.dispatch.preview(call.mandant, selection)
            return answered(sending_answer(sending, self.texts, dry_run=True))

        async def run() -> Response:
            with problems_told():
                sending = await self.dispatch.send(
                    call.mandant, selection, shown, call.user, call.cause
                )
            return answered(sending_answer(sending, self.texts, dry_run=False))

        return await once(request, self.idempotency, call.caller, run)
