"""The letters' next steps, made again from the log, are what they were."""

from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from tests.delivery_epost.office import CountingPost, Office

import stack
from delivery_epost.application.desk import LETTERS
from delivery_epost.domain.pace import Pace
from delivery_epost.projections import projection
from documents.store import DocumentStore
from documents.workshop import Workshop
from events.lease import Lease
from events.operator.tool import Site
from events.service import Blueprint, machinery
from events.settings import ServiceSettings
from events.testing.keys import random_keks
from events.testing.postgres import fresh_database
from events.testing.rebuilding import contents, rebuilt
from events.work import NEXT_STEPS

BLUEPRINT = Blueprint(
    "delivery-epost", kinds=(LETTERS,), project=projection(Pace()), read_models=(NEXT_STEPS,)
)


@pytest.fixture
async def office(postgres: stack.PostgresServer, tmp_path: Path) -> AsyncIterator[Office]:
    """With the service's own projection."""
    with fresh_database(postgres.admin_url(), "delivery_epost") as urls:
        settings = ServiceSettings.model_validate(
            {
                "environment": "test",
                "database_url": urls.app,
                "machinery_database_url": urls.machinery,
                "migrator_database_url": urls.migrator,
                "kafka_bootstrap_servers": "",
                "keks": random_keks(),
            }
        )
        async with machinery(settings, BLUEPRINT) as parts, Workshop() as shop:
            yield Office(parts, CountingPost(), DocumentStore.in_folder(tmp_path), shop)


@pytest.mark.spec("PLT-03")
async def test_next_steps_are_scheduled_again(office: Office, lease: Lease) -> None:
    await office.planned()
    await office.desk.submit(await office.planned(), lease)
    site = Site(office.parts.settings, BLUEPRINT)
    before = contents(site)
    assert len(before["work"]) == 2

    assert await rebuilt(site) == 0
    assert contents(site) == before
    url = office.parts.settings.migrator_database_url.get_secret_value()
    with psycopg.connect(url) as connection:
        connection.execute("delete from work")
    assert await rebuilt(site) == 1

    assert contents(site) == before
