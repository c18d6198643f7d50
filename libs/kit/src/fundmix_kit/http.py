"""The HTTP application of a process: its routes, behind the same edge in every service."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from fastapi import APIRouter, FastAPI
from starlette.types import Lifespan

from fundmix_kit.auth import TokenVerifier, require_safe_binding
from fundmix_kit.edge import Edge
from fundmix_kit.health import Health
from fundmix_kit.json_bodies import read_strictly
from fundmix_kit.metrics import Metrics
from fundmix_kit.openapi import install_openapi
from fundmix_kit.policy import Policy, install_policy
from fundmix_kit.problem_handlers import install_problems
from fundmix_kit.problems import ProblemTable
from fundmix_kit.routes import RouteTemplates
from fundmix_kit.settings import HttpSettings

NO_UPLOADS: Final[Mapping[str, int]] = MappingProxyType({})


def build_app(
    *,
    title: str,
    settings: HttpSettings,
    table: ProblemTable,
    policy: Policy,
    verifier: TokenVerifier,
    routers: Sequence[APIRouter],
    health: Health,
    metrics: Metrics,
    lifespan: Lifespan[FastAPI] | None = None,
    upload_bytes_max: Mapping[str, int] = NO_UPLOADS,
) -> FastAPI:
    """The whole API of a service; `upload_bytes_max` has the paths that take files.

    Raises UnsafeBindingError.
    """
    require_safe_binding(verifier.settings, host=settings.host)
    app = FastAPI(title=title, docs_url=None, redoc_url=None, lifespan=lifespan)
    templates = _install_edge(
        app, settings=settings, table=table, metrics=metrics, upload_bytes_max=upload_bytes_max
    )
    _add_operational_routes(app, health, metrics)
    install_policy(app, policy, verifier, templates)
    for router in routers:
        read_strictly(router)
        app.include_router(router)
    install_openapi(app, policy)
    return app


def build_operational_app(*, settings: HttpSettings, health: Health, metrics: Metrics) -> FastAPI:
    """For a process without the API: only what its supervisor and Prometheus ask."""
    app = FastAPI(openapi_url=None)
    _install_edge(app, settings=settings, table=ProblemTable({}, {}), metrics=metrics)
    _add_operational_routes(app, health, metrics)
    return app


def _install_edge(
    app: FastAPI,
    *,
    settings: HttpSettings,
    table: ProblemTable,
    metrics: Metrics,
    upload_bytes_max: Mapping[str, int] = NO_UPLOADS,
) -> RouteTemplates:
    templates = RouteTemplates(app)
    app.add_middleware(
        Edge,
        table=table,
        metrics=metrics,
        templates=templates,
        body_bytes_max=settings.body_bytes_max,
        upload_bytes_max=upload_bytes_max,
        request_time_ms_max=settings.request_time_ms_max,
    )
    install_problems(app, table)
    return templates


def _add_operational_routes(app: FastAPI, health: Health, metrics: Metrics) -> None:
    app.add_route("/healthz", health.answer_alive)
    app.add_route("/readyz", health.answer_ready)
    app.add_route("/metrics", metrics.answer)
