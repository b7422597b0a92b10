"""The app factory: a FastAPI app that keeps the promises every API of the house makes."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from fastapi import APIRouter, Depends, FastAPI
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Lifespan

from web.auth import TokenVerifier
from web.correlation import Correlation
from web.envelope import Envelope
from web.errors import install
from web.json_body import JsonBody
from web.limits import Limits, RequestHead, forms_without_nul
from web.openapi import PROBLEM_RESPONSES
from web.probes import Check, probes
from web.problem import Problems
from web.request_log import RequestLog
from web.stopwatch import TimeLimit

_NO_MESSAGES: Mapping[str, str] = MappingProxyType({})


def create_app(
    *,
    title: str,
    verifier: TokenVerifier,
    limits: Limits,
    health: Mapping[str, Check],
    routers: Sequence[APIRouter],
    lifespan: Lifespan[FastAPI] | None = None,
    messages: Mapping[str, str] = _NO_MESSAGES,
    rejections: Sequence[type[Exception]] = (),
) -> FastAPI:
    """An API whose every error is a problem document and whose every route names its roles.

    `health` names what must work for the service to be ready; a check that raises fails.
    `messages` has a German sentence per slug of the service; `rejections` are the base classes
    of its domain's refusals, exceptions with `slug` and `status` (and `members`, if any).
    """
    problems = Problems(messages)
    app = _Api(limits, problems, title=title, lifespan=lifespan)
    app.state.verifier = verifier
    install(app, problems, rejections)
    for router in (*routers, probes(health)):
        app.include_router(router)
    return app


class _Api(FastAPI):
    """FastAPI inside the layers that must also see what FastAPI itself answers."""

    def __init__(
        self, limits: Limits, problems: Problems, *, title: str, lifespan: Lifespan[FastAPI] | None
    ) -> None:
        super().__init__(
            title=title,
            lifespan=lifespan,
            openapi_url=None,
            docs_url=None,
            redoc_url=None,
            redirect_slashes=False,
            responses=PROBLEM_RESPONSES,
            dependencies=[Depends(forms_without_nul)],
            middleware=[Middleware(JsonBody, deepest=limits.json_depth)],
            max_body_size=limits.body_bytes,
            form_limits={
                "max_fields": limits.form_fields,
                "max_files": limits.form_files,
                "max_part_size": limits.form_field_bytes,
            },
        )
        self._limits = limits
        self._problems = problems

    def build_middleware_stack(self) -> ASGIApp:
        """FastAPI's own stack, framed: the first line below is the innermost layer."""
        stack: ASGIApp = super().build_middleware_stack()
        stack = TimeLimit(stack, self._limits, self._problems)
        stack = RequestHead(stack, self._limits, self._problems)
        stack = RequestLog(stack, self._problems)
        stack = Envelope(stack, self._problems)
        return Correlation(stack)
