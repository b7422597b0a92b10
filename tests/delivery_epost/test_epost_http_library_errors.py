"""Every exception httpx has is translated, and only those before the sending prove anything."""

import inspect
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from tests.delivery_epost.letters import a_letter
from tests.delivery_epost.token_memory import MemoryTokenCache

from delivery_epost.adapters.epost_http import EpostHttp
from delivery_epost.adapters.epost_session import Session, TokenLife
from delivery_epost.adapters.epost_wire import Limits, Wire
from delivery_epost.ports import Access, NotAcceptedError, Token, UncertainError

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
ACCESS = Access("1234567890", "77", secret="geheim", password="passwort")
BEFORE_IT_LEFT = {
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
}
REQUEST = httpx.Request("GET", "http://post.invalid")
LIBRARY_ERRORS = [
    found for _, found in inspect.getmembers(httpx, inspect.isclass) if issubclass(found, Exception)
]


def an_instance(kind: type[Exception]) -> Exception:
    if issubclass(kind, httpx.HTTPStatusError):
        return kind("x", request=REQUEST, response=httpx.Response(500))
    takes_message = "message" in inspect.signature(kind).parameters
    return kind("x") if takes_message else kind()


async def a_post_that_raises(error: Exception) -> EpostHttp:
    def handle(_: httpx.Request) -> httpx.Response:
        raise error

    client = httpx.AsyncClient(
        base_url="http://post.invalid", transport=httpx.MockTransport(handle)
    )
    tokens = MemoryTokenCache()
    await tokens.save(ACCESS.ekp, Token("gut", NOW + timedelta(hours=5)))
    return EpostHttp(Session(Wire(client, Limits()), tokens, lambda: NOW, TokenLife()))


def test_the_list_is_that_of_the_library() -> None:
    assert len(LIBRARY_ERRORS) >= 27
    assert set(LIBRARY_ERRORS) >= BEFORE_IT_LEFT


@pytest.mark.spec("CHN-03")
@pytest.mark.parametrize("kind", LIBRARY_ERRORS)
async def test_a_library_exception_becomes_one_of_ours(kind: type[Exception]) -> None:
    post = await a_post_that_raises(an_instance(kind))
    expected = NotAcceptedError if kind in BEFORE_IT_LEFT else UncertainError
    with pytest.raises((NotAcceptedError, UncertainError)) as raised:
        await post.submit(ACCESS, a_letter())
    assert type(raised.value) is expected
    assert raised.value.code == kind.__name__
    with pytest.raises(NotAcceptedError):
        await post.find(ACCESS, "egal")
