"""The address book as a program: it migrates, serves, relays and stops when told to."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import httpx
import psycopg
from pydantic import SecretStr

from contacts.settings import ContactsSettings
from events.testing.kafka import empty_topics
from events.testing.postgres import Urls
from web.auth import Role
from web.issuer import DevelopmentIssuer, issuer_app
from web.server import serve

DEADLINE_S = 120.0
ANNA = {
    "names": {"kind": "person", "gender": "female", "first_names": "Annegret", "surname": "Kühn"}
}


def environment(settings: ContactsSettings, **more: str) -> dict[str, str]:
    """The settings as the variables of a program."""
    fields = {**settings.model_dump(exclude_defaults=True), **more}
    texts = {
        name: value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name, value in fields.items()
        if value is not None
    }
    return {**os.environ, **{f"CONTACTS_{name.upper()}": text for name, text in texts.items()}}


@asynccontextmanager
async def token_keys(issuer: DevelopmentIssuer) -> AsyncIterator[str]:
    """The URL of an identity provider's keys."""
    stopping, port = asyncio.Event(), asyncio.get_running_loop().create_future()
    app = issuer_app(issuer)
    task = asyncio.create_task(
        serve(app, host="127.0.0.1", port=0, stopping=stopping, listening=port.set_result)
    )
    try:
        yield f"http://127.0.0.1:{await port}/.well-known/jwks.json"
    finally:
        stopping.set()
        await task


async def listening_port(errors: asyncio.StreamReader) -> int:
    async with asyncio.timeout(DEADLINE_S):
        async for line in errors:
            said = json.loads(line)
            if said["event"] == "api.listening":
                return int(said["port"])
    raise AssertionError("the program ended before it listened")


async def relayed(database: Urls) -> None:
    """Return when nothing waits for Kafka any more."""
    url = database.migrator
    async with (
        asyncio.timeout(DEADLINE_S),
        await psycopg.AsyncConnection.connect(url, autocommit=True) as connection,
    ):
        while True:
            waiting = await connection.execute("select from relay limit 1")
            if waiting.rowcount == 0:
                return
            await asyncio.sleep(0.05)


async def test_the_program_migrates_serves_relays_and_stops(
    settings: ContactsSettings, issuer: DevelopmentIssuer, database: Urls, mandant: UUID
) -> None:
    await empty_topics(settings.kafka_bootstrap_servers)
    token = issuer.token(mandant, "clerk-1", [Role.CLERK])
    async with token_keys(issuer) as url:
        variables = environment(settings, token_keys_url=url)
        command = (sys.executable, "-m", "contacts")
        migrated = await asyncio.create_subprocess_exec(*command, "migrate", env=variables)
        assert await migrated.wait() == 0
        program = await asyncio.create_subprocess_exec(
            *command, "all", env=variables, stderr=asyncio.subprocess.PIPE
        )
        assert program.stderr is not None
        try:
            base = f"http://127.0.0.1:{await listening_port(program.stderr)}"
            headers = {"Authorization": f"Bearer {token}"}
            async with httpx.AsyncClient(
                base_url=base, headers=headers, timeout=DEADLINE_S
            ) as clerk:
                assert (await clerk.get("/readyz")).status_code == 200
                saved = await clerk.post("/contacts", json=ANNA)
                read = await clerk.get(saved.headers["Location"])
            assert read.json()["letter"]["short_name"] == "Kühn, Annegret"
            await relayed(database)
        finally:
            program.send_signal(signal.SIGTERM)
            _, log = await asyncio.wait_for(program.communicate(), DEADLINE_S)
    assert program.returncode == 0, log.decode()
    assert "request answered" in log.decode()
    assert not any(name in log.decode() for name in ("Annegret", "Kühn", "K\\u00fchn"))
