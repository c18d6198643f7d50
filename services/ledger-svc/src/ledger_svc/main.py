"""The composition root of ledger-svc: the only module that reads settings and builds objects."""

from collections.abc import Collection
from functools import partial
from typing import Final

from fastapi import FastAPI
from fundmix_events import topics
from fundmix_kit.commands import CommandRunner
from fundmix_kit.http import build_app, build_operational_app
from fundmix_kit.operations import Retrying, operations_router, quarantine_router
from fundmix_kit.outbox import Outbox
from fundmix_kit.process import Process

from ledger_svc import NAME
from ledger_svc.api.goals import goals_router
from ledger_svc.api.ledger import ledger_router
from ledger_svc.api.policy import POLICY
from ledger_svc.api.problems import PROBLEMS
from ledger_svc.api.readings import readings_router
from ledger_svc.apply import LedgerHandler
from ledger_svc.clock import watch_goals
from ledger_svc.consumer import CODEC, PARTITIONS
from ledger_svc.goal_commands import GoalCommands
from ledger_svc.settings import Settings
from ledger_svc.storage.sources import LedgerSource

PUBLISHED: Final = {
    topic: topics.PARTITIONS[topic] for topic in (topics.LEDGER_REQUESTS, topics.LEDGER)
}
# What is decided here is said on one topic; the other is the journal itself.
DECIDED: Final = {topics.LEDGER_REQUESTS: topics.PARTITIONS[topics.LEDGER_REQUESTS]}


def build_api(process: Process) -> FastAPI:
    database, clock = process.database, process.clock
    runner = CommandRunner(database, clock=clock)
    outbox = Outbox(source=f"/{NAME}", partitions=DECIDED, clock=clock)
    goals = GoalCommands(outbox=outbox, clock=clock)
    retrying = Retrying(codec=CODEC, handler=LedgerHandler(clock=clock), clock=clock)
    return build_app(
        title=NAME,
        settings=process.settings.http,
        table=PROBLEMS,
        policy=POLICY,
        verifier=process.verifier,
        routers=[
            ledger_router(database),
            goals_router(database, runner, goals, clock),
            readings_router(database, clock),
            operations_router(database, runner),
            quarantine_router(database, runner, retrying),
        ],
        health=process.health,
        metrics=process.metrics,
    )


async def run(settings: Settings, parts: Collection[str]) -> None:
    process = Process(NAME, settings)
    if "relay" in parts:
        process.add_relay(LedgerSource(), PUBLISHED)
    if "consumer" in parts:
        handler = LedgerHandler(clock=process.clock)
        process.add_consumer(handler, codec=CODEC, partitions=PARTITIONS)
    if "clock" in parts:
        outbox = Outbox(source=f"/{NAME}", partitions=DECIDED, clock=process.clock)
        goals = GoalCommands(outbox=outbox, clock=process.clock)
        process.add_loop("clock", partial(watch_goals, process.database, goals))
    if "api" in parts:
        app = build_api(process)
    else:
        app = build_operational_app(
            settings=settings.http, health=process.health, metrics=process.metrics
        )
    await process.serve(app)
