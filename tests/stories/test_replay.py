"""Everything is told again to services that have forgotten every id: nothing happens twice."""

import asyncio
import os
import subprocess
import sys
from collections import Counter
from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from tests.stories.looking import MACHINERY_TABLES
from tests.stories.test_main_job import wait_until

from demo.clerk import Clerk
from demo.papers import made_papers
from demo.product import SERVICES, Product
from demo.story import Story
from events.envelope import REPLAY, header
from events.testing.kafka import all_records

_READ_MODELS = """
select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid
where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and a.attname = 'mandant'
and c.relname <> all (%s) order by 1
"""

_KEPT = {"event", "work"}


def tool(product: Product, service: str, *argv: str) -> str:
    """What a tool of the service says."""
    done = subprocess.run(
        [sys.executable, "-m", service, *argv],
        env={**os.environ, **product.environments[service]},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout


@pytest.mark.spec("PLT-03", "PLT-01", "CHN-01")
def test_a_replay_of_everything_to_forgetful_services_changes_nothing_and_sends_nothing(
    product: Product, anna: Clerk
) -> None:
    lines = Story(product, anna, lambda _: None).tell(made_papers()[:3])
    wait_until(lambda: in_peace(product))
    before, sent = known(product, anna.mandant), outside(product, anna.mandant)
    by_channel = Counter(line.channel for line in lines if line.state == "delivered")
    assert [each.total() for each in sent] == [by_channel["E-POST-Brief"], by_channel["E-Mail"]]
    assert {count for each in sent for count in each.values()} == {0, 1}
    for service in SERVICES:
        with psycopg.connect(product.databases[service].migrator, autocommit=True) as owner:
            owner.execute("delete from inbox_seen")

    mandant = ("--mandant", str(anna.mandant))
    counted = [tool(product, service, "replay", *mandant) for service in SERVICES]
    assert not told_again(product, anna.mandant)
    said = [tool(product, service, "replay", *mandant, "--go") for service in SERVICES]
    assert [figures(told) for told in said] == [figures(told) for told in counted]
    wait_until(lambda: in_peace(product))

    assert told_again(product, anna.mandant)["DeliveryRequested"] > 0
    assert known(product, anna.mandant) == before
    assert outside(product, anna.mandant) == sent
    assert [dead(product, service) for service in SERVICES] == [0, 0, 0, 0]


def figures(told: str) -> list[str]:
    """What a replay says of the records, without its name and its place in the log."""
    lines = told.splitlines()
    return [line for line in lines if not line.startswith(("replay", "position"))]


def told_again(product: Product, mandant: UUID) -> Counter[str]:
    """What was replayed of a mandant's, by topic: other stories replay theirs."""
    records = asyncio.run(all_records(product.servers.kafka.bootstrap_servers))
    return Counter(
        r.topic
        for r in records
        if header(r.headers, REPLAY) is not None and header(r.headers, "ce_mandant") == str(mandant)
    )


def known(product: Product, mandant: UUID) -> dict[str, list[str]]:
    """Every row that the services have of a mandant: facts, read models, and what is to be done."""
    rows = {}
    for service in SERVICES:
        with psycopg.connect(product.databases[service].migrator) as connection:
            others = sorted(set(MACHINERY_TABLES) - _KEPT)
            for (table,) in connection.execute(_READ_MODELS, (others,)).fetchall():
                query = sql.SQL("select t::text from {} t where mandant = %s order by 1")
                found = connection.execute(query.format(sql.Identifier(table)), (mandant,))
                rows[f"{service}.{table}"] = [row for (row,) in found.fetchall()]
    return rows


def outside(product: Product, mandant: UUID) -> tuple[Counter[str], Counter[str]]:
    """How many letters and mails there are of each of a mandant's deliveries."""
    with psycopg.connect(product.databases["outbox"].migrator) as connection:
        planned = "select stream::text from event where mandant = %s and type = 'delivery.planned'"
        deliveries = [stream for (stream,) in connection.execute(planned, (mandant,)).fetchall()]
    mails = b"".join(product.mail.messages())
    return (
        Counter({one: len(product.post.letters(custom1=one)) for one in deliveries}),
        Counter({one: mails.count(f"X-Delivery-ID: {one}".encode()) for one in deliveries}),
    )


def in_peace(product: Product) -> bool:
    """Whether nothing is on its way: all is published, taken in and handled."""
    records = asyncio.run(all_records(product.servers.kafka.bootstrap_servers))
    ends: dict[tuple[str, int], int] = {}
    for record in records:
        place = (record.topic, record.partition)
        ends[place] = max(ends.get(place, 0), record.offset + 1)
    return all(_is_idle(product, service, ends) for service in SERVICES)


def _is_idle(product: Product, service: str, ends: dict[tuple[str, int], int]) -> bool:
    with psycopg.connect(product.databases[service].migrator) as connection:
        (waiting,) = connection.execute(
            "select (select count(*) from relay) + (select count(*) from inbox)"
        ).fetchall()
        taken = connection.execute("select topic, part, next from intake_offset").fetchall()
    topics = {topic for topic, _, _ in taken}
    reached = {(topic, part): offset for topic, part, offset in taken}
    behind = [p for p, end in ends.items() if p[0] in topics and reached.get(p, 0) < end]
    return waiting[0] == 0 and not behind


def dead(product: Product, service: str) -> int:
    with psycopg.connect(product.databases[service].migrator) as connection:
        (row,) = connection.execute("select count(*) from dead").fetchall()
    return int(row[0])
