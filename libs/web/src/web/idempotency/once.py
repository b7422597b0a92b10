"""Carries a request out at most once for each `Idempotency-Key`."""

import hashlib
import re
from collections.abc import Awaitable, Callable
from typing import assert_never

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from web.auth import Caller
from web.errors import is_form
from web.idempotency.store import (
    Answer,
    Answered,
    Claimed,
    Different,
    IdempotencyStore,
    InProgress,
    KeyedRequest,
)
from web.problem import SERVER_ERROR, Problem
from web.request_log import route_template

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"

_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_KEPT_HEADERS = ("content-type", "location", "etag")
_CHUNK_BYTES = 256 * 1024


async def once(
    request: Request,
    store: IdempotencyStore,
    caller: Caller,
    run: Callable[[], Awaitable[Response]],
) -> Response:
    """The answer of `run`, or the one it gave before to the same request under the same key.

    Without the header it just runs. Whatever `run` raises, and an answer of 500 or more, frees
    the key: nothing was done, or nobody knows. So what `run` creates gets an id derived from
    mandant, route and key, and a repeat meets what is already there. When the request is
    cancelled the claim stays, until it is old enough to be taken over.
    400 `idempotency-key-invalid`, 409 `request-in-progress`, 422 `idempotency-key-reused`.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return await run()
    if not _KEY.fullmatch(key):
        raise Problem("idempotency-key-invalid", 400)
    route = f"{request.method} {route_template(request.scope)}"
    keyed = KeyedRequest(caller.mandant, route, key, await request_hash(request))
    match await store.claim(keyed):
        case Claimed() as claimed:
            return await _carry_out(store, claimed, run)
        case Answered(answer):
            headers = {**answer.headers, REPLAYED: "true"}
            return Response(answer.body, answer.status, headers)
        case InProgress():
            raise Problem("request-in-progress", 409, headers={"Retry-After": "2"})
        case Different():
            raise Problem("idempotency-key-reused", 422)
        case other:
            assert_never(other)


async def request_hash(request: Request) -> bytes:
    """SHA-256 of what was asked: address and content.

    A form counts by its fields and files, because each sending of it has another boundary.
    """
    sha = hashlib.sha256()
    _add(sha.update, request.url.path.encode(), request.url.query.encode())
    if not is_form(request.headers):
        _add(sha.update, await request.body())
        return sha.digest()
    for name, value in (await request.form()).multi_items():
        if isinstance(value, UploadFile):
            _add(sha.update, name.encode(), (value.filename or "").encode(), await _digest(value))
        else:
            _add(sha.update, name.encode(), value.encode())
    return sha.digest()


def _add(update: Callable[[bytes], None], *parts: bytes) -> None:
    for part in parts:
        update(len(part).to_bytes(8))
        update(part)


async def _digest(file: UploadFile) -> bytes:
    sha = hashlib.sha256()
    while chunk := await file.read(_CHUNK_BYTES):
        sha.update(chunk)
    await file.seek(0)
    return sha.digest()


async def _carry_out(
    store: IdempotencyStore, claimed: Claimed, run: Callable[[], Awaitable[Response]]
) -> Response:
    try:
        response = await run()
    except Exception:
        await store.release(claimed)
        raise
    if response.status_code >= SERVER_ERROR:
        await store.release(claimed)
    else:
        await store.finish(claimed, _answer(response))
    return response


def _answer(response: Response) -> Answer:
    if not hasattr(response, "body"):
        raise TypeError("a streamed response leaves no answer to keep")
    kept = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    return Answer(response.status_code, kept, bytes(response.body))
