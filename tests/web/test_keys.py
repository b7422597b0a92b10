"""Public keys from an identity provider: cached, rotated, rationed."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey, KeySet, OctKey

from web.keys import RemoteKeys, public_keys
from web.problem import Problem

OLD, NEW = (ECKey.generate_key("P-256", {"kid": kid, "use": "sig"}) for kid in ("old", "new"))


class Provider:
    """An identity provider that can rotate, fail and count."""

    def __init__(self) -> None:
        self.answer = httpx.Response(200, json=KeySet([OLD]).as_dict(private=False))
        self.asked = 0

    def rotate(self) -> None:
        self.answer = httpx.Response(200, json=KeySet([NEW]).as_dict(private=False))

    async def __call__(self, _request: httpx.Request) -> httpx.Response:
        self.asked += 1
        await asyncio.sleep(0)
        return self.answer


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def keys(provider: Provider, clock: Clock) -> AsyncIterator[RemoteKeys]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(provider)) as client:
        yield RemoteKeys("https://login.test/jwks", client, max_age_s=600, retry_s=30, clock=clock)


def kids(found: KeySet) -> list[str | None]:
    return [key.kid for key in found]


async def test_known_keys_are_asked_for_once(keys: RemoteKeys, provider: Provider) -> None:
    found = await asyncio.gather(*(keys.keys("old") for _ in range(20)))
    assert [kids(each) for each in found] == [["old"]] * 20
    assert provider.asked == 1


async def test_a_rotated_key_is_fetched(keys: RemoteKeys, provider: Provider, clock: Clock) -> None:
    await keys.keys("old")
    provider.rotate()
    clock.now = 30
    assert kids(await keys.keys("new")) == ["new"]


async def test_strange_tokens_cannot_make_us_ask_for_ever(
    keys: RemoteKeys, provider: Provider, clock: Clock
) -> None:
    for _ in range(50):
        assert kids(await keys.keys("strange")) == ["old"]
    assert provider.asked == 1
    clock.now = 30
    for _ in range(50):
        await keys.keys("strange")
    assert provider.asked == 2


async def test_a_withdrawn_key_is_gone_after_a_while(
    keys: RemoteKeys, provider: Provider, clock: Clock
) -> None:
    await keys.keys("old")
    provider.rotate()
    clock.now = 599
    assert kids(await keys.keys("old")) == ["old"]
    clock.now = 600
    assert kids(await keys.keys("old")) == ["new"]


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"keys": []}),
        httpx.Response(200, json={"keys": [{"kty": "EC"}]}),
    ],
)
async def test_known_keys_outlive_an_outage(
    keys: RemoteKeys, provider: Provider, clock: Clock, answer: httpx.Response
) -> None:
    await keys.keys("old")
    provider.answer = answer
    clock.now = 700
    assert kids(await keys.keys("old")) == ["old"]
    assert provider.asked == 2
    await keys.keys("old")
    assert provider.asked == 2


async def test_without_any_key_nobody_can_sign_in(
    keys: RemoteKeys, provider: Provider, clock: Clock
) -> None:
    provider.answer = httpx.Response(503)
    with pytest.raises(Problem) as refused:
        await keys.keys("old")
    assert (refused.value.slug, refused.value.status_code) == ("sign-in-unavailable", 503)
    provider.rotate()
    clock.now = 30
    assert kids(await keys.keys("new")) == ["new"]


def test_a_shared_secret_is_no_public_key() -> None:
    secret = OctKey.generate_key(256, {"kid": "secret"})
    jwks: Any = KeySet([secret, OLD]).as_dict(private=True)
    assert kids(public_keys(jwks)) == ["old"]
    with pytest.raises(ValueError, match="no usable public key"):
        public_keys(KeySet([secret]).as_dict(private=True))


def test_private_parts_are_dropped() -> None:
    jwks: Any = KeySet([OLD]).as_dict(private=True)
    assert [key.is_private for key in public_keys(jwks)] == [False]
