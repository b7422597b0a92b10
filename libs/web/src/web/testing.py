"""What the tests of every service ask of its API as a whole."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from web.auth import Requires, Role, for_everyone
from web.messages import own_messages


@dataclass(frozen=True, slots=True)
class RouteRoles:
    """A route and who may call it; `roles` is None when it names none."""

    method: str
    path: str
    roles: frozenset[Role] | None
    for_everyone: bool


def routes(app: FastAPI) -> list[RouteRoles]:
    """Every route of the app, one entry per method."""
    return [
        RouteRoles(method, route.path or "", _roles(calls), for_everyone in calls)
        for route in iter_route_contexts(app.routes)
        for calls in [list(_calls(getattr(route, "dependant", None)))]
        for method in sorted(route.methods or {"*"})
    ]


def routes_without_role(app: FastAPI) -> list[str]:
    """`METHOD /path` of each route that names no role and does not say it is for everyone."""
    return [
        f"{route.method} {route.path}"
        for route in routes(app)
        if route.roles is None and not route.for_everyone
    ]


def rejections_without_sentence(
    root: type[Exception], messages: Mapping[str, str], package: str
) -> list[str]:
    """The slugs of all rejections under `root` defined in `package` that have no sentence."""
    slugs = {each.__dict__.get("slug", "") for each in _subclasses(root) if _within(each, package)}
    return sorted(slugs - messages.keys() - own_messages().keys())


def _roles(calls: list[object]) -> frozenset[Role] | None:
    named = [call.roles for call in calls if isinstance(call, Requires)]
    return frozenset[Role].intersection(*named) if named else None


def _calls(dependant: Dependant | None) -> Iterator[object]:
    for dependency in dependant.dependencies if dependant else ():
        yield dependency.call
        yield from _calls(dependency)


def _subclasses(root: type[Exception]) -> Iterator[type[Exception]]:
    for child in root.__subclasses__():
        yield child
        yield from _subclasses(child)


def _within(kind: type[Exception], package: str) -> bool:
    return kind.__module__ == package or kind.__module__.startswith(f"{package}.")
