"""Who calls, for which mandant and in which role: OIDC access tokens, checked."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import structlog
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from joserfc import jws, jwt
from joserfc.errors import ExpiredTokenError, JoseError

from web.environment import Environment
from web.keys import KeySource
from web.problem import Problem

DEVELOPMENT_ISSUER = "hausbote-development"

_ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}) | frozenset(
    {"ES256", "ES384", "ES512", "Ed25519", "EdDSA"}
)
_TYPES = frozenset({"jwt", "at+jwt"})
_LEEWAY_S = 30
_LONGEST_USER = 200

_log = structlog.get_logger("web")
_bearer = HTTPBearer(auto_error=False, bearerFormat="JWT")


class Role(StrEnum):
    """What a caller may be; a route names those it serves, and none includes another."""

    CLERK = "clerk"
    ADMIN = "admin"
    PRIVACY = "privacy"
    SUPPORT = "support"
    OPERATOR = "operator"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request, as its token says."""

    mandant: UUID
    user: str
    roles: frozenset[Role]


class TokenVerifier:
    """Checks access tokens: signature, algorithm, issuer, audience, times and our two claims.

    The claims are `sub` (the user), `mandant` (a UUID) and `roles` (a list; names that are not
    ours are ignored, but one of ours must be there). In production neither the name nor a key of
    the development issuer is accepted. ValueError for settings that would be unsafe.
    """

    def __init__(
        self,
        keys: KeySource,
        *,
        issuer: str,
        audience: str,
        algorithms: Collection[str] = ("RS256", "ES256"),
        environment: Environment,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not algorithms or not _ALGORITHMS.issuperset(algorithms):
            raise ValueError(f"only signatures by public keys are safe: {sorted(_ALGORITHMS)}")
        if not issuer or not audience:
            raise ValueError("a verifier needs an issuer and an audience")
        self._production = environment is Environment.PRODUCTION
        if self._production and issuer.startswith(DEVELOPMENT_ISSUER):
            raise ValueError("the development issuer is not trusted in production")
        self._keys = keys
        self._algorithms = list(algorithms)
        self._claims = jwt.JWTClaimsRegistry(
            now=lambda: int(clock()),
            leeway=_LEEWAY_S,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
        )

    async def verify(self, token: str) -> Caller:
        """The caller this token stands for.

        Problem `token-expired` or `token-invalid` (401); `sign-in-unavailable` (503) when the
        keys cannot be had.
        """
        try:
            kid = self._kid(token)
            keys = await self._keys.keys(kid)
            claims = jwt.decode(token, keys, algorithms=self._algorithms).claims
            self._claims.validate(claims)
            return _caller(claims)
        except ExpiredTokenError as error:
            raise _unauthorised("token-expired") from error
        except (JoseError, ValueError, TypeError, LookupError, AttributeError) as error:
            _log.info("token refused", reason=getattr(error, "error", "malformed"))
            raise _unauthorised("token-invalid") from error

    def _kid(self, token: str) -> str:
        """The id of the signing key. ValueError where the header alone rules the token out."""
        header = jws.extract_compact(token.encode()).headers()
        kid, token_type = header["kid"], header.get("typ", "JWT")
        if not isinstance(kid, str):
            raise TypeError("the key id is not text")
        if token_type.lower() not in _TYPES:
            raise ValueError("no access token")
        if self._production and kid.startswith(DEVELOPMENT_ISSUER):
            raise ValueError("signed by a development key")
        return kid


class Requires:
    """FastAPI dependency: gives the caller if he has one of the roles. Made by `requires`."""

    def __init__(self, roles: Iterable[Role]) -> None:
        self.roles = frozenset(roles)

    async def __call__(
        self,
        request: Request,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    ) -> Caller:
        if credentials is None:
            raise _unauthorised("token-missing")
        verifier: TokenVerifier = request.app.state.verifier
        caller = await verifier.verify(credentials.credentials)
        request.state.caller = caller
        if self.roles.isdisjoint(caller.roles):
            raise Problem("role-missing", 403, roles=sorted(self.roles))
        return caller


def requires(role: Role, *others: Role) -> Requires:
    """The dependency of a route for these roles: `Annotated[Caller, Depends(requires(...))]`.

    401 `token-missing`, `token-invalid` or `token-expired`; 403 `role-missing`.
    """
    return Requires((role, *others))


async def for_everyone() -> None:
    """FastAPI dependency that says of a route: it has no role, on purpose."""


def _caller(claims: Mapping[str, Any]) -> Caller:
    user, mandant, roles = claims["sub"], claims["mandant"], claims["roles"]
    if not isinstance(roles, list) or not isinstance(mandant, str):
        raise TypeError("mandant or roles of the wrong type")
    if not (0 < len(user) <= _LONGEST_USER and user.isprintable()):
        raise ValueError("the user is no plain name")
    ours = frozenset(role for role in Role if role in roles)
    if not ours:
        raise ValueError("no role of ours")
    return Caller(UUID(mandant), user, ours)


def _unauthorised(slug: str) -> Problem:
    challenge = "Bearer" if slug == "token-missing" else 'Bearer error="invalid_token"'
    return Problem(slug, 401, headers={"WWW-Authenticate": challenge})
