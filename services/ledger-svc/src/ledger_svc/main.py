"""The composition root of ledger-svc: the only module that reads settings and builds objects."""

from collections.abc import Collection
from typing import Final

from fastapi import FastAPI
from fundmix_events import topics
from fundmix_kit.commands import CommandRunner
from fundmix_kit.http import build_app, build_operational_app
from fundmix_kit.operations import Retrying, operations_router, quarantine_router
from fundmix_kit.process import Process
from fundmix_kit.streaming import Streams

from ledger_svc import NAME
from ledger_svc.api.exports import exports_router
from ledger_svc.api.ledger import ledger_router
from ledger_svc.api.policy import POLICY
from ledger_svc.api.problems import PROBLEMS
from ledger_svc.apply import LedgerHandler
from ledger_svc.consumer import CODEC, PARTITIONS
from ledger_svc.settings import Settings
from ledger_svc.storage.sources import LedgerSource

PUBLISHED: Final = {
    topic: topics.PARTITIONS[topic] for topic in (topics.LEDGER_REQUESTS, topics.LEDGER)
}


def build_api(process: Process) -> FastAPI:
    database, clock = process.database, process.clock
    runner = CommandRunner(database, clock=clock)
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
            exports_router(database, streams),
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
    if "api" in parts:
        app = build_api(process)
    else:
        app = build_operational_app(
            settings=settings.http, health=process.health, metrics=process.metrics
        )
    await process.serve(app)
