"""Builds the address book; the only module that names concrete classes."""

from importlib.resources import files

import httpx
from fastapi import FastAPI

from contacts.api.contacts import ContactRoutes
from contacts.application import CONTACT, AddressBook
from contacts.projections import project
from contacts.queries import ContactQueries
from contacts.settings import ContactsSettings
from events.decider import Rejected
from events.personal import Category
from events.process import machinery_processes, run_together
from events.service import Blueprint, Machinery, ReadModel, machinery
from web.app import create_app
from web.idempotency import PostgresIdempotency
from web.keys import KeySource, RemoteKeys
from web.limits import Limits
from web.messages import read_messages
from web.service import served

# Names of documents are sealed under their recipient's key of notes.
_ISSUED = frozenset({Category.IDENTITY, Category.COMMUNICATION, Category.NOTES})
PROCESSES = ("api", "relay")


def blueprint(_: ContactsSettings) -> Blueprint:
    return Blueprint(
        source="contacts",
        kinds=(CONTACT,),
        project=project,
        issues_keys=_ISSUED,
        read_models=(ReadModel("contact"),),
    )


async def run_processes(settings: ContactsSettings, chosen: str) -> None:
    """Run the process of that name, or `all` of them, until the program is told to stop."""
    async with machinery(settings, blueprint(settings)) as parts, httpx.AsyncClient() as client:
        api = app(settings, parts, RemoteKeys(settings.token_keys_url, client))
        processes = {**machinery_processes(parts), "api": served(api, settings)}
        await run_together(processes if chosen == "all" else {chosen: processes[chosen]})


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
        routers=[routes.router()],
        messages=messages,
        rejections=[Rejected],
    )
