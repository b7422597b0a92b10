"""Long lists in pages: a limit, and a cursor the caller cannot read or change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

import orjson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from fastapi import Query
from pydantic import BaseModel

from web.problem import Problem

T = TypeVar("T")

LARGEST_PAGE = 200
_LONGEST_CURSOR = 2000

Position = Mapping[str, str | int]
"""Where the last page ended: the sort values and id of its last row, as JSON can hold them."""


class Page(BaseModel, Generic[T]):
    """One page of a list; `next_cursor` is null on the last one."""

    items: list[T]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class PageQuery:
    """What a caller asks for: `Annotated[PageQuery, Depends()]`."""

    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 50
    cursor: Annotated[str | None, Query(max_length=_LONGEST_CURSOR)] = None


class Cursors:
    """Seals positions into cursors and opens them again.

    Sealed with Fernet (AES-CBC and HMAC-SHA256), because sort values may be names, and a cursor
    stands in the address, which others log. `keys` are Fernet keys: the first seals, all open,
    so that a key can be rotated. `scope` names list, mandant and filters: a cursor of one does
    not fit another.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._box = MultiFernet([Fernet(key) for key in keys])

    def seal(self, position: Position, scope: str) -> str:
        """The cursor for the page after `position`."""
        sealed = self._box.encrypt(orjson.dumps([scope, dict(position)]))
        return sealed.decode().rstrip("=")

    def open(self, cursor: str | None, scope: str) -> Position | None:
        """Where to go on, None for the first page. Problem `cursor-invalid` (400)."""
        if cursor is None:
            return None
        try:
            padded = cursor.encode() + b"=" * (-len(cursor) % 4)
            sealed_scope, position = orjson.loads(self._box.decrypt(padded))
        except InvalidToken as error:
            raise Problem("cursor-invalid", 400) from error
        if sealed_scope != scope:
            raise Problem("cursor-invalid", 400)
        return dict[str, str | int](position)
