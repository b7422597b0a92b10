"""POST /api/Login and POST /api/Letter: getting in, and handing letters over."""

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from epost_simulator import schema
from epost_simulator.accounts import Account
from epost_simulator.catalogue import ApiError, error_object
from epost_simulator.office import Office
from epost_simulator.submission import Intake


def office_of(request: Request) -> Office:
    office = request.app.state.office
    assert isinstance(office, Office)
    return office


def account_of(request: Request) -> Account:
    """Return whose token the request bears."""
    return office_of(request).accounts.holder(request.headers.get("Authorization", ""))


async def told_error(request: Request, error: Exception) -> JSONResponse:
    """Answer with the API's Error object."""
    assert isinstance(error, ApiError)
    told = error_object(error.code, office_of(request).clock.now(), error.detail)
    return JSONResponse(told, status_code=error.http_status)


async def _log_in(request: Request) -> JSONResponse:
    login = schema.parse(schema.LOGIN, await request.body())
    return JSONResponse({"token": office_of(request).accounts.log_in(login)})


async def _request_code(request: Request) -> JSONResponse:
    wanted = schema.parse(schema.SMS_CODE_REQUEST, await request.body())
    office_of(request).accounts.send_code(wanted)
    return JSONResponse("SMS-Code wurde versendet", status_code=202)


async def _set_password(request: Request) -> JSONResponse:
    wanted = schema.parse(schema.SET_PASSWORD, await request.body())
    return JSONResponse(office_of(request).accounts.set_password(wanted))


async def _health(request: Request) -> JSONResponse:
    office = office_of(request)
    office.keep_pace("", "health", office.settings.health_spacing_s)
    return JSONResponse(error_object(office.health, office.clock.now()))


async def _submit(request: Request) -> JSONResponse:
    office = office_of(request)
    account = account_of(request)
    letters = schema.parse(schema.LETTERS, await request.body())
    intake = Intake(office.settings, office.letters, account, office.clock.now())
    accepted = intake.accept(letters, request.scope.get("doom", ()))
    return JSONResponse([{"fileName": o.file_name, "letterID": o.letter_id} for o in accepted])


ROUTES = [
    Route("/api/Login", _log_in, methods=["POST"]),
    Route("/api/Login/smsRequest", _request_code, methods=["POST"]),
    Route("/api/Login/setPassword", _set_password, methods=["POST"]),
    Route("/api/Login/HealthCheck", _health, methods=["GET"]),
    Route("/api/Letter", _submit, methods=["POST"]),
]
