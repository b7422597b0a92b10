"""The development issuer: hands out access tokens for demo and tests, never in production."""

import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Annotated, Any, Literal, cast
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, KeySetSerialization
from pydantic import BaseModel, ConfigDict, Field

from web.app import create_app
from web.auth import DEVELOPMENT_ISSUER, Role, TokenVerifier, for_everyone
from web.environment import VARIABLE, Environment
from web.keys import StaticKeys
from web.limits import Limits

AUDIENCE = "hausbote"

_ALGORITHM: Literal["ES256"] = "ES256"
_KEPT_KEYS = 2
_DAY_MINUTES = 24 * 60


class ProductionError(RuntimeError):
    """The development issuer was asked to work where it must not."""


class DevelopmentIssuer:
    """Signs tokens with a key of its own, kept in a folder that only its owner can read.

    The folder is read at each call: several processes may share it, and all see a new key at
    once. ProductionError unless the environment is development or test.
    """

    def __init__(
        self,
        folder: Path,
        *,
        environment: Environment | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if (environment or Environment.read(os.environ)) is Environment.PRODUCTION:
            raise ProductionError(
                "the development issuer does not start in production; "
                f"set {VARIABLE}=development or {VARIABLE}=test if this is no production"
            )
        self._file = folder / "development-keys.json"
        self._clock = clock
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            self._write(KeySet([_new_key()]), first=True)

    def token(
        self, mandant: UUID, user: str, roles: Collection[Role], *, minutes: float = 60
    ) -> str:
        """An access token signed with the newest key."""
        now = int(self._clock())
        claims = {
            "iss": DEVELOPMENT_ISSUER,
            "aud": AUDIENCE,
            "sub": user,
            "mandant": str(mandant),
            "roles": sorted(roles),
            "iat": now,
            "nbf": now,
            "exp": now + int(minutes * 60),
        }
        key = self._read().keys[0]
        header = {"alg": _ALGORITHM, "kid": key.kid, "typ": "at+jwt"}
        return jwt.encode(header, claims, key, algorithms=[_ALGORITHM])

    def jwks(self) -> KeySetSerialization:
        """The public keys: the newest and the one before it."""
        return self._read().as_dict(private=False)

    def rotate(self) -> None:
        """Sign with a new key from now on; tokens of the last one stay valid."""
        kept = self._read().keys[: _KEPT_KEYS - 1]
        self._write(KeySet([_new_key(), *kept]), first=False)

    def _read(self) -> KeySet:
        return KeySet.import_key_set(orjson.loads(self._file.read_bytes()))

    def _write(self, keys: KeySet, *, first: bool) -> None:
        """Put the file in place whole; FileExistsError if it is to be the first and is not."""
        handle, name = tempfile.mkstemp(dir=self._file.parent)  # readable by its owner only
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(orjson.dumps(keys.as_dict(private=True)))
        try:
            if first:
                self._file.hardlink_to(temporary)
            else:
                temporary.replace(self._file)
        finally:
            temporary.unlink(missing_ok=True)


class TokenRequest(BaseModel):
    """Whose token to make."""

    model_config = ConfigDict(extra="forbid")

    mandant: UUID
    user: Annotated[str, Field(min_length=1, max_length=200)]
    roles: Annotated[frozenset[Role], Field(min_length=1)]
    minutes: Annotated[int, Field(ge=1, le=_DAY_MINUTES)] = 60


def issuer_app(issuer: DevelopmentIssuer) -> FastAPI:
    """The issuer as an HTTP server: everyone who reaches it may have any token."""
    router = APIRouter(dependencies=[Depends(for_everyone)])

    @router.get("/.well-known/jwks.json")
    async def jwks() -> dict[str, Any]:
        return cast("dict[str, Any]", issuer.jwks())

    @router.post("/token")
    async def token(wanted: TokenRequest) -> dict[str, str]:
        made = issuer.token(
            wanted.mandant, wanted.user, wanted.roles, minutes=float(wanted.minutes)
        )
        return {"access_token": made, "token_type": "Bearer"}

    return create_app(
        title="Development issuer",
        verifier=verifier_of(issuer),
        limits=Limits(),
        health={},
        routers=[router],
    )


def verifier_of(issuer: DevelopmentIssuer) -> TokenVerifier:
    """A verifier of this issuer's tokens, for tests and demo in the same process."""
    return TokenVerifier(
        _KeysOf(issuer),
        issuer=DEVELOPMENT_ISSUER,
        audience=AUDIENCE,
        algorithms=[_ALGORITHM],
        environment=Environment.DEVELOPMENT,
    )


class _KeysOf:
    """The keys of an issuer in this process, as they are at each check."""

    def __init__(self, issuer: DevelopmentIssuer) -> None:
        self._issuer = issuer

    async def keys(self, kid: str) -> KeySet:
        return await StaticKeys(self._issuer.jwks()).keys(kid)


def _new_key() -> ECKey:
    key = ECKey.generate_key("P-256", {"use": "sig", "alg": _ALGORITHM}, private=True)
    kid = f"{DEVELOPMENT_ISSUER}-{key.thumbprint()[:16]}"
    return ECKey.import_key(key.as_dict(private=True), {"kid": kid, "use": "sig"})
