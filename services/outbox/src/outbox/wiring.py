"""Builds the outbox; the only module that names concrete classes."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from fastapi import FastAPI

from documents.store import DocumentStore
from documents.workshop import Workshop
from events.commands import Guard
from events.decider import Rejected
from events.process import machinery_processes, run_together
from events.service import Blueprint, Machinery, ReadModel, machinery
from outbox.api.deliveries import DeliveryRoutes
from outbox.api.documents import DocumentRoutes
from outbox.api.settings import SettingRoutes
from outbox.api.texts import Texts
from outbox.application.arranging import Arranging
from outbox.application.chores import Chore, Chores
from outbox.application.filing import Filing
from outbox.application.inspecting import Inspecting
from outbox.application.rechecking import Rechecking
from outbox.application.sending import Dispatch
from outbox.application.setting_up import SettingUp
from outbox.application.streams import DELIVERY, DOCUMENT, MANDANT, RECIPIENT
from outbox.application.surroundings import Standards
from outbox.intake import HEARS
from outbox.poller import Poller, together
from outbox.projections import READ_MODELS, project
from outbox.projections.chores import ChoreKind
from outbox.projections.erasing import erase
from outbox.queries.deliveries import DeliveryQueries
from outbox.queries.documents import DocumentQueries
from outbox.queries.settings import SettingQueries
from outbox.settings import OutboxSettings
from web.app import create_app
from web.idempotency import PostgresIdempotency
from web.keys import KeySource, RemoteKeys
from web.limits import Limits
from web.operations import OperationRoutes
from web.service import served

_RECHECKED_TOGETHER = 50
PROCESSES = ("api", "intake", "worker", "relay", "poller")


def blueprint(_: OutboxSettings) -> Blueprint:
    kinds = (DOCUMENT, DELIVERY, RECIPIENT, MANDANT)
    return Blueprint(
        source="outbox",
        kinds=kinds,
        hears=HEARS,
        project=project,
        read_models=tuple(map(ReadModel, READ_MODELS)),
        effects=("chore",),
        erase=erase,
    )


@dataclass(frozen=True, slots=True)
class Outbox:
    """The parts of a running outbox."""

    settings: OutboxSettings
    parts: Machinery
    store: DocumentStore
    workshop: Workshop

    @property
    def standards(self) -> Standards:
        return Standards(self.settings.limits(), self.settings.default_channel)

    @property
    def filing(self) -> Filing:
        parts = self.parts
        return Filing(
            parts.commands,
            parts.database,
            self.store,
            self.workshop,
            parts.clock,
            self.standards,
        )

    def app(self, keys: KeySource) -> FastAPI:
        """The API; `keys` check the callers' tokens."""
        settings, texts = self.settings, Texts.read()
        return create_app(
            title="Postausgang",
            verifier=settings.verifier(keys),
            limits=Limits(),
            health=self.parts.health.checks,
            routers=[
                self._documents(texts).router(),
                self._deliveries(texts).router(),
                self._settings().router(),
                OperationRoutes(self.parts).router(),
            ],
            messages=texts.problems,
            rejections=[Rejected],
        )

    def pollers(self) -> tuple[Poller, Poller]:
        """Inspecting takes long and must not keep rechecking waiting: each has its own loop."""
        parts = self.parts
        chores = Chores(parts.database)
        inspecting = Inspecting(self.filing, parts.database, self.store, self.workshop, parts.clock)
        rechecking = Rechecking(parts.commands, parts.database, parts.clock, self.standards)

        async def inspect(chores: Sequence[Chore], _: Guard) -> None:
            for chore in chores:
                await inspecting.announced(chore.mandant, chore.subject)

        async def recipients(chores: Sequence[Chore], guard: Guard) -> None:
            contacts = {chore.subject for chore in chores}
            await rechecking.recipients_changed(chores[0].mandant, contacts, guard)

        async def sender(chores: Sequence[Chore], guard: Guard) -> None:
            await rechecking.sender_set(chores[0].mandant, guard)

        rest = (chores, parts.leases, parts.wake, parts.health)
        rechecks = {ChoreKind.RECIPIENT: recipients, ChoreKind.SENDER: sender}
        return (
            Poller("inspecting", {ChoreKind.INSPECT: inspect}, 1, *rest),
            Poller("rechecking", rechecks, _RECHECKED_TOGETHER, *rest),
        )

    def _documents(self, texts: Texts) -> DocumentRoutes:
        parts = self.parts
        return DocumentRoutes(
            filing=self.filing,
            arranging=Arranging(parts.commands, parts.database, parts.clock, self.standards),
            documents=DocumentQueries(parts.database),
            deliveries=DeliveryQueries(parts.database),
            store=self.store,
            idempotency=PostgresIdempotency(parts.database),
            cursors=self.settings.cursors(),
            clock=parts.clock,
            texts=texts,
        )

    def _deliveries(self, texts: Texts) -> DeliveryRoutes:
        parts = self.parts
        return DeliveryRoutes(
            dispatch=Dispatch(parts.commands, parts.database, parts.clock, self.standards),
            deliveries=DeliveryQueries(parts.database),
            idempotency=PostgresIdempotency(parts.database),
            texts=texts,
        )

    def _settings(self) -> SettingRoutes:
        parts = self.parts
        return SettingRoutes(
            SettingUp(parts.commands, parts.clock),
            SettingQueries(parts.database, self.settings.default_channel),
        )


@asynccontextmanager
async def outbox(settings: OutboxSettings) -> AsyncIterator[Outbox]:
    """An outbox whose machinery and workshop are running."""
    store = DocumentStore.at_url(settings.documents_url, endpoint=settings.documents_endpoint)
    async with (
        machinery(settings, blueprint(settings)) as parts,
        Workshop(workers=settings.workshop_workers) as workshop,
    ):
        yield Outbox(settings, parts, store, workshop)


async def run_processes(settings: OutboxSettings, chosen: str) -> None:
    """Run the process of that name, or `all` of them, until the program is told to stop."""
    async with outbox(settings) as built, httpx.AsyncClient() as client:
        api = built.app(RemoteKeys(settings.token_keys_url, client))
        processes = {
            **machinery_processes(built.parts),
            "api": served(api, settings),
            "poller": together(*built.pollers()),
        }
        await run_together(processes if chosen == "all" else {chosen: processes[chosen]})
