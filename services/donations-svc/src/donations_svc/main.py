"""The composition root of donations-svc: the only module that reads settings and builds objects."""

from collections.abc import Collection
from functools import partial
from typing import Final

import httpx2
from fastapi import FastAPI
from fundmix_events import topics
from fundmix_kit.commands import CommandRunner
from fundmix_kit.http import build_app, build_operational_app
from fundmix_kit.operations import Retrying, operations_router, quarantine_router
from fundmix_kit.outbox import Outbox, OutboxSource
from fundmix_kit.process import Process
from fundmix_kit.replica_handler import ReplicaHandler
from fundmix_kit.streaming import Streams
from fundmix_kit.table_file.rows import TableLimits

from donations_svc import NAME
from donations_svc.api.announcements import announcements_router
from donations_svc.api.contacts import contacts_router
from donations_svc.api.donations import donations_router
from donations_svc.api.giving_back import purpose_changes_router, refunds_router
from donations_svc.api.imports import IMPORTS, imports_router
from donations_svc.api.open_giving import Publication
from donations_svc.api.pledges import pledges_router
from donations_svc.api.policy import POLICY
from donations_svc.api.problems import PROBLEMS
from donations_svc.api.public import public_router
from donations_svc.api.receipts import receipts_router
from donations_svc.api.reversals import reversals_router
from donations_svc.api.statements import statements_router
from donations_svc.api.todo import todo_router
from donations_svc.commands import Commands
from donations_svc.consumer import CODEC, PARTITIONS, state_of
from donations_svc.contact_commands import ContactCommands
from donations_svc.contact_keys import check_key_ring, read_key_ring
from donations_svc.giving_back_commands import GivingBack
from donations_svc.import_commands import ImportCommands
from donations_svc.ledger import Ledger
from donations_svc.receipt_commands import ReceiptCommands
from donations_svc.receipt_jobs import work
from donations_svc.receipt_pdf.renderer import Renderer
from donations_svc.reversal_commands import Reversals
from donations_svc.settings import ImportSettings, LedgerSettings, Settings
from donations_svc.storage.sealing import KeyRing

PUBLISHED: Final = {topics.DONATIONS: topics.PARTITIONS[topics.DONATIONS]}


def build_api(process: Process, settings: Settings, ledger: Ledger, keys: KeyRing) -> FastAPI:
    database, clock = process.database, process.clock
    runner = CommandRunner(
        database,
        clock=clock,
        replicated_topics=PARTITIONS,
        replica_wait_ms_max=process.settings.http.replica_wait_ms_max,
    )
    outbox = Outbox(source=f"/{NAME}", partitions=PUBLISHED, clock=clock)
    commands = Commands(outbox=outbox, clock=clock)
    limits = settings.donation_import
    imports = ImportCommands(outbox=outbox, clock=clock, limits=table_limits(limits))
    giving_back = GivingBack(outbox=outbox, clock=clock, ledger=ledger)
    reversals = Reversals(outbox=outbox, clock=clock, ledger=ledger)
    receipts = receipt_commands(process, settings)
    renderer = Renderer(
        threads_max=settings.receipts.render_threads_max,
        waiting_max=settings.receipts.renders_waiting_max,
    )
    streams = Streams(
        streams_max=settings.http.streams_max,
        stream_time_ms_max=settings.http.stream_time_ms_max,
    )
    retrying = Retrying(codec=CODEC, handler=ReplicaHandler(state_of), clock=clock)
    return build_app(
        title=NAME,
        settings=process.settings.http,
        table=PROBLEMS,
        policy=POLICY,
        verifier=process.verifier,
        routers=[
            pledges_router(database, runner, commands, clock),
            announcements_router(database, runner, commands),
            donations_router(database, runner, commands),
            refunds_router(database, runner, giving_back, clock),
            purpose_changes_router(database, runner, giving_back),
            reversals_router(runner, reversals, time_ms_max=limits.time_ms_max),
            receipts_router(database, runner, receipts, renderer),
            statements_router(database, ledger),
            imports_router(database, runner, imports, time_ms_max=limits.time_ms_max),
            todo_router(database, clock),
            contacts_router(
                database,
                _contact_runner(process, keys),
                ContactCommands(keys=keys, clock=clock),
            ),
            public_router(database, clock, streams, Publication(**dict(settings.open_data))),
            operations_router(database, runner),
            quarantine_router(database, runner, retrying),
        ],
        health=process.health,
        metrics=process.metrics,
        upload_bytes_max={IMPORTS: limits.file_bytes_max},
    )


def receipt_commands(process: Process, settings: Settings) -> ReceiptCommands:
    return ReceiptCommands(clock=process.clock, public_url=str(settings.receipts.public_url))


def _contact_runner(process: Process, keys: KeyRing) -> CommandRunner:
    """What is kept to know a request again must not let anybody try out who was in it."""
    return CommandRunner(
        process.database, clock=process.clock, fingerprint_key=keys.fingerprint_key
    )


async def run(settings: Settings, parts: Collection[str]) -> None:
    process = Process(NAME, settings)
    if "relay" in parts:
        process.add_relay(OutboxSource(), PUBLISHED)
    if "consumer" in parts:
        process.add_consumer(ReplicaHandler(state_of), codec=CODEC, partitions=PARTITIONS)
    if "jobs" in parts:
        issuing = receipt_commands(process, settings)
        process.add_loop("jobs", partial(work, process.database, issuing, process.clock))
    if "api" in parts:
        keys = read_key_ring(settings.contacts)
        await check_key_ring(process.database, keys)
        async with ledger_client(settings.ledger) as client:
            await process.serve(build_api(process, settings, Ledger(client), keys))
        return
    await process.serve(
        build_operational_app(
            settings=settings.http, health=process.health, metrics=process.metrics
        )
    )


def table_limits(settings: ImportSettings) -> TableLimits:
    return TableLimits(
        rows_max=settings.rows_max,
        memory_bytes_max=settings.reader_memory_bytes_max,
        processor_s_max=settings.reader_processor_s_max,
    )


def ledger_client(settings: LedgerSettings) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        base_url=str(settings.url), timeout=settings.timeout_ms / 1000, trust_env=False
    )
