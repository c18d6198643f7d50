"""Routes of contracts: sign, amend, terminate, deliver, accept, list and show."""

from collections.abc import Sequence
from functools import partial
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fundmix_events.credit_code import CreditCode
from fundmix_events.money import Currency, Money
from fundmix_events.roles import Role
from fundmix_events.text import Label
from fundmix_kit.clock import Clock
from fundmix_kit.commands import Answer, CommandRunner
from fundmix_kit.database import Connection, Database
from fundmix_kit.etag import resource_response
from fundmix_kit.origin import Origin
from fundmix_kit.paging import Page, PageDep, page_response
from fundmix_kit.policy import AccessDep

from contracts_svc import queries
from contracts_svc.api.answers import ContractActions, signed_answer
from contracts_svc.api.bodies import (
    AcceptanceIn,
    AcceptanceOut,
    AmendmentIn,
    ContractDetailOut,
    ContractIn,
    ContractOut,
    ContractSummaryOut,
    DeliveryIn,
    DeliveryOut,
    SignedOut,
    TerminationIn,
    contract_detail,
    contract_out,
)
from contracts_svc.api.payment_bodies import TodoAction, TodoOut
from contracts_svc.commands import Commands, Signing
from contracts_svc.domain.errors import ContractsError
from contracts_svc.storage.todo import TodoRow


def contracts_router(database: Database, actions: ContractActions, commands: Commands) -> APIRouter:
    clock = actions.clock
    router = APIRouter(tags=["contracts"])
    _add_signing(router, actions.runner, commands, clock)
    _add_actions(router, actions, commands)
    _add_lists(router, database, clock)
    _add_reports(router, database)
    _add_todo(router, database, clock)
    return router


def _add_signing(
    router: APIRouter, runner: CommandRunner, commands: Commands, clock: Clock
) -> None:
    async def sign(
        connection: Connection, signings: Sequence[tuple[Origin, Signing]]
    ) -> Sequence[Answer | Exception]:
        return [
            outcome
            if isinstance(outcome, ContractsError)
            else signed_answer(*outcome, today=clock.today())
            for outcome in await commands.sign_contracts(connection, signings)
        ]

    shared = runner.shared(sign)

    @router.post("/v1/contracts", status_code=HTTPStatus.CREATED, response_model=SignedOut)
    async def sign_contract(request: Request, access: AccessDep, body: ContractIn) -> Response:
        access.require_own(body.buyer)
        access.require_level(body.payer_level)
        signing = Signing(terms=body.terms(), buyer=body.buyer, agency=body.agency)
        return await runner.run_shared(request, access, shared, signing)


def _add_actions(router: APIRouter, actions: ContractActions, commands: Commands) -> None:
    @router.post("/v1/contracts/{contract_id}/amendments", response_model=ContractSummaryOut)
    async def amend_contract(
        request: Request, access: AccessDep, contract_id: UUID, body: AmendmentIn
    ) -> Response:
        act = partial(commands.amend_contract, amendment=body.amendment())
        return await actions.run(request, access, contract_id, act, status=HTTPStatus.CREATED)

    @router.post("/v1/contracts/{contract_id}/terminate", response_model=ContractSummaryOut)
    async def terminate_contract(
        request: Request, access: AccessDep, contract_id: UUID, body: TerminationIn
    ) -> Response:
        act = partial(commands.terminate_contract, termination=body.termination())
        return await actions.run(request, access, contract_id, act)

    @router.post("/v1/contracts/{contract_id}/deliveries", response_model=ContractSummaryOut)
    async def report_delivery(
        request: Request, access: AccessDep, contract_id: UUID, body: DeliveryIn
    ) -> Response:
        act = partial(commands.report_delivery, reported=body.delivery())
        return await actions.run(request, access, contract_id, act, status=HTTPStatus.CREATED)

    @router.post("/v1/contracts/{contract_id}/acceptances", response_model=ContractSummaryOut)
    async def accept_delivery(
        request: Request, access: AccessDep, contract_id: UUID, body: AcceptanceIn
    ) -> Response:
        act = partial(commands.accept_delivery, acceptance=body.acceptance())
        return await actions.run(request, access, contract_id, act, status=HTTPStatus.CREATED)


def _add_lists(router: APIRouter, database: Database, clock: Clock) -> None:
    @router.get("/v1/contracts", response_model=Page[ContractOut])
    async def list_contracts(
        request: Request,
        access: AccessDep,
        page: PageDep,
        number: Annotated[Label | None, Query()] = None,
        buyer: Annotated[CreditCode | None, Query()] = None,
        agency: Annotated[CreditCode | None, Query()] = None,
    ) -> Response:
        rows = await queries.list_contracts(
            database, org=access.org_filter, number=number, buyer=buyer, agency=agency, page=page
        )
        today = clock.today()
        return page_response(
            request,
            rows,
            page=page,
            sort_key=lambda r: (r[0].contract_id,),
            item=lambda r: contract_out(r, today=today),
        )

    @router.get("/v1/contracts/{contract_id}", response_model=ContractDetailOut)
    async def show_contract(request: Request, access: AccessDep, contract_id: UUID) -> Response:
        found = await queries.read_contract(database, contract_id)
        row = found.contract[0]
        access.require_own(row.buyer, row.agency)
        body = contract_detail(
            found.contract, found.amendments, found.reversals, today=clock.today()
        )
        return resource_response(request, body, version=row.version)


def _add_reports(router: APIRouter, database: Database) -> None:
    @router.get("/v1/contracts/{contract_id}/deliveries", response_model=Page[DeliveryOut])
    async def list_deliveries(
        request: Request, access: AccessDep, contract_id: UUID, page: PageDep
    ) -> Response:
        parties, rows = await queries.list_deliveries(database, contract_id, page=page)
        access.require_own(*parties)
        return page_response(
            request,
            rows,
            page=page,
            sort_key=lambda r: (r.number,),
            item=lambda r: DeliveryOut.model_validate(r, from_attributes=True),
        )

    @router.get("/v1/contracts/{contract_id}/acceptances", response_model=Page[AcceptanceOut])
    async def list_acceptances(
        request: Request, access: AccessDep, contract_id: UUID, page: PageDep
    ) -> Response:
        parties, rows = await queries.list_acceptances(database, contract_id, page=page)
        access.require_own(*parties)
        return page_response(
            request,
            rows,
            page=page,
            sort_key=lambda r: (r.number,),
            item=lambda r: AcceptanceOut.model_validate(r, from_attributes=True),
        )


def _add_todo(router: APIRouter, database: Database, clock: Clock) -> None:
    @router.get("/v1/todo", response_model=Page[TodoOut])
    async def list_todo(request: Request, access: AccessDep, page: PageDep) -> Response:
        rows = await queries.list_todo(
            database,
            role=Role(access.principal.role),
            org=access.org_filter,
            subject=access.principal.subject,
            today=clock.today(),
            page=page,
        )
        return page_response(
            request,
            rows,
            page=page,
            sort_key=lambda r: (r.due_on, r.contract_id, r.action, r.reference),
            item=_todo_out,
        )


def _todo_out(row: TodoRow) -> TodoOut:
    return TodoOut(
        action=TodoAction(row.action),
        contract_id=row.contract_id,
        contract_number=row.contract_number,
        number=row.reference or None,
        due_on=row.due_on,
        amount=None if row.amount_minor is None else _money(row.amount_minor, row.currency),
    )


def _money(amount_minor: int, currency: str) -> Money:
    return Money.of(amount_minor, Currency(currency))
