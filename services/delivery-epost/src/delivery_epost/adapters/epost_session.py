"""Tokens: logging in, keeping the token, renewing it before it dies or when it is refused."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from delivery_epost.adapters.epost_answers import refusal, unanswered, wants_login
from delivery_epost.adapters.epost_errors import CATALOGUE
from delivery_epost.adapters.epost_wire import Answer, Call, Wire
from delivery_epost.ports import (
    Access,
    AccessBlockedError,
    NotAcceptedError,
    PostError,
    RefusedError,
    Token,
    TokenCache,
)

_OK = 200
_UNAUTHORIZED = 401
_NOT_AGAIN_FOR = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class TokenLife:
    """The provider allows at most 1440 minutes; a token is renewed `margin_minutes` earlier."""

    minutes: int = 1440
    margin_minutes: int = 30


class Session:
    """Sends calls with their access's token; at most one login per access is under way."""

    def __init__(
        self, wire: Wire, cache: TokenCache, now: Callable[[], datetime], life: TokenLife
    ) -> None:
        self._wire = wire
        self._cache = cache
        self._now = now
        self._life = life
        self._refused: dict[str, tuple[Access, AccessBlockedError, datetime]] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def send(self, access: Access, call: Call) -> Answer:
        """Send a call with a token; one that is refused is renewed once."""
        token = await self.token(access)
        answer = await self._wire.send(call, token)
        if wants_login(answer):
            answer = await self._wire.send(call, await self.token(access, refused=token))
        return answer

    async def token(self, access: Access, refused: str = "") -> str:
        """Return a token that is good and is not the refused one."""
        async with self._locks[access.ekp]:
            cached = await self._cache.load(access.ekp)
            margin = timedelta(minutes=self._life.margin_minutes)
            if cached and cached.value != refused and self._now() < cached.expires_at - margin:
                return cached.value
            return await self.log_in(access)

    async def log_in(self, access: Access) -> str:
        """Log in afresh, and keep the token."""
        asked_at = self._now()
        self._remember_refusal(access, asked_at)
        call = Call("POST", "/api/Login", json=_login(access, self._life.minutes))
        answer = await self._wire.send(call)
        value = _token_value(answer)
        if not value:
            failure = _login_refusal(answer, call)
            if isinstance(failure, AccessBlockedError):
                self._refused[access.ekp] = (access, failure, asked_at)
            raise failure
        token = Token(value, asked_at + timedelta(minutes=self._life.minutes))
        await self._cache.save(access.ekp, token)
        return token.value

    def _remember_refusal(self, access: Access, now: datetime) -> None:
        """Refused credentials are not shown again for a while: that gets a customer blocked."""
        shown, failure, at = self._refused.get(access.ekp, (None, None, now))
        if failure is not None and shown == access and now < at + _NOT_AGAIN_FOR:
            raise failure


def _login(access: Access, minutes: int) -> dict[str, str | int]:
    return {
        "vendorID": access.vendor_id,
        "ekp": access.ekp,
        "secret": access.secret,
        "password": access.password,
        "tokenDuration": minutes,
    }


def _token_value(answer: Answer) -> str:
    match answer.body:
        # Printable, since it goes into a header.
        case {"token": str(value)} if answer.status == _OK and value.isascii():
            return value if value.isprintable() else ""
        case _:
            return ""


def _login_refusal(answer: Answer, call: Call) -> PostError:
    failure = refusal(answer, call)
    # Trying again with refused credentials is what gets a customer blocked: an answer in no
    # known words counts as such a refusal too, and so does a login that breaks the schema.
    if answer.status == _UNAUTHORIZED and isinstance(failure, NotAcceptedError):
        return _credentials_refused("HTTP401")
    if isinstance(failure, RefusedError) and failure.permanent:
        return _credentials_refused(failure.code)
    return unanswered(failure)


def _credentials_refused(code: str) -> AccessBlockedError:
    entry = CATALOGUE["E001"]
    return AccessBlockedError(entry.slug, code, entry.text_de)
