"""The composition root of ledger-svc: the only module that reads settings and builds objects."""

from collections.abc import Collection
from functools import partial
from typing import Final

from fastapi import FastAPI
from fundmix_events import topics
from fundmix_kit.commands import CommandRunner, Gate
from fundmix_kit.http import build_app, build_operational_app
from fundmix_kit.operations import Retrying, operations_router, quarantine_router
from fundmix_kit.outbox import Outbox
from fundmix_kit.process import Process
from fundmix_kit.streaming import Streams

from ledger_svc import NAME
from ledger_svc.api.exports import exports_router
from ledger_svc.api.funds import funds_router, holds_router
from ledger_svc.api.gifts import gifts_router
from ledger_svc.api.goals import goals_router
from ledger_svc.api.imports import imports_router
from ledger_svc.api.ledger import ledger_router
from ledger_svc.api.lot_holds import lot_holds_router
from ledger_svc.api.policy import POLICY
from ledger_svc.api.problems import PROBLEMS
from ledger_svc.api.readings import readings_router
from ledger_svc.api.reports import reports_router
from ledger_svc.api.requests import (
    RequestActions,
    closes_router,
    preparing_router,
    requests_router,
)
from ledger_svc.apply import LedgerHandler
from ledger_svc.catching_up import CatchingUp
from ledger_svc.clock import watch_goals
from ledger_svc.commands import Commands
from ledger_svc.consumer import CODEC, PARTITIONS
from ledger_svc.goal_commands import GoalCommands
from ledger_svc.import_commands import ImportCommands
from ledger_svc.settings import Settings
from ledger_svc.storage.sources import LedgerSource

PUBLISHED: Final = {
    topic: topics.PARTITIONS[topic] for topic in (topics.LEDGER_REQUESTS, topics.LEDGER)
}
# What is decided here is said on one topic; the other is the journal itself.
DECIDED: Final = {topics.LEDGER_REQUESTS: topics.PARTITIONS[topics.LEDGER_REQUESTS]}


def build_api(process: Process, *, gate: Gate | None = None) -> FastAPI:
    """With a `gate`, commands are accepted when it lets them pass."""
    database, clock = process.database, process.clock
    runner = CommandRunner(
        database,
        clock=clock,
        replicated_topics=(topics.REGISTRY,),
        replica_wait_ms_max=process.settings.http.replica_wait_ms_max,
        gate=gate,
    )
    # That all is sent again may be what the ledger waits for; a retry enters the journal.
    operating = CommandRunner(database, clock=clock)
    deciding = CommandRunner(database, clock=clock, gate=gate)
    outbox = Outbox(source=f"/{NAME}", partitions=DECIDED, clock=clock)
    commands = Commands(outbox=outbox, clock=clock)
    actions = RequestActions(runner=runner, commands=commands, clock=clock)
    goals = GoalCommands(outbox=outbox, clock=clock)
    retrying = Retrying(codec=CODEC, handler=LedgerHandler(clock=clock), clock=clock)
    http = process.settings.http
    streams = Streams(streams_max=http.streams_max, stream_time_ms_max=http.stream_time_ms_max)
    return build_app(
        title=NAME,
        settings=http,
        table=PROBLEMS,
        policy=POLICY,
        verifier=process.verifier,
        routers=[
            ledger_router(database),
            preparing_router(actions),
            requests_router(database, actions),
            closes_router(database, actions),
            funds_router(database, clock),
            holds_router(database, runner, commands),
            lot_holds_router(runner, clock),
            gifts_router(database),
            imports_router(database, actions, ImportCommands(commands, clock=clock)),
            reports_router(database),
            operations_router(database, operating),
            quarantine_router(database, deciding, retrying),
            exports_router(database, streams),
            goals_router(database, runner, goals, clock),
            readings_router(database, clock),
        ],
        health=process.health,
        metrics=process.metrics,
    )


async def run(settings: Settings, parts: Collection[str]) -> None:
    process = Process(NAME, settings)
    catching_up = CatchingUp(
        database=process.database, kafka=settings.kafka, is_follower="consumer" in parts
    )
    process.add_loop("catching_up", catching_up.run)
    process.health.add("catching_up", catching_up.check)
    after = catching_up.wait_for_journal
    if "relay" in parts:
        process.add_relay(LedgerSource(), PUBLISHED, after=after)
    if "consumer" in parts:
        handler = LedgerHandler(clock=process.clock)
        process.add_consumer(handler, codec=CODEC, partitions=PARTITIONS, after=after)
    if "clock" in parts:
        outbox = Outbox(source=f"/{NAME}", partitions=DECIDED, clock=process.clock)
        goals = GoalCommands(outbox=outbox, clock=process.clock)
        process.add_loop("clock", partial(watch_goals, process.database, goals), after=after)
    if "api" in parts:
        app = build_api(process, gate=catching_up.gate)
    else:
        app = build_operational_app(
            settings=settings.http, health=process.health, metrics=process.metrics
        )
    await process.serve(app)
