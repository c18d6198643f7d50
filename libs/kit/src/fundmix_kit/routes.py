"""Which routes an application has, by template: policy, metrics and logs never see raw paths."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from fastapi.routing import iter_route_contexts
from starlette.applications import Starlette
from starlette.types import Scope

# For machines that run the service; they carry no token and show no business data.
OPERATIONAL_PATHS: Final = frozenset({"/healthz", "/readyz", "/metrics", "/openapi.json"})

UNMATCHED: Final = "unmatched"
ROUTE_KEY: Final = "fundmix.route"


def iter_routes(app: Starlette) -> Iterator[tuple[str, str]]:
    """Every (method, path template), whatever kind of route it is."""
    for route in iter_route_contexts(app.routes):
        for method in sorted(route.methods or {"*"}):
            yield method, str(route.path_format or route.path)


class RouteTemplates:
    """The template of the route that the router has chosen for a request."""

    def __init__(self, app: Starlette) -> None:
        self._app = app
        self._by_endpoint: dict[Callable[..., Any], str] = {}

    def of(self, scope: Scope) -> str:
        endpoint = scope.get("endpoint")
        if endpoint is None:
            return UNMATCHED
        if endpoint not in self._by_endpoint:
            self._by_endpoint = self._read()
        return self._by_endpoint.get(endpoint, UNMATCHED)

    def _read(self) -> dict[Callable[..., Any], str]:
        templates: dict[Callable[..., Any], str] = {}
        for route in iter_route_contexts(self._app.routes):
            path = str(route.path_format or route.path)
            # FastAPI does not tell which of several paths an endpoint was reached by.
            if route.endpoint is not None and templates.setdefault(route.endpoint, path) != path:
                raise AmbiguousEndpointError(route.endpoint.__qualname__)
        return templates


def route_of(scope: Scope) -> str:
    """The template of a guarded route, for whom its guard has left it."""
    route = scope[ROUTE_KEY]
    assert isinstance(route, str)
    return route


class AmbiguousEndpointError(Exception):
    """One function serves two paths; give each path its own."""
