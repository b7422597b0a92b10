"""Operators see what has died in any service, and send it back, by `make dead` and the tools."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from tests.stories.test_main_job import wait_until
from tests.stories.test_replay import tool

from demo.product import SERVICES, Product
from events.contracts.topics import SUBJECT_KEYS
from events.store import Record
from events.testing.speaker import say

_HOUSE = Path(__file__).parents[2]


def make_dead(product: Product) -> str:
    environment = {**os.environ, "MAKEFLAGS": ""}
    for service in SERVICES:
        environment.update(product.environments[service])
    command = ["make", "--silent", "dead", f"BIN={Path(sys.executable).parent}"]
    done = subprocess.run(
        command,
        env=environment,
        cwd=_HOUSE,
        capture_output=True,
        text=True,
        timeout=180,
        check=True,
    )
    return done.stdout


def graves(product: Product) -> list[list[str]]:
    """The ids of the dead records of each service."""
    found = []
    for service in SERVICES:
        with psycopg.connect(product.databases[service].migrator) as owner:
            found.append([str(id_) for (id_,) in owner.execute("select id from dead").fetchall()])
    return found


@pytest.mark.spec("PLT-02")
def test_a_bad_record_dies_in_every_service_that_hears_it_and_is_given_up(
    product: Product,
) -> None:
    bad = Record(SUBJECT_KEYS, b"nobody:identity", (), b"no key")
    asyncio.run(say(product.servers.kafka.bootstrap_servers, bad))
    wait_until(lambda: all(graves(product)))

    listed = make_dead(product).split("== ")[1:]
    assert [part.split()[0] for part in listed] == list(SERVICES)
    for part, (record,) in zip(listed, graves(product), strict=True):
        assert f"{record}  SubjectKeys" in part
        assert "unreadable: the record holds neither key nor fence" in part

    ((record,), *others) = graves(product)
    first = SERVICES[0]
    assert "WHAT TO DO" in tool(product, first, "dead", "show", record)
    tool(product, first, "dead", "drop", record, "--why", "rubbish of a test", "--by", "nora")
    assert graves(product) == [[], *others]
    for service in SERVICES[1:]:
        with psycopg.connect(product.databases[service].migrator, autocommit=True) as owner:
            owner.execute("delete from dead")
