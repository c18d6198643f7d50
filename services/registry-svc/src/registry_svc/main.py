"""The composition root of registry-svc: the only module that reads settings and builds objects."""

from collections.abc import Collection
from typing import Final

from fastapi import FastAPI
from fundmix_events import topics
from fundmix_kit.commands import CommandRunner
from fundmix_kit.http import build_app, build_operational_app
from fundmix_kit.operations import operations_router
from fundmix_kit.outbox import Outbox, OutboxSource
from fundmix_kit.process import Process

from registry_svc import NAME
from registry_svc.api.change_requests import change_requests_router
from registry_svc.api.imports import imports_router
from registry_svc.api.organisations import organisations_router
from registry_svc.api.policy import POLICY
from registry_svc.api.problems import PROBLEMS
from registry_svc.api.public import public_router
from registry_svc.api.recording import Recording
from registry_svc.api.standing import standing_router
from registry_svc.api.suspension import suspension_router
from registry_svc.commands import Commands
from registry_svc.settings import Settings

PUBLISHED: Final = {topics.REGISTRY: topics.PARTITIONS[topics.REGISTRY]}


def build_api(process: Process) -> FastAPI:
    database, clock = process.database, process.clock
    runner = CommandRunner(database, clock=clock)
    outbox = Outbox(source=f"/{NAME}", partitions=PUBLISHED, clock=clock)
    commands = Commands(outbox=outbox, clock=clock)
    recording = Recording(runner, commands, clock=clock)
    return build_app(
        title=NAME,
        settings=process.settings.http,
        table=PROBLEMS,
        policy=POLICY,
        verifier=process.verifier,
        routers=[
            imports_router(runner, commands),
            organisations_router(database, runner, commands, clock=clock),
            change_requests_router(database, runner, commands),
            suspension_router(recording, clock=clock),
            standing_router(recording, clock=clock),
            public_router(database, clock=clock),
            operations_router(database, runner),
        ],
        health=process.health,
        metrics=process.metrics,
    )


async def run(settings: Settings, parts: Collection[str]) -> None:
    process = Process(NAME, settings)
    if "relay" in parts:
        process.add_relay(OutboxSource(), PUBLISHED)
    if "api" in parts:
        app = build_api(process)
    else:
        app = build_operational_app(
            settings=settings.http, health=process.health, metrics=process.metrics
        )
    await process.serve(app)
