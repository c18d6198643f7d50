"""Refunds and changed purposes over HTTP."""

from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fundmix_events.day import Day
from fundmix_events.donations import DonationKind, PurposeChangeBasis, RefundReason, Sha256
from fundmix_events.money import Amount, Money
from fundmix_events.text import Label, Remark
from fundmix_kit.clock import Clock
from fundmix_kit.commands import Answer, CommandRunner
from fundmix_kit.database import Connection, Database
from fundmix_kit.etag import expected_version, resource_response
from fundmix_kit.origin import Origin
from fundmix_kit.paging import Page, PageDep, page_response
from fundmix_kit.policy import Access, AccessDep
from pydantic import BaseModel

from donations_svc import queries
from donations_svc.api.bodies import BodyIn
from donations_svc.domain.giving_back import (
    Payment,
    PurposeChange,
    PurposeChangeTerms,
    Refund,
    RefundState,
    RefundTerms,
)
from donations_svc.giving_back_commands import Asking, GivingBack


class RefundIn(BodyIn):
    """`lot_id` may be left out where the donation has one lot: its own."""

    reference: Label
    donation_id: UUID
    lot_id: UUID | None = None
    amount: Amount
    reason: RefundReason
    remark: Remark | None = None


class PaymentIn(BodyIn):
    refunded_on: Day
    bank_reference: Label | None = None


class RefundOut(BaseModel):
    """`held_on`: since that day the ledger sets the money aside.

    Of one that was cancelled, until `released_at`: without it, cancel it once more.
    """

    refund_id: UUID
    version: int
    reference: str
    donation_id: UUID
    agency: str
    donor_code: str | None
    lot_id: UUID
    restricted_to: str | None
    kind: DonationKind
    amount: Money
    reason: RefundReason
    remark: str | None
    state: RefundState
    held_on: date
    requested_by: str
    requested_at: datetime
    refunded_on: date | None
    bank_reference: str | None
    decided_by: str | None
    decided_at: datetime | None
    released_at: datetime | None


class PurposeChangeIn(BodyIn):
    """`document_sha256` is of the donor's consent, the agreement, or what was published.

    What is left over of a project says when that ended, and in the remark why it goes there; to a
    similar purpose, when this was published.
    """

    reference: Label
    donation_id: UUID
    lot_id: UUID | None = None
    amount: Amount
    new_restricted_to: Label | None
    basis: PurposeChangeBasis
    consented_on: Day | None = None
    finished_on: Day | None = None
    published_on: Day | None = None
    document_sha256: Sha256
    changed_on: Day
    remark: Remark | None = None

    def terms(self) -> PurposeChangeTerms:
        return PurposeChangeTerms(**dict(self))


class PurposeChangeOut(BaseModel):
    """From `changed_on` on, `amount` is a lot of its own: `change_id`."""

    change_id: UUID
    reference: str
    donation_id: UUID
    agency: str
    donor_code: str | None
    lot_id: UUID
    restricted_to: str | None
    new_restricted_to: str | None
    amount: Money
    basis: PurposeChangeBasis
    consented_on: date | None
    finished_on: date | None
    published_on: date | None
    document_sha256: str
    changed_on: date
    remark: str | None
    recorded_by: str
    recorded_at: datetime


def refunds_router(
    database: Database, runner: CommandRunner, giving_back: GivingBack, clock: Clock
) -> APIRouter:
    router = APIRouter(tags=["refunds"])

    @router.post("/v1/refunds", status_code=HTTPStatus.CREATED, response_model=RefundOut)
    async def request_refund(request: Request, access: AccessDep, body: RefundIn) -> Response:
        """The money is set aside in the ledger until it is paid or the refund is cancelled."""

        async def command(connection: Connection, origin: Origin) -> Answer:
            refund = await giving_back.request_refund(
                connection, origin, RefundTerms(**dict(body)), asking=asking_of(request, access)
            )
            return _refund_answer(refund)

        return await runner.run(request, access, command)

    @router.post("/v1/refunds/{refund_id}/pay", response_model=RefundOut)
    async def pay_refund(
        request: Request, access: AccessDep, refund_id: UUID, body: PaymentIn
    ) -> Response:
        async def command(connection: Connection, origin: Origin) -> Answer:
            payment = Payment(
                refunded_on=body.refunded_on,
                bank_reference=body.bank_reference,
                by=origin.actor.subject,
                at=clock.now(),
            )
            refund = await giving_back.pay_refund(
                connection, origin, refund_id, payment, asking=asking_of(request, access)
            )
            return _refund_answer(refund)

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    @router.post("/v1/refunds/{refund_id}/cancel", response_model=RefundOut)
    async def cancel_refund(request: Request, access: AccessDep, refund_id: UUID) -> Response:
        """Said again, it gives back what is still held: the ledger may not have answered."""
        asking = asking_of(request, access)

        async def command(connection: Connection, origin: Origin) -> Answer:
            refund = await giving_back.cancel_refund(connection, origin, refund_id, asking=asking)
            return _refund_answer(refund)

        answer = await runner.run(request, access, command, status=HTTPStatus.OK)
        # Not before it is committed: a refund that stands never lacks its money.
        await giving_back.release(database, refund_id, asking=asking)
        return answer

    @router.get("/v1/refunds", response_model=Page[RefundOut])
    async def list_refunds(
        request: Request,
        access: AccessDep,
        page: PageDep,
        donation_id: Annotated[UUID | None, Query()] = None,
        state: Annotated[RefundState | None, Query()] = None,
    ) -> Response:
        rows = await queries.list_refunds(
            database, org=access.org_filter, donation_id=donation_id, state=state, page=page
        )
        return page_response(
            request, rows, page=page, sort_key=lambda r: (r.refund_id,), item=refund_out
        )

    @router.get("/v1/refunds/{refund_id}", response_model=RefundOut)
    async def show_refund(request: Request, access: AccessDep, refund_id: UUID) -> Response:
        refund = await queries.read_refund(database, refund_id)
        access.require_own(refund.agency, refund.donor_code)
        return resource_response(request, refund_out(refund), version=refund.version)

    return router


def purpose_changes_router(
    database: Database, runner: CommandRunner, giving_back: GivingBack
) -> APIRouter:
    router = APIRouter(tags=["purpose changes"])

    @router.post(
        "/v1/purpose-changes", status_code=HTTPStatus.CREATED, response_model=PurposeChangeOut
    )
    async def change_purpose(
        request: Request, access: AccessDep, body: PurposeChangeIn
    ) -> Response:
        """What is left of a donation is kept for something else from a day on."""

        async def command(connection: Connection, origin: Origin) -> Answer:
            change = await giving_back.change_purpose(
                connection, origin, body.terms(), asking=asking_of(request, access)
            )
            return Answer(body=change_out(change))

        return await runner.run(request, access, command)

    @router.get("/v1/purpose-changes", response_model=Page[PurposeChangeOut])
    async def list_purpose_changes(
        request: Request,
        access: AccessDep,
        page: PageDep,
        donation_id: Annotated[UUID | None, Query()] = None,
    ) -> Response:
        rows = await queries.list_changes(
            database, org=access.org_filter, donation_id=donation_id, page=page
        )
        return page_response(
            request, rows, page=page, sort_key=lambda c: (c.change_id,), item=change_out
        )

    return router


def refund_out(refund: Refund) -> RefundOut:
    terms = refund.terms
    return RefundOut(
        refund_id=refund.refund_id,
        version=refund.version,
        reference=terms.reference,
        donation_id=terms.donation_id,
        agency=refund.agency,
        donor_code=refund.donor_code,
        lot_id=refund.lot.lot_id,
        restricted_to=refund.lot.restricted_to,
        kind=refund.kind,
        amount=terms.amount,
        reason=terms.reason,
        remark=terms.remark,
        state=refund.state,
        held_on=refund.held_on,
        requested_by=refund.requested_by,
        requested_at=refund.requested_at,
        refunded_on=refund.refunded_on,
        bank_reference=refund.bank_reference,
        decided_by=refund.decided_by,
        decided_at=refund.decided_at,
        released_at=refund.released_at,
    )


def change_out(change: PurposeChange) -> PurposeChangeOut:
    terms = change.terms
    return PurposeChangeOut(
        change_id=change.change_id,
        reference=terms.reference,
        donation_id=terms.donation_id,
        agency=change.agency,
        donor_code=change.donor_code,
        lot_id=change.lot.lot_id,
        restricted_to=change.lot.restricted_to,
        new_restricted_to=terms.new_restricted_to,
        amount=terms.amount,
        basis=terms.basis,
        consented_on=terms.consented_on,
        finished_on=terms.finished_on,
        published_on=terms.published_on,
        document_sha256=terms.document_sha256,
        changed_on=terms.changed_on,
        remark=terms.remark,
        recorded_by=change.recorded_by,
        recorded_at=change.recorded_at,
    )


def _refund_answer(refund: Refund) -> Answer:
    return Answer(
        body=refund_out(refund),
        version=refund.version,
        location=f"/v1/refunds/{refund.refund_id}",
    )


def asking_of(request: Request, access: Access) -> Asking:
    """The ledger is asked in the caller's own name."""
    return Asking(
        access=access,
        authorization=request.headers["authorization"],
        expected_version=expected_version(request, required=False),
    )
