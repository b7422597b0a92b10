"""What comes out of Kafka is one of our events, or it is unreadable: there is no third way."""

import base64
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from events.contracts import published
from events.contracts.contacts import ContactChanged, ContactKind
from events.contracts.deliveries import Channel, DeliveryWithdrawn
from events.contracts.topics import TOPICS
from events.envelope import Attributes, header, read, read_attributes, to_record
from events.personal import Category, KeyId, take_apart
from events.registry import Name, TooNewError, UnreadableError
from events.seal import Sealed, seal
from events.store import Record
from events.stream import Cause

NOON = datetime(2026, 3, 29, 12, 30, 15, 123456, tzinfo=UTC)
CONTACT = UUID("0190a000-0000-7000-8000-000000000003")
EVENT = ContactChanged(
    contact=CONTACT, kind=ContactKind.PERSON, changed_at=NOON, short_name="Groß, Jürgen"
)
ATTRIBUTES = Attributes(
    id=uuid4(),
    name=Name("ContactChanged", 1),
    source="contacts",
    stream=CONTACT,
    at=NOON,
    mandant=uuid4(),
    epoch=2,
    version=7,
    cause=Cause(
        uuid4(), uuid4(), "user:7", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    ),
)
SECRET = b"k" * 32


def finished(attributes: Attributes = ATTRIBUTES) -> Record:
    fields, blocks = take_apart(EVENT)
    sealed = [seal(block, key, SECRET, attributes.place) for key, block in blocks.items()]
    return to_record(attributes, TOPICS["ContactChanged"], fields, sealed)


RECORD = finished()


def test_a_record_reads_as_it_was_written() -> None:
    envelope = read(RECORD.headers, RECORD.value)
    key = KeyId(CONTACT, Category.IDENTITY)
    heard = envelope.open(published, {key: {"short_name": "Groß, Jürgen"}}, NOON)

    assert envelope.attributes == ATTRIBUTES
    assert [sealed.key for sealed in envelope.sealed] == [key]
    assert heard.event == EVENT
    assert (heard.id, heard.stream, heard.version, heard.epoch, heard.cause, heard.at) == (
        ATTRIBUTES.id,
        CONTACT,
        7,
        2,
        ATTRIBUTES.cause,
        NOON,
    )


@pytest.mark.parametrize("cause", [Cause(uuid4()), Cause(uuid4(), None, "ä")])
def test_a_cause_may_be_short(cause: Cause) -> None:
    record = finished(replace(ATTRIBUTES, cause=cause))
    assert read_attributes(record.headers).cause == cause


def test_the_record_is_keyed_by_what_it_is_about_and_holds_nothing_personal() -> None:
    assert RECORD.key == str(CONTACT).encode()
    assert "Jürgen".encode() not in RECORD.value
    assert not [value for _, value in RECORD.headers if b"J" in value and "ü".encode() in value]


def test_the_record_is_a_cloud_event() -> None:
    headers = dict(RECORD.headers)
    assert headers["ce_specversion"] == b"1.0"
    assert headers["content-type"] == b"application/json"
    assert {"ce_id", "ce_type", "ce_source", "ce_subject", "ce_time", "ce_dataschema"} <= set(
        headers
    )


def test_an_event_about_a_delivery_carries_its_channel() -> None:
    event = DeliveryWithdrawn(
        delivery=uuid4(), attempt=1, document=uuid4(), channel=Channel.EPOST, at=NOON
    )
    fields, _ = take_apart(event)
    record = to_record(ATTRIBUTES, TOPICS["DeliveryWithdrawn"], fields, ())
    assert header(record.headers, "ce_channel") == "epost"
    assert header(RECORD.headers, "ce_channel") is None


NEEDED = sorted(
    name
    for name, _ in RECORD.headers
    if name.startswith("ce_")
    and name not in {"ce_specversion", "ce_dataschema", "ce_causationid", "ce_actor"}
)
Headers = list[tuple[str, bytes | None]]


def with_header(name: str, value: bytes | None) -> Headers:
    return [(n, value if n == name else v) for n, v in RECORD.headers]


@pytest.mark.parametrize("name", NEEDED)
def test_a_missing_header_is_named(name: str) -> None:
    with pytest.raises(UnreadableError, match=f"{name} is missing"):
        read([pair for pair in RECORD.headers if pair[0] != name], RECORD.value)


@pytest.mark.parametrize("name", [*NEEDED, "ce_causationid", "ce_actor", "traceparent"])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda name: with_header(name, None),
        lambda name: with_header(name, b"\xff\xfe"),
        lambda name: with_header(name, b"a\0b"),
        lambda name: [*RECORD.headers, (name, dict(RECORD.headers)[name])],
    ],
    ids=["none", "not UTF-8", "NUL", "twice"],
)
def test_an_odd_header_is_unreadable(name: str, spoil: Callable[[str], Headers]) -> None:
    with pytest.raises(UnreadableError, match=name):
        read(spoil(name), RECORD.value)


@pytest.mark.parametrize("name", sorted(set(NEEDED) - {"ce_type", "ce_source"}))
@pytest.mark.parametrize("value", [b"", b"garbage", b"2026-03-29T12:00:00"])
def test_a_header_that_makes_no_sense_is_unreadable(name: str, value: bytes) -> None:
    with pytest.raises(UnreadableError, match="makes no sense"):
        read(with_header(name, value), RECORD.value)


def test_headers_of_others_are_ignored() -> None:
    headers: Headers = [("x-odd", None), ("x-odd", b"\xff"), *RECORD.headers]
    assert read(headers, RECORD.value).attributes == ATTRIBUTES


@pytest.mark.parametrize(
    "value", [None, b"", b"\xff", b"[]", b"null", b'"x"', b"{", b'{"a": "\\u0000"}', b"[" * 3000]
)
def test_a_value_that_is_no_json_object_is_unreadable(value: bytes | None) -> None:
    with pytest.raises(UnreadableError):
        read(RECORD.headers, value)


@pytest.mark.parametrize(
    ("text", "holds_nul"), [("\0", True), ("a\\\0", True), ("\\u0000", False), ("\\\\u0000", False)]
)
def test_a_nul_is_told_from_its_spelling(text: str, *, holds_nul: bool) -> None:
    value = orjson.dumps({"a": text})
    if holds_nul:
        with pytest.raises(UnreadableError, match="NUL"):
            read(RECORD.headers, value)
    else:
        assert read(RECORD.headers, value).fields == {"a": text}


BLOCK = {
    "subject": str(CONTACT),
    "category": "identity",
    "key": "00ff",
    "nonce": base64.b64encode(b"n").decode(),
    "block": base64.b64encode(b"b").decode(),
}


ODD: list[Any] = [None, 5, [], {}, "ä!", True]


def odd_blocks() -> Iterator[Any]:
    yield from (None, 5, "x", [None], [5], ["x"], [[]], [{}])
    for name in BLOCK:
        yield from ([{**BLOCK, name: odd}] for odd in ODD)


@pytest.mark.parametrize("sealed", list(odd_blocks()), ids=str)
def test_sealed_blocks_that_make_no_sense_are_unreadable(sealed: Any) -> None:
    with pytest.raises(UnreadableError, match="sealed"):
        read(RECORD.headers, orjson.dumps({"sealed": sealed}))


def test_a_sealed_block_reads_as_it_was_written() -> None:
    (sealed,) = read(RECORD.headers, orjson.dumps({"sealed": [BLOCK]})).sealed
    assert sealed == Sealed(KeyId(CONTACT, Category.IDENTITY), b"\x00\xff", b"n", b"b")


names = st.sampled_from([*NEEDED, "ce_causationid", "traceparent", "content-type"]) | st.text()
header_values = st.none() | st.binary() | st.text().map(str.encode)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(list(BLOCK)), inner)
    ),
    max_leaves=8,
)
values = (
    st.none()
    | st.binary()
    | json_values.map(orjson.dumps)
    | st.fixed_dictionaries({"sealed": json_values}).map(orjson.dumps)
    | st.fixed_dictionaries(
        {"sealed": st.lists(st.fixed_dictionaries(dict.fromkeys(BLOCK, json_values)))}
    ).map(orjson.dumps)
)


@given(st.dictionaries(names, header_values), st.lists(st.tuples(names, header_values)), values)
@example({}, [], orjson.dumps({"sealed": [{**BLOCK, "subject": 5}]}))
def test_reading_raises_nothing_else(
    changed: dict[str, bytes | None], more: Headers, value: bytes | None
) -> None:
    headers = [*({**dict(RECORD.headers), **changed}).items(), *more]
    with suppress(UnreadableError, TooNewError):
        read(headers, value).open(published, {}, NOON)


@given(json_values)
def test_opening_raises_nothing_else(fields: Any) -> None:
    value = orjson.dumps({"contact": fields, **(fields if isinstance(fields, dict) else {})})
    with suppress(UnreadableError):
        read(RECORD.headers, value).open(published, {}, NOON)


def test_a_newer_version_is_told_from_an_unreadable_one() -> None:
    def opened(name: str, schema: int) -> None:
        record = finished(replace(ATTRIBUTES, name=Name(name, schema)))
        read(record.headers, record.value).open(published, {}, NOON)

    opened("ContactChanged", 1)
    with pytest.raises(TooNewError):
        opened("ContactChanged", 2)
    with pytest.raises(UnreadableError):
        opened("ContactChanged", 0)
    with pytest.raises(UnreadableError):
        opened("NeverHeardOf", 1)


def test_what_is_wrong_is_said_without_the_value() -> None:
    value = orjson.dumps({"contact": "Jürgen Groß", "kind": "Jürgen Groß"})
    envelope = read(RECORD.headers, value)
    with pytest.raises(UnreadableError) as caught:
        envelope.open(published, {}, NOON)
    assert "Jürgen" not in str(caught.value)
