"""Builds the mail channel; the only module that names concrete classes."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import httpx
from fastapi import FastAPI

from delivery_mail.adapters.smtp import SmtpMailServer
from delivery_mail.application.desk import MAILS, MailDesk
from delivery_mail.application.making import MailMaker
from delivery_mail.intake import SET_ASIDE, hears
from delivery_mail.ports import MailServer
from delivery_mail.projections import projection
from delivery_mail.sender import Sender
from delivery_mail.settings import MailSettings
from delivery_mail.texts import texts
from documents.store import DocumentStore
from events.clock import Clock, utc_now
from events.contracts.deliveries import Channel
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

PROCESSES = ("api", "intake", "worker", "relay", "sender")


def blueprint(settings: MailSettings) -> Blueprint:
    return Blueprint(
        source="delivery-mail",
        kinds=(MAILS,),
        hears=hears(timedelta(hours=settings.overdue_after_h)),
        project=projection(settings.pace()),
        channel=Channel.MAIL,
        read_models=(NEXT_STEPS,),
        set_aside=SET_ASIDE,
    )


async def run_processes(settings: MailSettings, chosen: str) -> None:
    """Run the process of that name, or `all` of them, until the program is told to stop."""
    async with running(settings) as processes:
        await run_together(processes if chosen == "all" else {chosen: processes[chosen]})


@asynccontextmanager
async def running(
    settings: MailSettings, *, server: MailServer | None = None, clock: Clock = utc_now
) -> AsyncIterator[dict[str, Process]]:
    """The processes by name, ready to run. Tests bring a mail server and a clock of their own."""
    async with AsyncExitStack() as stack:
        parts = await stack.enter_async_context(
            machinery(settings, blueprint(settings), clock=clock)
        )
        client = await stack.enter_async_context(httpx.AsyncClient())
        desk = mail_desk(settings, parts, server or mail_server(settings))
        api = app(settings, parts, desk, RemoteKeys(settings.token_keys_url, client))
        yield {
            **machinery_processes(parts),
            "api": served(api, settings),
            "sender": Sender(desk, parts, settings.mails_at_once).run,
        }


def mail_desk(settings: MailSettings, parts: Machinery, server: MailServer) -> MailDesk:
    """The use cases, working on a running machinery."""
    return MailDesk(
        commands=parts.commands,
        maker=MailMaker(
            store=DocumentStore.at_url(
                settings.documents_url, endpoint=settings.documents_endpoint
            ),
            sender_address=settings.sender_address,
            dkim_key=settings.dkim_key(),
        ),
        server=server,
        account=settings.account(),
        return_path=settings.return_path,
        pace=settings.pace(),
        clock=parts.clock,
        began_at=parts.epochs.began_at,
    )


def mail_server(settings: MailSettings) -> MailServer:
    """The account's server at the other end of SMTP."""
    return SmtpMailServer(settings.client_name, patience=settings.patience())


def app(settings: MailSettings, parts: Machinery, desk: MailDesk, keys: KeySource) -> FastAPI:
    """The API, working on a running machinery; `keys` check the callers' tokens."""
    return create_app(
        title="Zustellweg E-Mail",
        verifier=settings.verifier(keys),
        limits=Limits(),
        health=parts.health.checks,
        routers=[
            DecisionRoutes("mails", desk.decide).router(),
            OperationRoutes(parts).router(),
        ],
        messages=texts(),
        rejections=[Rejected],
    )
