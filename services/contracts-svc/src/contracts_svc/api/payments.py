"""Routes of instalments and recoveries: invoice, approve, pay, confirm, reverse, pay back."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response
from fundmix_kit.clock import Clock
from fundmix_kit.commands import Answer, CommandRunner
from fundmix_kit.database import Connection
from fundmix_kit.origin import Origin
from fundmix_kit.policy import AccessDep

from contracts_svc.api.answers import answer, target
from contracts_svc.api.bodies import ContractSummaryOut
from contracts_svc.api.payment_bodies import (
    ApprovalIn,
    ConfirmationIn,
    InvoiceIn,
    PaymentIn,
    RecoveryIn,
    ReversalIn,
)
from contracts_svc.commands import Commands

Number = Annotated[int, Path(ge=1, le=99)]
INSTALMENT = "/v1/contracts/{contract_id}/instalments/{number}"


def payments_router(runner: CommandRunner, commands: Commands, clock: Clock) -> APIRouter:  # noqa: C901  # one function a route, nothing branches
    router = APIRouter(tags=["instalments"])

    @router.post(f"{INSTALMENT}/invoice", response_model=ContractSummaryOut)
    async def record_invoice(
        request: Request, access: AccessDep, contract_id: UUID, number: Number, body: InvoiceIn
    ) -> Response:
        async def command(connection: Connection, origin: Origin) -> Answer:
            contract = await commands.record_invoice(
                connection,
                origin,
                target(request, access, contract_id),
                instalment_number=number,
                invoice_number=body.invoice_number,
                invoiced_on=body.invoiced_on,
            )
            return answer(contract, today=clock.today())

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    @router.post(f"{INSTALMENT}/approve", response_model=ContractSummaryOut)
    async def approve_instalment(
        request: Request, access: AccessDep, contract_id: UUID, number: Number, body: ApprovalIn
    ) -> Response:
        async def command(connection: Connection, origin: Origin) -> Answer:
            contract = await commands.approve_instalment(
                connection,
                origin,
                target(request, access, contract_id),
                instalment_number=number,
                expected=body.payable,
            )
            return answer(contract, today=clock.today())

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    @router.post(f"{INSTALMENT}/pay", response_model=ContractSummaryOut)
    async def pay_instalment(
        request: Request, access: AccessDep, contract_id: UUID, number: Number, body: PaymentIn
    ) -> Response:
        async def command(connection: Connection, origin: Origin) -> Answer:
            contract = await commands.pay_instalment(
                connection,
                origin,
                target(request, access, contract_id),
                instalment_number=number,
                amount=body.amount,
                paid_on=body.paid_on,
                bank_reference=body.bank_reference,
            )
            return answer(contract, today=clock.today())

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    @router.post(f"{INSTALMENT}/confirm", response_model=ContractSummaryOut)
    async def confirm_payment(
        request: Request, access: AccessDep, contract_id: UUID, number: Number, body: ConfirmationIn
    ) -> Response:
        async def command(connection: Connection, origin: Origin) -> Answer:
            contract = await commands.confirm_payment(
                connection,
                origin,
                target(request, access, contract_id),
                instalment_number=number,
                arrived_on=body.arrived_on,
            )
            return answer(contract, today=clock.today())

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    @router.post(f"{INSTALMENT}/reverse", response_model=ContractSummaryOut)
    async def reverse_payment(
        request: Request, access: AccessDep, contract_id: UUID, number: Number, body: ReversalIn
    ) -> Response:
        async def command(connection: Connection, origin: Origin) -> Answer:
            contract = await commands.reverse_payment(
                connection,
                origin,
                target(request, access, contract_id),
                instalment_number=number,
                reason=body.reason,
            )
            return answer(contract, today=clock.today())

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    @router.post(
        "/v1/contracts/{contract_id}/recoveries/{number}/receive", response_model=ContractSummaryOut
    )
    async def receive_recovery(
        request: Request, access: AccessDep, contract_id: UUID, number: Number, body: RecoveryIn
    ) -> Response:
        async def command(connection: Connection, origin: Origin) -> Answer:
            contract = await commands.receive_recovery(
                connection,
                origin,
                target(request, access, contract_id),
                recovery_number=number,
                amount=body.amount,
                received_on=body.received_on,
                bank_reference=body.bank_reference,
            )
            return answer(contract, today=clock.today())

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    return router
