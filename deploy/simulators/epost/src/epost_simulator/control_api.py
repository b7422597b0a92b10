"""The control interface under /_simulator/: no part of the real API, no login."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from epost_simulator import lifecycle
from epost_simulator.accounts import Account
from epost_simulator.api import office_of
from epost_simulator.faults import Fault
from epost_simulator.letters import Letter

_ACCOUNT = TypeAdapter(Account)
_FAULT = TypeAdapter(Fault)
_UNKNOWN = JSONResponse({"error": "unknown"}, status_code=404)


async def _clock(request: Request) -> JSONResponse:
    clock = office_of(request).clock
    if request.method == "POST":
        wanted = await request.json()
        if "at" in wanted:
            clock.set(datetime.fromisoformat(wanted["at"]))
        clock.advance(wanted.get("advance_s", 0.0))
    return JSONResponse({"now": clock.now().isoformat()})


async def _accounts(request: Request) -> JSONResponse:
    account = _ACCOUNT.validate_json(await request.body())
    office_of(request).accounts.put(account)
    return JSONResponse(asdict(account), status_code=201)


async def _account(request: Request) -> JSONResponse:
    accounts = office_of(request).accounts
    account = accounts.get(request.path_params["ekp"])
    if account is None:
        return _UNKNOWN
    return JSONResponse(asdict(account) | {"sms_code": accounts.code(account.ekp)})


async def _faults(request: Request) -> JSONResponse:
    faults = office_of(request).faults
    if request.method == "POST":
        faults.add(_FAULT.validate_json(await request.body()))
    if request.method == "DELETE":
        faults.clear()
    return JSONResponse([asdict(fault) for fault in faults.waiting()])


async def _health(request: Request) -> JSONResponse:
    office = office_of(request)
    office.health = (await request.json())["code"]
    return JSONResponse({"code": office.health})


async def _letters(request: Request) -> JSONResponse:
    return JSONResponse([_told(request, letter) for letter in office_of(request).letters])


async def _letter(request: Request) -> JSONResponse:
    """Change what happens to one letter: `fail` with codes, `show_status`, `track`."""
    office = office_of(request)
    wanted = await request.json()
    changes: dict[str, Any] = {}
    if "fail" in wanted:
        changes["failed_at"] = office.clock.now()
        changes["failures"] = tuple((code, "") for code in wanted["fail"])
    if "show_status" in wanted:
        changes["shown_status"] = wanted["show_status"]
    if "track" in wanted:
        changes |= {"tracking": wanted["track"], "tracked_at": office.clock.now()}
    letter = office.letters.change(request.path_params["letter_id"], **changes)
    return _UNKNOWN if letter is None else JSONResponse(_told(request, letter))


async def _pdf(request: Request) -> Response:
    letters = office_of(request).letters
    letter = letters.get(request.path_params["letter_id"])
    if letter is None:
        return _UNKNOWN
    return Response(letters.pdf(letter.letter_id), media_type="application/pdf")


def _told(request: Request, letter: Letter) -> dict[str, Any]:
    office = office_of(request)
    return {
        "letter_id": letter.letter_id,
        "ekp": letter.ekp,
        "custom1": letter.custom1,
        "file_name": letter.file_name,
        "pages": letter.pages,
        "sha256": letter.sha256,
        "status": lifecycle.status_id(letter, office.settings, office.clock.now()),
        "created_at": letter.created_at.isoformat(),
        "request": letter.request,
    }


ROUTES = [
    Route("/_simulator/clock", _clock, methods=["GET", "POST"]),
    Route("/_simulator/accounts", _accounts, methods=["POST"]),
    Route("/_simulator/accounts/{ekp}", _account, methods=["GET"]),
    Route("/_simulator/faults", _faults, methods=["GET", "POST", "DELETE"]),
    Route("/_simulator/health", _health, methods=["POST"]),
    Route("/_simulator/letters", _letters, methods=["GET"]),
    Route("/_simulator/letters/{letter_id:int}", _letter, methods=["POST"]),
    Route("/_simulator/letters/{letter_id:int}/pdf", _pdf, methods=["GET"]),
]
