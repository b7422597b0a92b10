"""What may be shown of a record's content to whoever keeps the machinery running.

A record that nobody could read may hold anything, names in clear among it. So only what can
name nobody is shown as it is: ids, instants, hashes, small numbers, and the names of fields.
"""

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import orjson

_ID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_PLAIN = re.compile(rf"{_ID}|[0-9a-f]{{16,64}}|\d{{4}}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?")
_KEY = re.compile(rf"{_ID}(:[a-z]{{1,20}})?")
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,39}")
_HEADERS = frozenset(
    {
        "ce_specversion",
        "ce_id",
        "ce_type",
        "ce_source",
        "ce_subject",
        "ce_time",
        "ce_dataschema",
        "ce_schemaversion",
        "ce_mandant",
        "ce_streamepoch",
        "ce_streamversion",
        "ce_correlationid",
        "ce_causationid",
        "ce_channel",
        "content-type",
        "traceparent",
    }
)
_HEADER_VALUE = re.compile(r"[A-Za-z0-9_:;.+/=-]{1,120}")
_NUMBER_MAX = 100_000
_DEEPEST = 4
_LONGEST = 40

Json = Any


def value_outline(value: bytes | None) -> Json:
    """The shape of a value: its fields, and what of them names nobody."""
    if value is None:
        return "(no value: a tombstone)"
    try:
        parsed = orjson.loads(value)
    except orjson.JSONDecodeError:
        return f"({len(value)} bytes that are not JSON)"
    return _outline(parsed, _DEEPEST)


def key_outline(key: bytes | None) -> str:
    """A record's key, where it is an id."""
    if key is None:
        return "(none)"
    text = key.decode("ascii", "replace")
    return text if _KEY.fullmatch(text) else f"({len(key)} bytes)"


def header_outlines(headers: Iterable[tuple[str, bytes | None]]) -> list[tuple[str, str]]:
    """The headers, those of the envelope with what they say; the rest of a crowd is counted."""
    given = list(headers)
    told = [_header(name, value) for name, value in given[:_LONGEST]]
    more = len(given) - len(told)
    return [*told, ("(more)", str(more))] if more else told


def as_id(text: str | None) -> UUID | None:
    """A header as an id; None where it is none."""
    try:
        return None if text is None else UUID(text)
    except ValueError:
        return None


def _header(name: str, value: bytes | None) -> tuple[str, str]:
    if value is None:
        return _field(name), "(none)"
    text = value.decode("ascii", "replace")
    plain = name in _HEADERS and _HEADER_VALUE.fullmatch(text)
    return (name if name in _HEADERS else _field(name)), (
        text if plain else f"({len(value)} bytes)"
    )


def _outline(value: Json, depth: int) -> Json:
    match value:
        case None | bool():
            return value
        case int() | float():
            return value if abs(value) < _NUMBER_MAX else "(a large number)"
        case str():
            return value if _PLAIN.fullmatch(value) else f"({len(value)} characters)"
        case _ if depth == 0:
            return "(more inside)"
        case list():
            inside = [_outline(item, depth - 1) for item in value[:_LONGEST]]
            more = len(value) - len(inside)
            return [*inside, f"(and {more} more)"] if more else inside
        case _:
            return _object(value, depth)


def _object(value: dict[str, Json], depth: int) -> Json:
    if value.keys() >= {"subject", "category", "nonce", "block"}:
        return f"sealed: {_slug(value['category'])}"
    inside = {
        _field(name): _outline(item, depth - 1) for name, item in list(value.items())[:_LONGEST]
    }
    more = len(value) - _LONGEST
    return {**inside, "(more)": more} if more > 0 else inside


def _field(name: str) -> str:
    return name if _FIELD.fullmatch(name) else f"({len(name)} characters)"


def _slug(category: object) -> str:
    return category if isinstance(category, str) and _FIELD.fullmatch(category) else "?"
