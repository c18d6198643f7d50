"""The composition root of contracts-svc: the only module that reads settings and builds objects."""

from collections.abc import Collection
from functools import partial
from typing import Final

from fastapi import FastAPI
from fundmix_events import topics
from fundmix_kit.commands import CommandRunner
from fundmix_kit.http import build_app, build_operational_app
from fundmix_kit.operations import Retrying, operations_router, quarantine_router
from fundmix_kit.outbox import Outbox, OutboxSource
from fundmix_kit.process import Process
from fundmix_kit.replica_handler import ReplicaHandler
from fundmix_kit.streaming import Streams

from contracts_svc import NAME
from contracts_svc.api.answers import ContractActions
from contracts_svc.api.contracts import contracts_router
from contracts_svc.api.drafts import drafts_router
from contracts_svc.api.evaluations import evaluations_router, results_router, scoring_router
from contracts_svc.api.obligations import obligations_router
from contracts_svc.api.ocds import Publication, ocds_router
from contracts_svc.api.payments import payments_router
from contracts_svc.api.policy import POLICY
from contracts_svc.api.problems import PROBLEMS
from contracts_svc.api.public import public_router
from contracts_svc.api.schemes import schemes_router
from contracts_svc.clock import watch_obligations
from contracts_svc.commands import Commands
from contracts_svc.consumer import CODEC, PARTITIONS, state_of
from contracts_svc.draft_commands import DraftCommands
from contracts_svc.evaluation_commands import EvaluationCommands
from contracts_svc.obligation_commands import ObligationCommands
from contracts_svc.settings import Settings

PUBLISHED: Final = {topics.CONTRACTS: topics.PARTITIONS[topics.CONTRACTS]}


def build_api(process: Process, settings: Settings) -> FastAPI:
    database, clock = process.database, process.clock
    runner = CommandRunner(
        database,
        clock=clock,
        replicated_topics=PARTITIONS,
        replica_wait_ms_max=process.settings.http.replica_wait_ms_max,
    )
    outbox = Outbox(source=f"/{NAME}", partitions=PUBLISHED, clock=clock)
    commands = Commands(outbox=outbox, clock=clock)
    actions = ContractActions(runner=runner, clock=clock)
    evaluating = EvaluationCommands(
        outbox=outbox,
        clock=clock,
        recipients_weight_bps_min=settings.evaluation.recipients_weight_bps_min,
    )
    streams = Streams(
        streams_max=settings.http.streams_max,
        stream_time_ms_max=settings.http.stream_time_ms_max,
    )
    publication = Publication(**dict(settings.open_data))
    retrying = Retrying(codec=CODEC, handler=ReplicaHandler(state_of), clock=clock)
    return build_app(
        title=NAME,
        settings=process.settings.http,
        table=PROBLEMS,
        policy=POLICY,
        verifier=process.verifier,
        routers=[
            contracts_router(database, actions, commands),
            payments_router(actions, commands),
            obligations_router(
                database, actions, ObligationCommands(outbox=outbox, clock=clock), clock
            ),
            schemes_router(database, runner, evaluating),
            scoring_router(runner, evaluating, clock),
            results_router(runner, evaluating, clock),
            evaluations_router(database, clock),
            public_router(database, clock, streams),
            ocds_router(database, clock, streams, publication),
            drafts_router(database, runner, DraftCommands(commands, clock=clock), clock),
            operations_router(database, runner),
            quarantine_router(database, runner, retrying),
        ],
        health=process.health,
        metrics=process.metrics,
    )


async def run(settings: Settings, parts: Collection[str]) -> None:
    process = Process(NAME, settings)
    if "relay" in parts:
        process.add_relay(OutboxSource(), PUBLISHED)
    if "consumer" in parts:
        process.add_consumer(ReplicaHandler(state_of), codec=CODEC, partitions=PARTITIONS)
    if "clock" in parts:
        outbox = Outbox(source=f"/{NAME}", partitions=PUBLISHED, clock=process.clock)
        watching = ObligationCommands(outbox=outbox, clock=process.clock)
        process.add_loop("clock", partial(watch_obligations, process.database, watching))
    if "api" in parts:
        app = build_api(process, settings)
    else:
        app = build_operational_app(
            settings=settings.http, health=process.health, metrics=process.metrics
        )
    await process.serve(app)
