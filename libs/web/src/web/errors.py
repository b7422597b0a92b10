"""Every exception that reaches FastAPI, turned into a problem."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import FormData, Headers
from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import MAX_BODY_SIZE_SCOPE_KEY
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from web.problem import SERVER_ERROR, Problem, Problems, size_text
from web.validation import MOST_ERRORS, describe

_Handler = Callable[[Request, Any], Awaitable[Response]]

_SLUGS = {
    400: "request-unreadable",
    404: "not-found",
    405: "method-not-allowed",
    412: "precondition-failed",
    413: "body-too-large",
    415: "media-type-not-supported",
    503: "unavailable",
}
_FORM_TYPES = ("multipart/form-data", "application/x-www-form-urlencoded")
_FORM_TOO_LARGE = ("Too many ", "Part exceeded ", "Field exceeded ")
_FORM_UNREADABLE = ("Invalid multipart", "Missing boundary", "The Content-Disposition")


def install(app: FastAPI, problems: Problems, rejections: Sequence[type[Exception]]) -> None:
    """Answer errors of the framework, rejections of the domain and our own bugs as problems."""

    def answer(translate: Callable[[Request, Any], Problem]) -> _Handler:
        async def handle(request: Request, error: Exception) -> Response:
            return problems.response(translate(request, error), request.scope)

        return handle

    def invalid(request: Request, error: RequestValidationError) -> Problem:
        return _of_validation(request, error, problems)

    app.add_exception_handler(HTTPException, answer(_of_http))
    app.add_exception_handler(RequestValidationError, answer(invalid))
    app.add_exception_handler(Exception, answer(lambda _request, _error: of_status(500)))
    for rejection in rejections:
        app.add_exception_handler(rejection, answer(_of_rejection))


def of_status(status: int, scope: Scope | None = None) -> Problem:
    """The problem for an answer of which only the status is known."""
    if status == 413 and scope is not None and MAX_BODY_SIZE_SCOPE_KEY in scope:  # noqa: PLR2004 - the status is the name
        return body_too_large(scope[MAX_BODY_SIZE_SCOPE_KEY])
    general = "internal-error" if status >= SERVER_ERROR else "rejected"
    return Problem(_SLUGS.get(status, general), status)


def body_too_large(limit_bytes: int) -> Problem:
    """413 with the limit of the route."""
    limit = size_text(limit_bytes)
    return Problem("body-too-large", 413, limit=limit, limit_bytes=limit_bytes)


def is_form(headers: Headers) -> bool:
    """Whether the body is announced as a form."""
    return headers.get("content-type", "").lower().startswith(_FORM_TYPES)


def _of_http(request: Request, error: HTTPException) -> Problem:
    if isinstance(error, Problem):
        return error
    problem = _of_form(error.detail) or of_status(error.status_code, request.scope)
    problem.headers = error.headers
    return problem


def _of_form(detail: object) -> Problem | None:
    """Starlette says what is wrong with a form only in the text of its error."""
    text = detail if isinstance(detail, str) else ""
    if text.startswith(_FORM_TOO_LARGE):
        return Problem("form-too-large", 413)
    if text.startswith(_FORM_UNREADABLE):
        return Problem("form-unreadable", 400)
    return None


def _of_validation(request: Request, error: RequestValidationError, problems: Problems) -> Problem:
    if _wrong_media_type(request, error.body):
        return Problem("media-type-not-supported", 415)
    if any(each["type"] == "json_invalid" for each in error.errors()):
        return Problem("json-invalid", 400)
    errors = list(error.errors())
    more = max(0, len(errors) - MOST_ERRORS)
    described = describe(errors, problems.messages)
    return Problem("validation-failed", 422, errors=described, more_errors=more)


def _wrong_media_type(request: Request, body: object) -> bool:
    """FastAPI leaves a body as bytes, or a form empty, when its type is not the route's."""
    if isinstance(body, bytes):
        return True
    return isinstance(body, FormData) and not is_form(request.headers)


def _of_rejection(_request: Request, error: Exception) -> Problem:
    """A rejection carries `slug` and `status`; `members`, if it has them, fill the sentence."""
    problem = Problem(getattr(error, "slug", "rejected"), getattr(error, "status", 409))
    problem.members = dict(getattr(error, "members", {}))
    return problem
