"""Looking at everything that the product has written down anywhere."""

import asyncio
from collections.abc import Iterator

import httpx
import psycopg
from psycopg import sql

from demo.product import Product
from events.envelope import header
from events.testing.kafka import all_records

MACHINERY_TABLES = (
    "event",
    "event_personal",
    "relay",
    "inbox",
    "inbox_seen",
    "dead",
    "intake_offset",
    "lease",
    "work",
    "idempotency",
    "subject_key",
    "erasure_fence",
)


def kafka_texts(product: Product) -> Iterator[tuple[str, bytes]]:
    """Every record in every topic: key, headers and value."""
    for record in asyncio.run(all_records(product.servers.kafka.bootstrap_servers)):
        where = f"{record.topic}[{record.partition}]@{record.offset}"
        yield where, record.key or b""
        yield where, record.value or b""
        for name, value in record.headers:
            yield where, name.encode() + b"=" + (value or b"")


def requests_in_kafka(product: Product) -> set[tuple[bytes, str | None]]:
    """Delivery and event id of each request; a relay may have told the same one twice."""
    servers = product.servers.kafka.bootstrap_servers
    records = asyncio.run(all_records(servers, ["DeliveryRequested"]))
    return {(record.key, header(record.headers, "ce_id")) for record in records}


def table_texts(product: Product) -> Iterator[tuple[str, bytes]]:
    """Every row of the log and of the queues, in every service's database."""
    for service, urls in product.databases.items():
        with psycopg.connect(urls.migrator) as connection:
            for table in MACHINERY_TABLES:
                rows = sql.SQL("select t::text from {} t").format(sql.Identifier(table))
                for (row,) in connection.execute(rows):
                    yield f"{service}.{table}", row.encode()


def waiting_records(product: Product, service: str) -> int:
    """How many records a service has decided to publish that Kafka has not acknowledged yet."""
    with psycopg.connect(product.databases[service].migrator) as connection:
        (row,) = connection.execute("select count(*) from relay").fetchall()
    return int(row[0])


def log_texts(product: Product) -> Iterator[tuple[str, bytes]]:
    for log in sorted((product.folder / "logs").iterdir()):
        yield log.name, log.read_bytes()


def metric_texts(product: Product) -> Iterator[tuple[str, bytes]]:
    for service, url in product.places.items():
        yield f"{service}/metrics", httpx.get(f"{url}/metrics", trust_env=False, timeout=60).content


def spellings(value: str) -> Iterator[bytes]:
    """The ways in which a value could stand somewhere in clear."""
    raw = value.encode()
    yield raw
    yield value.encode("unicode_escape")
    yield value.encode("ascii", "xmlcharrefreplace")
    yield raw.hex().encode()
    yield value.encode("utf-16-le")
