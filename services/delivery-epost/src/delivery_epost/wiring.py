"""Builds the letter channel; the only module that names concrete classes."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import httpx
from fastapi import FastAPI

from delivery_epost.adapters.epost_http import EpostHttp
from delivery_epost.adapters.epost_session import Session, TokenLife
from delivery_epost.adapters.epost_wire import Limits as WireLimits
from delivery_epost.adapters.epost_wire import Wire, open_client
from delivery_epost.adapters.token_table import TableTokenCache
from delivery_epost.application.desk import LETTERS, LetterDesk, Windows
from delivery_epost.application.making import LetterMaker
from delivery_epost.intake import SET_ASIDE, hears
from delivery_epost.ports import Post
from delivery_epost.projections import projection
from delivery_epost.sender import Poller, Sender
from delivery_epost.settings import EpostSettings
from delivery_epost.texts import texts
from documents.letter import LetterLimits
from documents.store import DocumentStore
from documents.workshop import Workshop
from events.clock import Clock, utc_now
from events.contracts.deliveries import Channel
from events.database import Database
from events.decider import Rejected
from events.process import Process, machinery_processes, run_together
from events.service import Blueprint, Machinery, machinery
from events.work import NEXT_STEPS
from web.app import create_app
from web.decisions import DecisionRoutes
from web.keys import KeySource, RemoteKeys
from web.limits import Limits
from web.operations import OperationRoutes
from web.service import served

PROCESSES = ("api", "intake", "worker", "relay", "sender", "poller")


def blueprint(settings: EpostSettings) -> Blueprint:
    return Blueprint(
        source="delivery-epost",
        kinds=(LETTERS,),
        hears=hears(timedelta(hours=settings.overdue_after_h)),
        project=projection(settings.pace()),
        channel=Channel.EPOST,
        read_models=(NEXT_STEPS,),
        set_aside=SET_ASIDE,
    )


async def run_processes(settings: EpostSettings, chosen: str) -> None:
    """Run the process of that name, or `all` of them, until the program is told to stop."""
    async with running(settings) as processes:
        await run_together(processes if chosen == "all" else {chosen: processes[chosen]})


@asynccontextmanager
async def running(
    settings: EpostSettings, *, post: Post | None = None, clock: Clock = utc_now
) -> AsyncIterator[dict[str, Process]]:
    """The processes by name, ready to run. Tests bring a post office and a clock of their own."""
    async with AsyncExitStack() as stack:
        parts = await stack.enter_async_context(
            machinery(settings, blueprint(settings), clock=clock)
        )
        client = await stack.enter_async_context(httpx.AsyncClient())
        workshop = await stack.enter_async_context(Workshop())
        office = post
        if office is None:
            office = await stack.enter_async_context(post_office(settings, parts.database, clock))
        desk = letter_desk(settings, parts, workshop, office)
        api = app(settings, parts, desk, RemoteKeys(settings.token_keys_url, client))
        sender = Sender(desk, parts, settings.letters_at_once)
        poller = Poller(
            desk, parts, settings.questions_apart_s, timedelta(seconds=settings.poll_every_s)
        )
        yield {
            **machinery_processes(parts),
            "api": served(api, settings),
            "sender": sender.run,
            "poller": poller.run,
        }


def letter_desk(
    settings: EpostSettings, parts: Machinery, workshop: Workshop, office: Post
) -> LetterDesk:
    """The use cases, working on a running machinery."""
    store = DocumentStore.at_url(settings.documents_url, endpoint=settings.documents_endpoint)
    limits = LetterLimits(settings.pages_max, settings.size_max_bytes)
    retry_for = timedelta(hours=settings.retry_for_h)
    return LetterDesk(
        commands=parts.commands,
        maker=LetterMaker(store, workshop, limits),
        post=office,
        access=settings.access(),
        windows=Windows(settings.resend_within_s, settings.give_up_after_s, retry_for),
        clock=parts.clock,
        began_at=parts.epochs.began_at,
    )


@asynccontextmanager
async def post_office(
    settings: EpostSettings, database: Database, clock: Clock
) -> AsyncIterator[Post]:
    """The provider at the other end of HTTP."""
    most_s = settings.request_timeout_s
    limits = WireLimits(read_s=most_s, write_s=most_s, total_s=most_s)
    async with open_client(settings.epost_url, limits) as client:
        tokens = TableTokenCache(database, settings.token_secret())
        yield EpostHttp(Session(Wire(client, limits), tokens, clock, TokenLife()))


def app(settings: EpostSettings, parts: Machinery, desk: LetterDesk, keys: KeySource) -> FastAPI:
    """The API, working on a running machinery; `keys` check the callers' tokens."""
    return create_app(
        title="Zustellweg E-POST-Brief",
        verifier=settings.verifier(keys),
        limits=Limits(),
        health=parts.health.checks,
        routers=[
            DecisionRoutes("letters", desk.decide).router(),
            OperationRoutes(parts).router(),
        ],
        messages=texts(),
        rejections=[Rejected],
    )
