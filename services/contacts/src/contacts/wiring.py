"""Builds the address book; the only module that names concrete classes."""

from datetime import timedelta
from functools import partial
from importlib.resources import files

import httpx
from fastapi import FastAPI

from contacts.api.contacts import ContactRoutes
from contacts.application import CONTACT, ERASURE, AddressBook, Erasures
from contacts.intake import HEARS
from contacts.poller import Poller
from contacts.projections import erase, project
from contacts.queries import ContactQueries
from contacts.settings import ContactsSettings
from events.decider import Rejected
from events.key_topic import only_fenced
from events.personal import Category
from events.process import machinery_processes, run_together
from events.service import Blueprint, Machinery, ReadModel, machinery
from events.work import NEXT_STEPS
from web.app import create_app
from web.idempotency import PostgresIdempotency
from web.keys import KeySource, RemoteKeys
from web.limits import Limits
from web.messages import read_messages
from web.operations import OperationRoutes
from web.service import served

# Names of documents are sealed under their recipient's key of notes.
_ISSUED = frozenset({Category.IDENTITY, Category.COMMUNICATION, Category.NOTES})
PROCESSES = ("api", "intake", "worker", "relay", "poller")


def blueprint(_: ContactsSettings) -> Blueprint:
    return Blueprint(
        source="contacts",
        kinds=(CONTACT, ERASURE),
        hears=HEARS,
        project=project,
        issues_keys=_ISSUED,
        erase=erase,
        read_models=(ReadModel("contact"), NEXT_STEPS),
    )


async def run_processes(settings: ContactsSettings, chosen: str) -> None:
    """Run the process of that name, or `all` of them, until the program is told to stop."""
    async with machinery(settings, blueprint(settings)) as parts, httpx.AsyncClient() as client:
        api = app(settings, parts, RemoteKeys(settings.token_keys_url, client))
        processes = {
            **machinery_processes(parts),
            "api": served(api, settings),
            "poller": poller(settings, parts).run,
        }
        await run_together(processes if chosen == "all" else {chosen: processes[chosen]})


def erasures(settings: ContactsSettings, parts: Machinery) -> Erasures:
    """The use cases of erasure, working on a running machinery."""
    gone = partial(only_fenced, settings.kafka_bootstrap_servers)
    return Erasures(parts.commands, parts.clock, settings.erasures_confirmed_by, gone)


def poller(settings: ContactsSettings, parts: Machinery) -> Poller:
    """What is done from time to time."""
    certify_every = timedelta(seconds=settings.certify_every_s)
    return Poller(erasures(settings, parts), parts, settings.tick_every_s, certify_every)


def app(settings: ContactsSettings, parts: Machinery, keys: KeySource) -> FastAPI:
    """The API, working on a running machinery; `keys` check the callers' tokens."""
    messages = read_messages(files("contacts") / "messages.toml")
    routes = ContactRoutes(
        book=AddressBook(parts.commands, parts.clock),
        queries=ContactQueries(parts.database),
        idempotency=PostgresIdempotency(parts.database),
        cursors=settings.cursors(),
        messages=messages,
    )
    return create_app(
        title="Adressverwaltung",
        verifier=settings.verifier(keys),
        limits=Limits(),
        health=parts.health.checks,
        routers=[routes.router(), OperationRoutes(parts).router()],
        messages=messages,
        rejections=[Rejected],
    )
