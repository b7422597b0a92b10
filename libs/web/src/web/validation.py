"""What pydantic finds wrong with an input, as stable slugs and German sentences."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

MOST_ERRORS = 50

_PLACES = frozenset({"body", "query", "path", "header", "cookie"})
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_FALLBACK = "value_error"


class Finding(NamedTuple):
    """What one kind of error is called here."""

    slug: str
    detail: str


@lru_cache
def findings() -> Mapping[str, Finding]:
    """Slug and sentence by pydantic's error type."""
    text = (files(__package__) / "texts" / "validation.toml").read_text(encoding="utf-8")
    return {
        error_type: Finding(slug, entry["detail"])
        for slug, entry in tomllib.loads(text).items()
        for error_type in entry["types"]
    }


def describe(
    errors: Sequence[Mapping[str, Any]], messages: Mapping[str, str]
) -> list[dict[str, str]]:
    """`{in, field, slug, detail}` per error, at most 50 of them, without any value that was sent.

    A type of a service's own (a PydanticCustomError) is a slug with a sentence in `messages`.
    """
    return [_describe(error, messages) for error in errors[:MOST_ERRORS]]


def _describe(error: Mapping[str, Any], messages: Mapping[str, str]) -> dict[str, str]:
    place, field = _where(error["loc"])
    error_type = error["type"]
    if error_type in messages and error_type not in findings():
        return {"in": place, "field": field, "slug": error_type, "detail": messages[error_type]}
    finding = findings().get(error_type, findings()[_FALLBACK])
    detail = finding.detail.format_map(_german(error.get("ctx", {})))
    return {"in": place, "field": field, "slug": finding.slug, "detail": detail}


def _where(loc: Sequence[str | int]) -> tuple[str, str]:
    """The part of the request, and the path in it: `recipients.3.name`.

    Names in a path may come from the caller (an unknown field, a key of a mapping): only what
    looks like a field name is repeated.
    """
    place, rest = ("body", loc) if not loc or loc[0] not in _PLACES else (str(loc[0]), loc[1:])
    return place, ".".join(map(_segment, rest))


def _segment(segment: str | int) -> str:
    if isinstance(segment, int):
        return str(segment)
    return segment if _PLAIN_NAME.fullmatch(segment) else "*"


def _german(context: Mapping[str, Any]) -> dict[str, str]:
    """The limits of the model as text; only declared values reach a sentence."""
    return {name: str(value).replace("' or '", "' oder '") for name, value in context.items()}
