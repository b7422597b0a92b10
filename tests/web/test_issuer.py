"""The development issuer: tokens for demo and tests, and never in production."""

import asyncio
import json
import os
import re
import signal
import stat
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from web.auth import Caller, Role
from web.environment import Environment
from web.issuer import DevelopmentIssuer, ProductionError, issuer_app, verifier_of
from web.problem import Problem

MANDANT = UUID("6f1c1a52-6f4e-4a3f-9a0e-0d6a3f7f9b11")
WANTED = {"mandant": str(MANDANT), "user": "erika", "roles": ["clerk"], "minutes": 5}


async def test_its_tokens_pass_its_verifier(issuer: DevelopmentIssuer) -> None:
    token = issuer.token(MANDANT, "erika", [Role.CLERK, Role.ADMIN])
    caller = await verifier_of(issuer).verify(token)
    assert caller == Caller(MANDANT, "erika", frozenset({Role.CLERK, Role.ADMIN}))


async def test_a_rotated_key_stays_valid_once(issuer: DevelopmentIssuer) -> None:
    verifier = verifier_of(issuer)
    first = issuer.token(MANDANT, "erika", [Role.CLERK])
    issuer.rotate()
    second = issuer.token(MANDANT, "erika", [Role.CLERK])
    assert (await verifier.verify(first)) == (await verifier.verify(second))
    issuer.rotate()
    await verifier.verify(second)
    with pytest.raises(Problem, match="token-invalid"):
        await verifier.verify(first)


def test_its_key_is_for_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "issuer"
    issuer = DevelopmentIssuer(folder, environment=Environment.TEST)
    issuer.rotate()
    (file,) = folder.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "d" in json.loads(file.read_text())["keys"][0]
    assert all("d" not in key for key in issuer.jwks()["keys"])


def test_all_that_start_at_once_share_one_key(tmp_path: Path) -> None:
    def start(_number: int) -> Any:
        return DevelopmentIssuer(tmp_path, environment=Environment.TEST).jwks()

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(start, range(16)))
    assert all(each == found[0] for each in found)
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.spec("PLT-20")
@pytest.mark.parametrize("environment", ["production", "", "staging", None])
def test_it_refuses_production_and_leaves_no_key(
    environment: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HAUSBOTE_ENVIRONMENT", raising=False)
    if environment is not None:
        monkeypatch.setenv("HAUSBOTE_ENVIRONMENT", environment)
    with pytest.raises(ProductionError, match="does not start in production"):
        DevelopmentIssuer(tmp_path / "issuer")
    assert list(tmp_path.iterdir()) == []


async def test_over_http(issuer: DevelopmentIssuer, connect: Callable[..., Any]) -> None:
    async with connect(issuer_app(issuer)) as client:
        answer = await client.post("/token", json=WANTED)
        jwks = await client.get("/.well-known/jwks.json")
        refused = await client.post("/token", json=WANTED | {"roles": ["king"], "minutes": 5000})
    assert (await verifier_of(issuer).verify(answer.json()["access_token"])).user == "erika"
    assert jwks.json() == issuer.jwks()
    assert [each["slug"] for each in refused.json()["errors"]] == ["not-allowed", "too-large"]


async def program(*arguments: str, environment: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "web",
        *arguments,
        env=os.environ | {"HAUSBOTE_ENVIRONMENT": environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@pytest.mark.spec("PLT-20")
async def test_the_program_refuses_production(tmp_path: Path) -> None:
    started = await program(
        "issuer", "--port", "0", "--folder", str(tmp_path / "x"), environment="production"
    )
    async with asyncio.timeout(120):
        output, errors = await started.communicate()
    assert started.returncode == os.EX_CONFIG
    assert errors.decode().startswith("web issuer: the development issuer does not start in prod")
    assert output == b""


async def test_the_program_serves_rotates_and_stops(tmp_path: Path) -> None:
    folder = str(tmp_path / "issuer")
    started = await program("issuer", "--port", "0", "--folder", folder, environment="development")
    assert started.stdout is not None
    try:
        async with asyncio.timeout(120), httpx.AsyncClient(timeout=60) as client:
            line = (await started.stdout.readline()).decode()
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
            assert found is not None
            jwks = f"{found[0]}/.well-known/jwks.json"
            before = (await client.get(jwks)).json()["keys"]
            rotated = await program("rotate", "--folder", folder, environment="development")
            output, _ = await rotated.communicate()
            after = (await client.get(jwks)).json()["keys"]
            started.send_signal(signal.SIGTERM)
            assert await started.wait() == 0
    finally:
        if started.returncode is None:
            started.kill()
            await started.wait()
    assert after[1:] == before
    assert output.decode().strip() == f"new key {after[0]['kid']}"
