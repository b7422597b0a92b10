"""The status queries: by id, list of ids, batch, own reference, day, and what is still open."""

import base64
from collections.abc import Callable
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from epost_simulator import lifecycle, schema
from epost_simulator.accounts import Account
from epost_simulator.api import account_of, office_of
from epost_simulator.catalogue import ApiError
from epost_simulator.clock import BERLIN
from epost_simulator.letters import Key, Letter

HISTORY = timedelta(days=400)
TEST_RESULT_LIFE = timedelta(hours=48)


async def _one(request: Request) -> JSONResponse:
    account = _querying(request)
    letter = office_of(request).letters.get(request.path_params["letter_id"])
    if letter is None or letter.ekp != account.ekp:
        raise ApiError("E201")
    office = office_of(request)
    return JSONResponse(lifecycle.report(letter, office.settings, office.clock.now()))


async def _by_ids(request: Request) -> JSONResponse:
    account = _querying(request)
    ids = schema.parse(schema.LETTER_IDS, await request.body())
    found = (office_of(request).letters.get(letter_id) for letter_id in ids)
    return _reports(request, [one for one in found if one and one.ekp == account.ekp])


async def _by_batch(request: Request) -> JSONResponse:
    account = _querying(request)
    batch = request.query_params.get("batchId", "")
    return _reports(
        request, _mine(request, account, lambda one: str(one.request.get("batchID", 0)) == batch)
    )


async def _by_custom1(request: Request) -> JSONResponse:
    account = _querying(request)
    custom1 = request.query_params.get("custom1", "")
    found = office_of(request).letters.find(account.ekp, Key.CUSTOM1, custom1)
    return _reports(request, list(found) if custom1 else [])


async def _by_date(request: Request) -> JSONResponse:
    account = _querying(request)
    start, end = _period(request)
    return _reports(request, _mine(request, account, lambda one: start <= one.created_at < end))


async def _open(request: Request) -> JSONResponse:
    account = _querying(request)
    office = office_of(request)
    now = office.clock.now()

    def is_open(letter: Letter) -> bool:
        status = lifecycle.status_id(letter, office.settings, now)
        return not letter.is_test and status not in (lifecycle.SENT, lifecycle.FAILED)

    return _reports(request, _mine(request, account, is_open))


async def _registered(request: Request) -> JSONResponse:
    account = _querying(request)
    start, end = _period(request)

    def is_registered(letter: Letter) -> bool:
        return bool(letter.request.get("registeredLetter")) and start <= letter.created_at < end

    return _reports(request, _mine(request, account, is_registered))


async def _test_result(request: Request) -> JSONResponse:
    office = office_of(request)
    account = account_of(request)
    office.keep_pace(account.ekp, "test result", office.settings.test_result_spacing_s)
    letter_id = request.query_params.get("letterID", "")
    letter = office.letters.get(int(letter_id)) if letter_id.isdecimal() else None
    if letter is None or letter.ekp != account.ekp or not letter.is_test:
        raise ApiError("E201")
    age = office.clock.now() - lifecycle.processed_at(letter, office.settings)
    if not timedelta() <= age < TEST_RESULT_LIFE:
        raise ApiError("E201")
    pdf = base64.b64encode(office.letters.pdf(letter.letter_id)).decode("ascii")
    return JSONResponse({"letterID": letter.letter_id, "fileName": letter.file_name, "data": pdf})


def _querying(request: Request) -> Account:
    office = office_of(request)
    account = account_of(request)
    office.keep_pace(account.ekp, "status", office.settings.status_spacing_s)
    return account


def _mine(request: Request, account: Account, fits: Callable[[Letter], bool]) -> list[Letter]:
    letters = office_of(request).letters
    return [letter for letter in letters if letter.ekp == account.ekp and fits(letter)]


def _reports(request: Request, letters: list[Letter]) -> JSONResponse:
    office = office_of(request)
    now = office.clock.now()
    reports = [lifecycle.report(letter, office.settings, now) for letter in letters]
    if request.query_params.get("onlyIssues") == "true":
        reports = [one for one in reports if one["statusID"] == lifecycle.FAILED]
    if not reports:
        raise ApiError("E201")
    return JSONResponse(reports)


def _period(request: Request) -> tuple[datetime, datetime]:
    # A bare day means 00:00:00, so that the last day is not in it.
    try:
        start, end = (
            datetime.fromisoformat(request.query_params[name]).replace(tzinfo=BERLIN)
            for name in ("fromDate", "tillDate")
        )
    except (KeyError, ValueError) as error:
        raise ApiError("E399", "Zeitraum") from error
    if start < office_of(request).clock.now() - HISTORY:
        raise ApiError("E399", "mehr als 400 Tage")
    return start, end


ROUTES = [
    Route("/api/Letter/StatusQuery", _by_ids, methods=["POST"]),
    Route("/api/Letter/Batch", _by_batch, methods=["GET"]),
    Route("/api/Letter/Custom1", _by_custom1, methods=["GET"]),
    Route("/api/Letter/Date", _by_date, methods=["GET"]),
    Route("/api/Letter/Open", _open, methods=["GET"]),
    Route("/api/Letter/Registered", _registered, methods=["GET"]),
    Route("/api/Letter/TestResult", _test_result, methods=["GET"]),
    Route("/api/Letter/{letter_id:int}", _one, methods=["GET"]),
]
