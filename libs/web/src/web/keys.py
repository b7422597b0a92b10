"""Where the public keys come from that access tokens are checked with."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import httpx
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from web.problem import Problem

_FETCH_S = 5.0
_SYMMETRIC = "oct"

_log = structlog.get_logger("web")


class KeySource(Protocol):
    """Gives the keys that are valid now."""

    async def keys(self, kid: str) -> KeySet:
        """The current keys, looked up anew if `kid` is not known. They may still lack it.

        Problem `sign-in-unavailable` (503) when there are none to be had.
        """
        ...


class StaticKeys:
    """The keys of a JWKS that does not change while the process runs."""

    def __init__(self, jwks: Mapping[str, Any]) -> None:
        self._keys = public_keys(jwks)

    async def keys(self, kid: str) -> KeySet:  # noqa: ARG002 - there is nowhere else to look
        """The keys given."""
        return self._keys


class RemoteKeys:
    """The keys an identity provider publishes under a URL, cached.

    They are fetched again after `max_age_s`, and for an unknown `kid` (a rotated key) at most
    every `retry_s`, however many strange tokens arrive. While the provider cannot be reached,
    the keys known so far stay valid.
    """

    def __init__(
        self,
        url: str,
        client: httpx.AsyncClient,
        *,
        max_age_s: float = 3600,
        retry_s: float = 30,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._client = client
        self._max_age_s = max_age_s
        self._retry_s = retry_s
        self._clock = clock
        self._lock = asyncio.Lock()
        self._keys: KeySet | None = None
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")

    async def keys(self, kid: str) -> KeySet:
        """The cached keys, refreshed where that is due."""
        if self._due(kid):
            async with self._lock:
                if self._due(kid):
                    await self._refresh()
        if self._keys is None:
            raise Problem("sign-in-unavailable", 503, headers={"Retry-After": "30"})
        return self._keys

    def _due(self, kid: str) -> bool:
        now = self._clock()
        if now - self._tried_at < self._retry_s:
            return False
        old = now - self._fetched_at >= self._max_age_s
        return old or self._keys is None or all(key.kid != kid for key in self._keys)

    async def _refresh(self) -> None:
        try:
            answer = await self._client.get(self._url, timeout=_FETCH_S)
            answer.raise_for_status()
            self._keys = public_keys(answer.json())
        except (httpx.HTTPError, ValueError) as error:
            _log.warning("keys not fetched", error=type(error).__qualname__)
        else:
            self._fetched_at = self._clock()
        finally:
            self._tried_at = self._clock()  # only now: who came meanwhile waits for the outcome


def public_keys(jwks: Mapping[str, Any]) -> KeySet:
    """The asymmetric keys of a JWKS, without private parts. ValueError when none is left.

    A symmetric key in a published set would let everyone sign.
    """
    try:
        asymmetric = [key for key in jwks["keys"] if key["kty"] != _SYMMETRIC]
        imported = KeySet.import_key_set({"keys": asymmetric})
        return KeySet.import_key_set(imported.as_dict(private=False))
    except (JoseError, KeyError, TypeError, ValueError) as error:
        raise ValueError("no usable public key in the JWKS") from error
