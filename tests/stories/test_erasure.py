"""The proof of erasure: everything that the product has written down, before and after."""

import asyncio
import email
import email.policy
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import chain
from uuid import UUID

import psycopg
import pypdfium2  # type: ignore[import-untyped]  # ships no types
import pytest
from psycopg import sql
from tests.stories.looking import kafka_texts, log_texts, metric_texts, spellings
from tests.stories.test_main_job import wait_until
from tests.stories.test_replay import in_peace, tool

from contacts.settings import ContactsSettings
from contacts.wiring import blueprint, erasures
from demo.clerk import Clerk
from demo.papers import Paper
from demo.people import Person
from demo.product import SERVICES, Product
from demo.story import Story
from documents.testing import samples
from events.contracts.topics import SUBJECT_KEYS
from events.ids import new_id
from events.service import machinery
from events.stream import Cause
from events.subject_keys import tick_record
from events.testing.kafka import compact_soon
from events.testing.speaker import say

_VALUES = ("Quandt-Öztürk", "Leokadia", "Nixenpfad", "24837", "leokadia@nixen.example")
LEOKADIA = Person(
    "leokadia",
    {
        "names": {
            "kind": "person",
            "gender": "female",
            "first_names": "Leokadia",
            "surname": "Quandt-Öztürk",
        },
        "postal_address": {
            "street": "Nixenpfad",
            "house_number": "3",
            "postal_code": "24837",
            "town": "Schleswig",
            "country": "DE",
        },
        "mail_address": "leokadia@nixen.example",
        "preferred_channels": ["epost", "mail"],
    },
)
_STAYS = Person(
    "stays",
    {
        **LEOKADIA.body,
        "names": {**LEOKADIA.body["names"], "first_names": "Ottilie", "surname": "Bleibtreu"},
        "postal_address": {
            **LEOKADIA.body["postal_address"],
            "street": "Uferweg",
            "postal_code": "24939",
        },
        "mail_address": "ottilie@bleibtreu.example",
    },
)
_STAYING = ("Bleibtreu", "Ottilie", "Uferweg", "ottilie@bleibtreu.example")

Dump = Callable[[Product], Iterator[tuple[str, bytes]]]


def all_table_texts(product: Product) -> Iterator[tuple[str, bytes]]:
    """Every row of every table, read models among them."""
    for service, urls in product.databases.items():
        with psycopg.connect(urls.migrator) as owner:
            named = "select relname from pg_class where relkind in ('r', 'p') and relnamespace = %s"
            tables = owner.execute(f"{named}::regnamespace", ("public",)).fetchall()
            for (table,) in tables:
                rows = sql.SQL("select t::text from {} t").format(sql.Identifier(table))
                for (row,) in owner.execute(rows):
                    yield f"table {service}.{table}", row.encode()


def exported_texts(product: Product) -> Iterator[tuple[str, bytes]]:
    """What analysts get: every service's events, as a replay writes them into a file."""
    for service in SERVICES:
        file = product.folder / f"{service}.jsonl"
        file.unlink(missing_ok=True)
        tool(product, service, "replay", "--to", str(file), "--go")
        yield f"export {service}", file.read_bytes()


def object_texts(product: Product) -> Iterator[tuple[str, bytes]]:
    """The text of every stored document and mail."""
    for path in sorted((product.folder / "documents").rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            text = text_of_pdf(content) if content.startswith(b"%PDF") else text_of_mail(content)
            yield f"object {path.name}", text.encode()


def text_of_pdf(content: bytes) -> str:
    document = pypdfium2.PdfDocument(content)
    try:
        return "".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()


def text_of_mail(content: bytes) -> str:
    mail = email.message_from_bytes(content, policy=email.policy.default)
    headers = "\n".join(f"{name}: {value}" for name, value in mail.items())
    body = mail.get_body(("plain",))
    return headers + (str(body.get_content()) if body is not None else "")


def prefixed(prefix: str, dump: Dump) -> Dump:
    return lambda product: ((f"{prefix} {where}", text) for where, text in dump(product))


_DUMPS: tuple[Dump, ...] = (
    all_table_texts,
    prefixed("topic", kafka_texts),
    prefixed("log", log_texts),
    prefixed("metrics", metric_texts),
    exported_texts,
)


def found(product: Product, values: tuple[str, ...], *dumps: Dump) -> Counter[str]:
    """Where any of these values stands in clear, and how often."""
    wanted = [form.lower() for value in values for form in spellings(value)]
    places: Counter[str] = Counter()
    for where, text in chain.from_iterable(dump(product) for dump in dumps):
        if any(form in text.lower() for form in wanted):
            places[where.partition("[")[0]] += 1
    return places


async def order(mandant: UUID, contact: UUID) -> None:
    settings = ContactsSettings().model_copy(update={"probe_port": None})
    async with machinery(settings, blueprint(settings)) as parts:
        await erasures(settings, parts).order(
            mandant, contact, legal_basis="retention-over", by="user:anna", cause=Cause(new_id())
        )


def certified(product: Product, mandant: UUID) -> bool:
    """Whether the certificate stands in the log; a tick goes by, and the next look is due."""
    asyncio.run(say(product.servers.kafka.bootstrap_servers, tick_record(datetime.now(UTC))))
    with psycopg.connect(product.databases["contacts"].migrator, autocommit=True) as owner:
        owner.execute("update work set due_at = clock_timestamp() where task = 'certify'")
        rows = owner.execute(
            "select type from event where mandant = %s and type = 'erasure.certified'", (mandant,)
        ).fetchall()
    return bool(rows)


def keys_and_blocks(product: Product, subject: UUID) -> Counter[str]:
    """What is left that was sealed for this subject, and of its keys."""
    left: Counter[str] = Counter()
    for service, urls in product.databases.items():
        with psycopg.connect(urls.migrator) as owner:
            for table in ("subject_key", "event_personal"):
                query = sql.SQL("select count(*) from {} where subject = %s")
                rows = owner.execute(query.format(sql.Identifier(table)), (subject,)).fetchall()
                left[f"{service}.{table}"] += rows[0][0]
    return +left


# long: one story, from the first letter to the rebuilt read models
@pytest.mark.spec("CON-43", "PLT-03")
def test_nothing_of_an_erased_person_stands_anywhere(
    product: Product, anna: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    papers = [
        Paper("Mahnung Quandt-Öztürk", samples.written(), (LEOKADIA,)),
        Paper("Einladung", samples.written(), (LEOKADIA, _STAYS)),
    ]
    lines = Story(product, anna, lambda _: None).tell(papers)
    assert {line.state for line in lines} == {"delivered"}
    contact = UUID(anna.register(LEOKADIA))
    wait_until(lambda: in_peace(product))
    before, staying = found(product, _VALUES, *_DUMPS), found(product, _STAYING, *_DUMPS)
    objects = found(product, _VALUES, object_texts)
    tables = {"table contacts.contact", "table outbox.recipient", "table outbox.document"}
    assert set(before) == tables, "what is personal stands in read models only, all else is sealed"
    assert len(keys_and_blocks(product, contact)) == 2 * len(SERVICES)

    asyncio.run(compact_soon(product.servers.kafka.bootstrap_servers))
    for name, value in product.environments["contacts"].items():
        monkeypatch.setenv(name, value)
    asyncio.run(order(anna.mandant, contact))
    wait_until(lambda: certified(product, anna.mandant))
    wait_until(lambda: in_peace(product))
    erased = found(product, _VALUES, *_DUMPS)

    for service in SERVICES:
        with psycopg.connect(product.databases[service].migrator, autocommit=True) as owner:
            owner.execute("delete from inbox_seen")
    for service in SERVICES:
        tool(product, service, "replay", "--mandant", str(anna.mandant), "--go")
    wait_until(lambda: in_peace(product))
    replayed = found(product, _VALUES, *_DUMPS)
    for service in ("contacts", "outbox"):
        tool(product, service, "rebuild")
    rebuilt = found(product, _VALUES, *_DUMPS)

    for where in sorted({*before, *erased, *replayed, *rebuilt}):
        counts = (each[where] for each in (before, erased, replayed, rebuilt))
        sys.stdout.write(f"{where:32}{''.join(f'{count:>8}' for count in counts)}\n")
    assert (erased, replayed, rebuilt) == (Counter(), Counter(), Counter())
    assert keys_and_blocks(product, contact) == Counter()
    assert found(product, _STAYING, *_DUMPS) == staying
    # What was sent is kept as long as the law says, and is all that still names her.
    assert found(product, _VALUES, object_texts) == objects
    assert SUBJECT_KEYS not in {where.split()[1] for where in replayed}
