"""Routes of evaluations: score, rate, publish, amend, object, accept, decide, read."""

from http import HTTPStatus
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fundmix_events import topics
from fundmix_events.evaluations import Stage
from fundmix_kit.clock import Clock
from fundmix_kit.commands import Answer, CommandRunner
from fundmix_kit.database import Connection, Database
from fundmix_kit.etag import etag, expected_version
from fundmix_kit.origin import Origin
from fundmix_kit.paging import Page, PageDep, page_response
from fundmix_kit.policy import Access, AccessDep
from fundmix_kit.replicas import Position

from contracts_svc import evaluation_queries
from contracts_svc.api.evaluation_bodies import (
    AcceptedResultIn,
    AmendedVersionIn,
    DecisionIn,
    EvaluationOut,
    ObjectionIn,
    PublicationIn,
    RatingsIn,
    ScoreIn,
    evaluation_out,
)
from contracts_svc.evaluation_commands import Evaluated, EvaluationCommands, EvaluationTarget
from contracts_svc.evaluation_queries import seen_by

EVALUATIONS: Final = "/v1/contracts/{contract_id}/evaluations"
STAGE: Final = f"{EVALUATIONS}/{{stage}}"
VERSION_MAX: Final = 2**31 - 1


def scoring_router(runner: CommandRunner, commands: EvaluationCommands, clock: Clock) -> APIRouter:
    """What happens to an open evaluation. No event tells of a score: it may still be replaced."""
    router = APIRouter(tags=["evaluations"])

    @router.post(f"{STAGE}/scores", response_model=EvaluationOut)
    async def score(
        request: Request, access: AccessDep, contract_id: UUID, stage: Stage, body: ScoreIn
    ) -> Response:
        async def command(connection: Connection, origin: Origin) -> Answer:
            done = await commands.score(
                connection,
                origin,
                _target(request, access, contract_id, stage),
                dimension=body.dimension,
                points=body.score,
            )
            return _answer(done, access, clock)

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    @router.post(f"{STAGE}/ratings", response_model=EvaluationOut)
    async def rate(
        request: Request, access: AccessDep, contract_id: UUID, stage: Stage, body: RatingsIn
    ) -> Response:
        async def command(connection: Connection, origin: Origin) -> Answer:
            done = await commands.rate(
                connection,
                origin,
                _target(request, access, contract_id, stage),
                ratings=body.counted(),
            )
            return _answer(done, access, clock)

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    @router.post(f"{STAGE}/versions", status_code=HTTPStatus.CREATED, response_model=EvaluationOut)
    async def amend(
        request: Request, access: AccessDep, contract_id: UUID, stage: Stage, body: AmendedVersionIn
    ) -> Response:
        async def command(connection: Connection, origin: Origin) -> Answer:
            target = _target(request, access, contract_id, stage)
            done = await commands.amend(connection, origin, target, reason=body.reason)
            return _answer(done, access, clock)

        return await runner.run(request, access, command)

    return router


def results_router(runner: CommandRunner, commands: EvaluationCommands, clock: Clock) -> APIRouter:
    """What is said to everybody: each of these is an event of the contract."""
    router = APIRouter(tags=["evaluations"])

    @router.post(f"{STAGE}/publish", response_model=EvaluationOut)
    async def publish(
        request: Request, access: AccessDep, contract_id: UUID, stage: Stage, body: PublicationIn
    ) -> Response:
        async def command(connection: Connection, origin: Origin) -> Answer:
            done = await commands.publish(
                connection,
                origin,
                _target(request, access, contract_id, stage),
                evaluated_on=body.evaluated_on,
                published_on=body.published_on,
            )
            return _answer(done, access, clock, is_said=True)

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    @router.post(f"{STAGE}/objection", response_model=EvaluationOut)
    async def raise_objection(
        request: Request, access: AccessDep, contract_id: UUID, stage: Stage, body: ObjectionIn
    ) -> Response:
        async def command(connection: Connection, origin: Origin) -> Answer:
            target = _target(request, access, contract_id, stage)
            done = await commands.raise_objection(connection, origin, target, grounds=body.grounds)
            return _answer(done, access, clock, is_said=True)

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    @router.post(f"{STAGE}/accept", response_model=EvaluationOut)
    async def accept_result(
        request: Request, access: AccessDep, contract_id: UUID, stage: Stage, body: AcceptedResultIn
    ) -> Response:
        del body  # it only has to be one

        async def command(connection: Connection, origin: Origin) -> Answer:
            target = _target(request, access, contract_id, stage)
            done = await commands.accept_result(connection, origin, target)
            return _answer(done, access, clock, is_said=True)

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    @router.post(f"{STAGE}/decision", response_model=EvaluationOut)
    async def decide_deduction(
        request: Request, access: AccessDep, contract_id: UUID, stage: Stage, body: DecisionIn
    ) -> Response:
        async def command(connection: Connection, origin: Origin) -> Answer:
            done = await commands.decide_deduction(
                connection,
                origin,
                _target(request, access, contract_id, stage),
                deduction=body.deduction,
                reason=body.reason,
            )
            return _answer(done, access, clock, is_said=True)

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    return router


def evaluations_router(database: Database, clock: Clock) -> APIRouter:
    router = APIRouter(tags=["evaluations"])

    @router.get(EVALUATIONS, response_model=Page[EvaluationOut])
    async def list_evaluations(
        request: Request, access: AccessDep, contract_id: UUID, page: PageDep
    ) -> Response:
        rows = await evaluation_queries.list_evaluations(
            database, contract_id, access=access, page=page
        )
        return page_response(
            request,
            rows,
            page=page,
            sort_key=lambda r: (r.evaluation.stage, r.evaluation.version),
            item=lambda r: evaluation_out(r, today=clock.today()),
        )

    @router.get(STAGE, response_model=EvaluationOut)
    async def show_evaluation(
        access: AccessDep,
        contract_id: UUID,
        stage: Stage,
        version: Annotated[int | None, Query(ge=1, le=VERSION_MAX)] = None,
    ) -> Response:
        """The latest version, or the one asked for; those who do not make it see what is published.

        Its tag is for If-Match only: whether an outcome is open changes with the day.
        """
        seen = await evaluation_queries.read_evaluation(
            database, contract_id, stage, version=version, access=access
        )
        headers = {"ETag": etag(seen.evaluation.revision), "Cache-Control": "private, no-store"}
        body = evaluation_out(seen, today=clock.today()).model_dump_json()
        return Response(body, headers=headers, media_type="application/json")

    return router


def _target(request: Request, access: Access, contract_id: UUID, stage: Stage) -> EvaluationTarget:
    return EvaluationTarget(
        contract_id=contract_id,
        stage=stage,
        access=access,
        expected_revision=expected_version(request, required=False),
    )


def _answer(done: Evaluated, access: Access, clock: Clock, *, is_said: bool = False) -> Answer:
    """Its tag is that of the evaluation; its position, if an event was said, the contract's."""
    contract, evaluation = done.contract, done.evaluation
    key = str(contract.contract_id)
    seen = seen_by(access, contract, evaluation, done.scheme)
    position = Position(topic=topics.CONTRACTS, key=key, version=contract.version)
    return Answer(
        body=evaluation_out(seen, today=clock.today()),
        version=evaluation.revision,
        positions=[position] if is_said else [],
        location=f"/v1/contracts/{key}/evaluations/{evaluation.stage}?version={evaluation.version}",
    )
