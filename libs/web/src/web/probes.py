"""What operators ask every API: alive, ready, measurements, description."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog
from fastapi import APIRouter, Depends, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import JSONResponse, Response

from web.auth import for_everyone
from web.problem import Problem

Check = Callable[[], Awaitable[object]]

_CHECK_S = 3.0

_log = structlog.get_logger("web")


def probes(checks: Mapping[str, Check]) -> APIRouter:
    """Routes without a role, for GET and HEAD; a check that raises or hangs means not ready."""
    router = APIRouter(dependencies=[Depends(for_everyone)], include_in_schema=False)

    async def alive() -> Mapping[str, str]:
        return {"status": "ok"}

    async def ready() -> Mapping[str, str]:
        failing = await failing_checks(checks)
        if failing:
            raise Problem("not-ready", 503, failing=failing)
        return {"status": "ok"}

    async def measurements() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    async def description(request: Request) -> JSONResponse:
        return JSONResponse(request.app.openapi())

    answers: dict[str, Callable[..., Awaitable[object]]] = {
        "/livez": alive,
        "/startupz": alive,
        "/readyz": ready,
        "/metrics": measurements,
        "/openapi.json": description,
    }
    for path, answer in answers.items():
        router.add_api_route(path, answer, methods=["GET", "HEAD"])
    return router


async def failing_checks(checks: Mapping[str, Check]) -> list[str]:
    """The names of the checks that do not pass, all asked at once, each within three seconds."""
    passed = await asyncio.gather(*(_passes(name, check) for name, check in checks.items()))
    return [name for name, fine in zip(checks, passed, strict=True) if not fine]


async def _passes(name: str, check: Check) -> bool:
    try:
        async with asyncio.timeout(_CHECK_S):
            await check()
    except Exception as error:  # noqa: BLE001 - whatever fails, the answer is "not ready"
        _log.warning("check failed", check=name, error=type(error).__qualname__)
        return False
    return True
