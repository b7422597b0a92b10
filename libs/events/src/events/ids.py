"""Identities: UUIDv7 for what is new, UUIDv5 for what must come out the same on a repeat."""

from datetime import UTC, date, datetime
from functools import lru_cache
from uuid import UUID, uuid5

from uuid_utils import compat

_VERSION_WITH_TIME = 7
UNDATED = date(1970, 1, 1)


def new_id() -> UUID:
    """A fresh UUIDv7. Roughly sorted by time, and never to be taken for an order."""
    return compat.uuid7()


@lru_cache(maxsize=20_000)
def id_of(text: str) -> UUID:
    """The id that stands there; raises ValueError. One story names the same few again and again."""
    return UUID(text)


def derived_id(parent: UUID, *parts: object) -> UUID:
    """The id that belongs to `parent` and `parts`: the same parts give the same id, for ever."""
    return uuid5(parent, "\x1f".join(str(part) for part in parts))


def day_of(identity: UUID) -> date:
    """The UTC day a UUIDv7 was made on; `UNDATED` for every id that names no day."""
    if identity.version != _VERSION_WITH_TIME:
        return UNDATED
    try:
        return datetime.fromtimestamp((identity.int >> 80) / 1000, UTC).date()
    except (ValueError, OverflowError):
        return UNDATED
