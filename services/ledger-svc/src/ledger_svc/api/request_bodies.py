"""Requests, funds and holds as they go in and out over HTTP."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from fundmix_events.channel import Channel
from fundmix_events.credit_code import CreditCode
from fundmix_events.day import Day
from fundmix_events.ledger import AccountCode
from fundmix_events.ledger_requests import FundCode
from fundmix_events.money import Amount, Money
from fundmix_events.text import Label, Remark
from pydantic import BaseModel, ConfigDict, Field

from ledger_svc.domain.funds import FundKind, kind_of
from ledger_svc.domain.request import Request, RequestState
from ledger_svc.domain.selections import LotSelection, LotSide, Selection, Side, Why
from ledger_svc.domain.spending_limits import SpendingWarning
from ledger_svc.domain.terms import RequestKind, amount_of, reference_of
from ledger_svc.storage.funds import AdvanceRow, FundRow, LotRow
from ledger_svc.storage.holds import Hold, HoldPurpose, HoldState, HoldTerms, MadeHold

LOTS_NAMED_MAX = 1_000


class BodyIn(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RejectionIn(BodyIn):
    reason: Remark


class HoldIn(BodyIn):
    """Of the oldest lots, or of `lots` alone: a refund gives back what its donor gave."""

    agency: CreditCode
    fund_code: FundCode
    amount: Amount
    effective_on: Day
    purpose: HoldPurpose
    document: Label
    lots: tuple[UUID, ...] | None = Field(default=None, max_length=LOTS_NAMED_MAX)

    def terms(self, hold_id: UUID) -> HoldTerms:
        return HoldTerms(
            hold_id=hold_id,
            agency=self.agency,
            fund_code=self.fund_code,
            currency=self.amount.currency,
            purpose=self.purpose,
            document=self.document,
            effective_on=self.effective_on,
            amount_minor=self.amount.amount_minor,
        )


class WarningOut(BaseModel):
    """A limit of the Charity Law's rules on spending; nothing is refused for it."""

    code: str
    detail: str


class RequestOut(BaseModel):
    """`entry_seq` is its place in the journal, once it is posted."""

    request_id: UUID
    version: int
    kind: RequestKind
    agency: str | None
    reference: str
    amount: Money | None
    state: RequestState
    terms: dict[str, Any]
    prepared_by: str
    prepared_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None
    batch_id: UUID | None
    event_id: UUID | None
    entry_seq: int | None
    warnings: tuple[WarningOut, ...] = ()


class BatchOut(BaseModel):
    batch_id: UUID
    requests: int
    total: Money
    state: RequestState
    warnings: tuple[WarningOut, ...] = ()


class DrawOut(BaseModel):
    lot_id: UUID
    channel: Channel
    amount: Money


class HoldOut(BaseModel):
    """`advance` is the part that no lot bears: a contract may be spent before it is paid."""

    hold_id: UUID
    agency: str
    fund_code: str
    amount: Money
    effective_on: date
    purpose: HoldPurpose
    document: str
    state: HoldState
    lots: tuple[DrawOut, ...]
    advance: Money


class MadeHoldOut(HoldOut):
    made_by: str
    made_at: datetime


class FundOut(BaseModel):
    """`held` of the balance is set aside; `unpaid` is what its contract still owes.

    `why` is by amount. What is held is in no entry yet.
    """

    agency: str
    fund_code: str
    kind: FundKind
    channels: tuple[Channel, ...]
    is_pooled: bool
    balance: Money
    held: Money
    unpaid: Money
    why: dict[str, Why]


class LotOut(BaseModel):
    """`left` is what was received, less what is used and held. What is held is in no entry yet.

    `why` is by amount: what entries moved in the lot.
    """

    lot_id: UUID
    channel: Channel
    value_on: date
    document: str
    payer: str | None
    received: Money
    used: Money
    held: Money
    left: Money
    why: dict[str, Why]


class AdvanceOut(BaseModel):
    """`advance` is open since `since_on`; `days_outstanding` counts to the day asked for.

    `largest`, first on `largest_on`, and `days` are of all days up to then. `why` is by amount.
    """

    agency: str
    fund_code: str
    advance: Money
    since_on: date | None
    days_outstanding: int
    largest: Money
    largest_on: date
    days: int
    why: dict[str, Why]


class WaitingOut(BaseModel):
    """A request that another person has prepared, and that waits for a review."""

    action: str = "review"
    request_id: UUID
    kind: RequestKind
    agency: str | None
    reference: str
    amount: Money | None
    prepared_by: str
    prepared_at: datetime


def request_out(
    request: Request, *, entry_seq: int | None = None, warnings: tuple[SpendingWarning, ...] = ()
) -> RequestOut:
    return RequestOut(
        request_id=request.request_id,
        version=request.version,
        kind=request.kind,
        agency=request.agency,
        reference=reference_of(request.terms),
        amount=amount_of(request.terms),
        state=request.state,
        terms=request.terms.model_dump(mode="json"),
        prepared_by=request.prepared_by,
        prepared_at=request.prepared_at,
        decided_by=request.decided_by,
        decided_at=request.decided_at,
        reason=request.reason,
        batch_id=request.batch_id,
        event_id=request.event_id,
        entry_seq=entry_seq,
        warnings=warnings_out(warnings),
    )


def warnings_out(warnings: Iterable[SpendingWarning]) -> tuple[WarningOut, ...]:
    return tuple(WarningOut(code=w.code, detail=w.detail) for w in warnings)


def waiting_out(request: Request) -> WaitingOut:
    return WaitingOut(
        request_id=request.request_id,
        kind=request.kind,
        agency=request.agency,
        reference=reference_of(request.terms),
        amount=amount_of(request.terms),
        prepared_by=request.prepared_by,
        prepared_at=request.prepared_at,
    )


def hold_out(hold: Hold) -> HoldOut:
    terms, reserved = hold.terms, hold.reserved
    return HoldOut(
        hold_id=terms.hold_id,
        agency=terms.agency,
        fund_code=terms.fund_code,
        amount=Money.of(terms.amount_minor, terms.currency),
        effective_on=terms.effective_on,
        purpose=terms.purpose,
        document=terms.document,
        state=hold.state,
        lots=tuple(
            DrawOut(
                lot_id=draw.lot_id,
                channel=draw.channel,
                amount=Money.of(draw.amount_minor, draw.currency),
            )
            for draw in reserved.draws
        ),
        advance=Money.of(reserved.advance_minor, terms.currency),
    )


def made_hold_out(made: MadeHold) -> MadeHoldOut:
    return MadeHoldOut(**dict(hold_out(made.hold)), made_by=made.made_by, made_at=made.made_at)


def fund_out(row: FundRow) -> FundOut:
    fund = Selection(agency=row.agency, fund_code=row.fund_code)
    return FundOut(
        agency=row.agency,
        fund_code=row.fund_code,
        kind=kind_of(row.fund_code),
        channels=tuple(row.channels),
        is_pooled=len(row.channels) > 1,
        balance=Money.of(row.balance_minor),
        held=Money.of(row.held_minor),
        unpaid=Money.of(row.unpaid_minor),
        why={
            "balance": (replace(fund, codes=(AccountCode.BANK,)).why,),
            "unpaid": (replace(fund, codes=(AccountCode.CONTRACT_COMMITMENT,)).why,),
        },
    )


def lot_out(row: LotRow) -> LotOut:
    return LotOut(
        lot_id=row.lot_id,
        channel=row.channel,
        value_on=row.value_on,
        document=row.document,
        payer=row.payer,
        received=Money.of(row.amount_minor),
        used=Money.of(row.drawn_minor),
        held=Money.of(row.held_minor),
        left=Money.of(row.amount_minor - row.drawn_minor - row.held_minor),
        why={
            side.value: (LotSelection(agency=row.agency, lot_id=row.lot_id, side=side).why,)
            for side in LotSide
        },
    )


def advance_out(row: AdvanceRow, *, on: date) -> AdvanceOut:
    spent = Selection(
        agency=row.agency,
        fund_code=row.fund_code,
        codes=(AccountCode.BANK,),
        value_to=on,
        counted_as=Side.CREDIT,
    )
    outstanding = 0 if row.since_on is None else (on - row.since_on).days + 1
    return AdvanceOut(
        agency=row.agency,
        fund_code=row.fund_code,
        advance=Money.of(row.advance_minor),
        since_on=row.since_on,
        days_outstanding=outstanding,
        largest=Money.of(row.largest_minor),
        largest_on=row.largest_on,
        days=row.days,
        why={
            "advance": (spent.why,) if row.advance_minor else (),
            "largest": (replace(spent, value_to=row.largest_on).why,),
        },
    )
