"""Routes of instalments and recoveries: invoice, approve, pay, confirm, reverse, pay back."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response
from fundmix_kit.policy import AccessDep

from contracts_svc.api.answers import ContractActions
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


def payments_router(actions: ContractActions, commands: Commands) -> APIRouter:
    router = APIRouter(tags=["instalments"])

    @router.post(f"{INSTALMENT}/invoice", response_model=ContractSummaryOut)
    async def record_invoice(
        request: Request, access: AccessDep, contract_id: UUID, number: Number, body: InvoiceIn
    ) -> Response:
        act = partial(
            commands.record_invoice,
            instalment_number=number,
            invoice_number=body.invoice_number,
            invoiced_on=body.invoiced_on,
        )
        return await actions.run(request, access, contract_id, act)

    @router.post(f"{INSTALMENT}/approve", response_model=ContractSummaryOut)
    async def approve_instalment(
        request: Request, access: AccessDep, contract_id: UUID, number: Number, body: ApprovalIn
    ) -> Response:
        act = partial(commands.approve_instalment, instalment_number=number, expected=body.payable)
        return await actions.run(request, access, contract_id, act)

    @router.post(f"{INSTALMENT}/pay", response_model=ContractSummaryOut)
    async def pay_instalment(
        request: Request, access: AccessDep, contract_id: UUID, number: Number, body: PaymentIn
    ) -> Response:
        act = partial(
            commands.pay_instalment,
            instalment_number=number,
            amount=body.amount,
            paid_on=body.paid_on,
            bank_reference=body.bank_reference,
        )
        return await actions.run(request, access, contract_id, act)

    @router.post(f"{INSTALMENT}/confirm", response_model=ContractSummaryOut)
    async def confirm_payment(
        request: Request, access: AccessDep, contract_id: UUID, number: Number, body: ConfirmationIn
    ) -> Response:
        act = partial(
            commands.confirm_payment, instalment_number=number, arrived_on=body.arrived_on
        )
        return await actions.run(request, access, contract_id, act)

    @router.post(f"{INSTALMENT}/reverse", response_model=ContractSummaryOut)
    async def reverse_payment(
        request: Request, access: AccessDep, contract_id: UUID, number: Number, body: ReversalIn
    ) -> Response:
        act = partial(commands.reverse_payment, instalment_number=number, reason=body.reason)
        return await actions.run(request, access, contract_id, act)

    @router.post(
        "/v1/contracts/{contract_id}/recoveries/{number}/receive", response_model=ContractSummaryOut
    )
    async def receive_recovery(
        request: Request, access: AccessDep, contract_id: UUID, number: Number, body: RecoveryIn
    ) -> Response:
        act = partial(
            commands.receive_recovery,
            recovery_number=number,
            amount=body.amount,
            received_on=body.received_on,
            bank_reference=body.bank_reference,
        )
        return await actions.run(request, access, contract_id, act)

    return router
