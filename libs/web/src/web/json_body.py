"""A JSON body is looked through before anything parses it: encoding, syntax, depth, NUL."""

import re
from typing import Any

import orjson
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.limits import is_utf8
from web.problem import Problem

_JSON_TYPE = re.compile(r"application/([\w.+-]+\+)?json\s*(;|$)", re.IGNORECASE)
_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class JsonBody:
    """ASGI: hands a JSON body on in one piece once it has passed `check`.

    It works when the route asks for the body, so that the size limit of the route holds.
    Strict where Python's parser is not: no NaN, no half surrogates, UTF-8 only.
    """

    def __init__(self, app: ASGIApp, deepest: int) -> None:
        self._app = app
        self._deepest = deepest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _JSON_TYPE.match(_content_type(scope)):
            receive = _Checked(receive, self._deepest)
        await self._app(scope, receive, send)


def check(body: bytes, deepest: int) -> None:
    """Problem unless `body` is JSON (RFC 8259), at most `deepest` levels deep, without a NUL."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        slug = "json-invalid" if is_utf8(body) else "not-utf-8"
        raise Problem(slug, 400) from error
    if _ESCAPED_NUL.search(body):
        raise Problem("nul-character", 400)
    if _depth(value, deepest) > deepest:
        raise Problem("json-too-deep", 400, limit=deepest)


class _Checked:
    """`receive` of a request: the first call takes the whole body, later ones pass through."""

    def __init__(self, receive: Receive, deepest: int) -> None:
        self._receive = receive
        self._deepest = deepest
        self._done = False

    async def __call__(self) -> Message:
        if self._done:
            return await self._receive()
        body = bytearray()
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                return message
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        self._done = True
        if body:
            check(bytes(body), self._deepest)
        return {"type": "http.request", "body": bytes(body), "more_body": False}


def _content_type(scope: Scope) -> str:
    return Headers(scope=scope).get("content-type", "")


def _depth(value: Any, deepest: int) -> int:
    """The levels of nesting, counted level by level and no further than one past `deepest`."""
    level, depth = [value], 0
    while depth <= deepest and (level := [each for each in level if isinstance(each, dict | list)]):
        depth += 1
        level = [
            child for each in level for child in (each.values() if isinstance(each, dict) else each)
        ]
    return depth
