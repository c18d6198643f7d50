"""Contracts over HTTP: sign, approve, pay, read."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from fundmix_events import topics
from fundmix_events.credit_code import CreditCode
from fundmix_events.money import Currency, Money
from fundmix_events.text import Label
from fundmix_kit.clock import Clock
from fundmix_kit.commands import Answer, CommandRunner
from fundmix_kit.database import Connection, Database
from fundmix_kit.etag import expected_version, resource_response
from fundmix_kit.origin import Origin
from fundmix_kit.paging import Page, PageDep, page_response
from fundmix_kit.policy import AccessDep
from fundmix_kit.replicas import Position

from contracts_svc import queries
from contracts_svc.api.bodies import (
    ApprovalIn,
    ContractIn,
    ContractOut,
    ContractSummaryOut,
    PaymentIn,
    TodoOut,
    contract_out,
    contract_summary,
)
from contracts_svc.commands import Commands
from contracts_svc.domain.contract import Contract, InstalmentState
from contracts_svc.storage.todo import TodoRow

Number = Annotated[int, Path(ge=1, le=99)]


def contracts_router(
    database: Database, runner: CommandRunner, commands: Commands, clock: Clock
) -> APIRouter:
    router = APIRouter(tags=["contracts"])

    @router.post("/v1/contracts", status_code=HTTPStatus.CREATED, response_model=ContractSummaryOut)
    async def sign_contract(request: Request, access: AccessDep, body: ContractIn) -> Response:
        access.require_own(body.buyer)
        access.require_level(body.payer_level)

        async def command(connection: Connection, origin: Origin) -> Answer:
            contract = await commands.sign_contract(
                connection, origin, body.terms(), buyer=body.buyer, agency=body.agency
            )
            return _answer(contract)

        return await runner.run(request, access, command)

    @router.post(
        "/v1/contracts/{contract_id}/instalments/{number}/approve",
        response_model=ContractSummaryOut,
    )
    async def approve_instalment(
        request: Request, access: AccessDep, contract_id: UUID, number: Number, body: ApprovalIn
    ) -> Response:
        async def command(connection: Connection, origin: Origin) -> Answer:
            contract = await commands.approve_instalment(
                connection,
                origin,
                contract_id,
                access=access,
                expected_version=expected_version(request, required=False),
                instalment_number=number,
                deduction=body.deduction,
            )
            return _answer(contract)

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    @router.post(
        "/v1/contracts/{contract_id}/instalments/{number}/pay", response_model=ContractSummaryOut
    )
    async def pay_instalment(
        request: Request, access: AccessDep, contract_id: UUID, number: Number, body: PaymentIn
    ) -> Response:
        async def command(connection: Connection, origin: Origin) -> Answer:
            contract = await commands.pay_instalment(
                connection,
                origin,
                contract_id,
                access=access,
                expected_version=expected_version(request, required=False),
                instalment_number=number,
                amount=body.amount,
                paid_on=body.paid_on,
                bank_reference=body.bank_reference,
            )
            return _answer(contract)

        return await runner.run(request, access, command, status=HTTPStatus.OK)

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
        return page_response(
            request, rows, page=page, sort_key=lambda r: (r[0].contract_id,), item=contract_out
        )

    @router.get("/v1/contracts/{contract_id}", response_model=ContractOut)
    async def show_contract(request: Request, access: AccessDep, contract_id: UUID) -> Response:
        found = await queries.read_contract(database, contract_id)
        access.require_own(found[0].buyer, found[0].agency)
        return resource_response(request, contract_out(found), version=found[0].version)

    @router.get("/v1/todo", response_model=Page[TodoOut])
    async def list_todo(request: Request, access: AccessDep, page: PageDep) -> Response:
        rows = await queries.list_todo(
            database,
            org=access.org_filter,
            subject=access.principal.subject,
            today=clock.today(),
            page=page,
        )
        return page_response(
            request,
            rows,
            page=page,
            sort_key=lambda r: (r.due_on, r.contract_id, r.instalment_number),
            item=_todo_out,
        )

    return router


def _answer(contract: Contract) -> Answer:
    key = str(contract.contract_id)
    return Answer(
        body=contract_summary(contract),
        version=contract.version,
        positions=[Position(topic=topics.CONTRACTS, key=key, version=contract.version)],
        location=f"/v1/contracts/{key}",
    )


def _todo_out(row: TodoRow) -> TodoOut:
    is_approved = row.state == InstalmentState.APPROVED
    return TodoOut(
        action="pay" if is_approved else "approve",
        contract_id=row.contract_id,
        contract_number=row.contract_number,
        instalment_number=row.instalment_number,
        due_on=row.due_on,
        payable=Money.of(row.payable_minor, Currency(row.currency)),
    )
