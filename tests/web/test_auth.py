"""Access tokens: which are refused and why, and what a route makes of its caller."""

import base64
import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jws, jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from web.auth import DEVELOPMENT_ISSUER, Caller, Role, TokenVerifier, requires
from web.environment import Environment
from web.issuer import DevelopmentIssuer
from web.keys import StaticKeys
from web.problem import Problem
from web.testing import routes, routes_without_role

MANDANT = UUID("6f1c1a52-6f4e-4a3f-9a0e-0d6a3f7f9b11")
ISSUER, AUDIENCE = "https://login.example.test", "hausbote"
NOW = 1_800_000_000

RSA = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
EC = ECKey.generate_key("P-256", {"kid": "ec", "use": "sig"})
ENCRYPTING = ECKey.generate_key("P-256", {"kid": "enc", "use": "enc"})
STRANGER = RSAKey.generate_key(2048, {"kid": "rsa"})
JWKS = KeySet([RSA, EC, ENCRYPTING]).as_dict(private=False)
PUBLIC_PEM = RSA.as_pem(private=False)

GOOD: dict[str, Any] = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": "erika",
    "mandant": str(MANDANT),
    "roles": ["clerk"],
    "iat": NOW,
    "nbf": NOW,
    "exp": NOW + 300,
}


def verifier(
    environment: Environment = Environment.PRODUCTION, jwks: Any = JWKS, **changes: Any
) -> TokenVerifier:
    settings: dict[str, Any] = {"issuer": ISSUER, "audience": AUDIENCE, "clock": lambda: NOW}
    return TokenVerifier(StaticKeys(jwks), environment=environment, **settings | changes)


def signed(
    claims: dict[str, Any] | None = None,
    header: dict[str, Any] | None = None,
    key: Any = RSA,
    without: str = "",
) -> str:
    made = {name: value for name, value in (GOOD | (claims or {})).items() if name != without}
    full = {"alg": "RS256", "kid": "rsa"} | (header or {})
    return jwt.encode(full, made, key, algorithms=[full["alg"]])


def unsigned(header: Any, claims: Any, signature: bytes = b"") -> str:
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def hs256_with_the_public_key() -> str:
    """Signed by hand: the library itself would refuse to take a public key for a secret."""
    head = unsigned({"alg": "HS256", "kid": "rsa"}, GOOD).rpartition(".")[0]
    signature = jws.JWSRegistry.algorithms["HS256"].sign(
        head.encode(), OctKey.import_key(base64.b64encode(PUBLIC_PEM))
    )
    return f"{head}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


async def refusal(token: str, checked_by: TokenVerifier | None = None) -> str:
    with pytest.raises(Problem) as refused:
        await (checked_by or verifier()).verify(token)
    assert refused.value.status_code == 401
    assert refused.value.headers == {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    return refused.value.slug


@pytest.mark.parametrize("audience", [AUDIENCE, [AUDIENCE, "other"]])
@pytest.mark.parametrize("token_type", ["JWT", "at+jwt"])
async def test_a_good_token_names_its_caller(audience: Any, token_type: str) -> None:
    token = signed({"aud": audience}, {"typ": token_type})
    assert await verifier().verify(token) == Caller(MANDANT, "erika", frozenset({Role.CLERK}))


async def test_other_algorithms_of_the_list_are_accepted() -> None:
    token = signed(header={"alg": "ES256", "kid": "ec"}, key=EC)
    assert (await verifier().verify(token)).user == "erika"


async def test_an_algorithm_outside_of_the_list_is_refused() -> None:
    token = signed(header={"alg": "ES256", "kid": "ec"}, key=EC)
    assert await refusal(token, verifier(algorithms=["RS256"])) == "token-invalid"


async def test_a_role_that_is_not_ours_counts_for_nothing() -> None:
    caller = await verifier().verify(signed({"roles": ["privacy", "offline_access", "clerk"]}))
    assert caller.roles == {Role.CLERK, Role.PRIVACY}


@pytest.mark.spec("PLT-20")
@pytest.mark.parametrize(
    ("make", "slug"),
    [
        (lambda: signed({"iss": "https://elsewhere.test"}), "token-invalid"),
        (lambda: signed({"iss": DEVELOPMENT_ISSUER}), "token-invalid"),
        (lambda: signed({"aud": "other"}), "token-invalid"),
        (lambda: signed({"aud": ["other"]}), "token-invalid"),
        (lambda: signed({"exp": NOW - 31}), "token-expired"),
        (lambda: signed({"exp": str(NOW + 300)}), "token-invalid"),
        (lambda: signed({"nbf": NOW + 31}), "token-invalid"),
        (lambda: signed({"iat": NOW + 31}), "token-invalid"),
        (lambda: unsigned({"alg": "none", "kid": "rsa"}, GOOD), "token-invalid"),
        (lambda: unsigned({"alg": "RS256", "kid": "rsa"}, GOOD), "token-invalid"),
        (hs256_with_the_public_key, "token-invalid"),
        (lambda: signed(header={"alg": "RS384"}), "token-invalid"),
        (lambda: signed(header={"kid": "unknown"}), "token-invalid"),
        (lambda: jwt.encode({"alg": "RS256"}, dict(GOOD), STRANGER), "token-invalid"),
        (lambda: signed(key=STRANGER), "token-invalid"),
        (
            lambda: signed(
                header={"alg": "ES256", "kid": "enc"},
                key=ECKey.import_key({**ENCRYPTING.as_dict(private=True), "use": "sig"}),
            ),
            "token-invalid",
        ),
        (lambda: signed(header={"kid": f"{DEVELOPMENT_ISSUER}-1"}), "token-invalid"),
        (lambda: signed(header={"typ": "logout+jwt"}), "token-invalid"),
        (lambda: signed(without="mandant"), "token-invalid"),
        (lambda: signed({"mandant": "Mustermann GmbH"}), "token-invalid"),
        (lambda: signed({"mandant": 5}), "token-invalid"),
        (lambda: signed(without="roles"), "token-invalid"),
        (lambda: signed({"roles": []}), "token-invalid"),
        (lambda: signed({"roles": ["king"]}), "token-invalid"),
        (lambda: signed({"roles": "clerk"}), "token-invalid"),
        (lambda: signed(without="sub"), "token-invalid"),
        (lambda: signed({"sub": "a\nb"}), "token-invalid"),
        (lambda: signed({"sub": "x" * 201}), "token-invalid"),
        (lambda: signed(without="exp"), "token-invalid"),
        (lambda: signed(without="iss"), "token-invalid"),
        (lambda: signed(without="aud"), "token-invalid"),
        (lambda: signed()[:-4] + "AAAA", "token-invalid"),
        (lambda: "x", "token-invalid"),
        (lambda: "\u00e4.b.c", "token-invalid"),
    ],
)
async def test_bad_tokens(make: Callable[[], str], slug: str) -> None:
    assert await refusal(make()) == slug


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@settings(deadline=None)
@given(st.text() | st.builds(unsigned, json_values, json_values, st.binary(max_size=8)))
async def test_no_nonsense_gets_further_than_a_refusal(token: str) -> None:
    assert await refusal(token) == "token-invalid"


names = st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jwk"])


@settings(deadline=None)
@given(st.dictionaries(names, json_values | st.sampled_from(["RS256", "rsa", "JWT"]), min_size=3))
async def test_no_strange_header_gets_further_than_a_refusal(header: dict[str, Any]) -> None:
    assert await refusal(unsigned(header, GOOD)) == "token-invalid"


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from(["sub", "mandant", "roles", "exp"]), json_values, min_size=1)
)
async def test_no_strange_claim_is_a_failure_of_ours(claims: dict[str, Any]) -> None:
    """Signed by the right key, but by an issuer that lost its mind."""
    with contextlib.suppress(Problem):
        assert isinstance(await verifier().verify(signed(claims)), Caller)


@pytest.mark.parametrize("algorithms", [[], ["none"], ["HS256"], ["RS256", "HS512"]])
def test_a_verifier_takes_no_unsafe_algorithm(algorithms: list[str]) -> None:
    with pytest.raises(ValueError, match="only signatures by public keys"):
        verifier(algorithms=algorithms)


@pytest.mark.parametrize("missing", ["issuer", "audience"])
def test_a_verifier_knows_whom_to_trust(missing: str) -> None:
    with pytest.raises(ValueError, match="an issuer and an audience"):
        verifier(
            issuer="" if missing == "issuer" else ISSUER,
            audience="" if missing == "audience" else AUDIENCE,
        )


@pytest.mark.spec("PLT-20")
def test_production_does_not_trust_the_development_issuer() -> None:
    with pytest.raises(ValueError, match="not trusted in production"):
        verifier(Environment.PRODUCTION, issuer=DEVELOPMENT_ISSUER)
    verifier(Environment.DEVELOPMENT, issuer=DEVELOPMENT_ISSUER)


@pytest.mark.spec("PLT-20")
async def test_production_does_not_trust_its_keys_under_another_name(tmp_path: Path) -> None:
    """Its key file was mounted by mistake, and someone signs with it as the real issuer."""
    issuer = DevelopmentIssuer(tmp_path, environment=Environment.TEST)
    key = KeySet.import_key_set(json.loads((tmp_path / "development-keys.json").read_text())).keys[
        0
    ]
    token = signed(header={"alg": "ES256", "kid": key.kid}, key=key)
    jwks = issuer.jwks()
    assert (await verifier(Environment.TEST, jwks).verify(token)).user == "erika"
    assert await refusal(token, verifier(Environment.PRODUCTION, jwks)) == "token-invalid"


@pytest.mark.parametrize(
    ("variables", "environment"),
    [
        ({}, Environment.PRODUCTION),
        ({"HAUSBOTE_ENVIRONMENT": "production"}, Environment.PRODUCTION),
        ({"HAUSBOTE_ENVIRONMENT": "Development"}, Environment.PRODUCTION),
        ({"HAUSBOTE_ENVIRONMENT": "development"}, Environment.DEVELOPMENT),
        ({"HAUSBOTE_ENVIRONMENT": "test"}, Environment.TEST),
    ],
)
def test_what_is_unsure_is_production(variables: dict[str, str], environment: Environment) -> None:
    assert Environment.read(variables) is environment


Tokens = Callable[..., dict[str, str]]


@pytest.fixture
def bearer(issuer: DevelopmentIssuer) -> Tokens:
    def make(*roles: Role, minutes: float = 5) -> dict[str, str]:
        return {"Authorization": f"Bearer {issuer.token(MANDANT, 'erika', roles, minutes=minutes)}"}

    return make


@pytest.mark.parametrize(
    ("headers", "status", "slug"),
    [
        ({}, 401, "token-missing"),
        ({"Authorization": "Basic ZTpy"}, 401, "token-missing"),
        ({"Authorization": "Bearer"}, 401, "token-missing"),
        ({"Authorization": "Bearer x.y.z"}, 401, "token-invalid"),
    ],
)
async def test_a_route_refuses_who_cannot_say_who_he_is(
    app: FastAPI, connect: Callable[..., Any], headers: dict[str, str], status: int, slug: str
) -> None:
    async with connect(app, headers) as client:
        answer = await client.get(f"/letters/{uuid4()}")
    assert (answer.status_code, answer.json()["slug"]) == (status, slug)


async def test_a_route_refuses_an_old_token(
    app: FastAPI, connect: Callable[..., Any], bearer: Tokens
) -> None:
    async with connect(app, bearer(Role.CLERK, minutes=-1)) as client:
        answer = await client.get(f"/letters/{uuid4()}")
    assert (answer.status_code, answer.json()["slug"]) == (401, "token-expired")


async def test_a_route_refuses_another_role(
    app: FastAPI, connect: Callable[..., Any], bearer: Tokens
) -> None:
    async with connect(app, bearer(Role.ADMIN, Role.OPERATOR)) as client:
        answer = await client.get(f"/letters/{uuid4()}")
    assert (answer.status_code, answer.json()["slug"]) == (403, "role-missing")
    assert answer.json()["roles"] == ["clerk"]


async def test_one_of_several_roles_is_enough(
    make_app: Callable[..., FastAPI], connect: Callable[..., Any], bearer: Tokens
) -> None:
    router = APIRouter()

    @router.get("/who")
    async def who(
        caller: Annotated[Caller, Depends(requires(Role.PRIVACY, Role.SUPPORT))],
    ) -> dict[str, str]:
        return {"user": caller.user, "mandant": str(caller.mandant)}

    async with connect(make_app(routers=[router]), bearer(Role.SUPPORT)) as client:
        assert (await client.get("/who")).json() == {"user": "erika", "mandant": str(MANDANT)}


def test_every_route_tells_its_roles(app: FastAPI) -> None:
    known = {(route.method, route.path): route for route in routes(app)}
    assert known["POST", "/letters/{letter_id}/send"].roles == frozenset({Role.CLERK})
    assert known["HEAD", "/livez"].for_everyone
    assert routes_without_role(app) == []


def test_a_forgotten_role_is_found(make_app: Callable[..., FastAPI]) -> None:
    inner, outer = APIRouter(), APIRouter(dependencies=[Depends(requires(Role.CLERK))])
    forgetful = APIRouter()

    async def anything() -> None:
        """Answers."""

    inner.add_api_route("/inner", anything)
    outer.include_router(inner, prefix="/outer")
    forgetful.add_api_route("/open", anything, methods=["GET", "DELETE"])
    app = make_app(routers=[outer, forgetful])
    app.add_route("/raw", lambda _request: httpx.Response(200))  # type: ignore[arg-type, return-value]  # is never called
    assert routes_without_role(app) == ["DELETE /open", "GET /open", "GET /raw", "HEAD /raw"]
