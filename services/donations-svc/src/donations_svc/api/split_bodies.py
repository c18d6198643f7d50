"""Deposits of several lines, and announcements, as they go in and out over HTTP."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fundmix_events.credit_code import CreditCode
from fundmix_events.day import Day
from fundmix_events.donations import DonationKind, Donor, Goods, Service
from fundmix_events.money import Amount, Money
from fundmix_events.text import Label, Remark
from pydantic import BaseModel, Field

from donations_svc.api.bodies import (
    BodyIn,
    DonationOut,
    DonorIn,
    GoodsIn,
    ServiceIn,
)
from donations_svc.commands import Deposit
from donations_svc.domain.announcement import (
    Announcement,
    AnnouncementTerms,
    Arrival,
    Line,
    LineState,
    LineTerms,
    Rejection,
    RejectionReason,
)
from donations_svc.domain.donation import LINES_MAX, DonationTerms


class DepositLineIn(BodyIn):
    """What of a deposit is for one agency and one purpose; `reference` is the agency's own."""

    reference: Label
    agency: CreditCode
    amount: Amount
    restricted_to: Label | None = None
    pledge_id: UUID | None = None


class DepositIn(BodyIn):
    """One transfer of one donor, split: the lines sum to the amount."""

    donor: DonorIn
    amount: Amount
    given_on: Day | None = None
    received_on: Day
    bank_reference: Label
    is_anonymous: bool = Field(default=False, strict=True)
    is_sponsorship: bool = Field(default=False, strict=True)
    lines: Annotated[tuple[DepositLineIn, ...], Field(min_length=1, max_length=LINES_MAX)]
    delegation: Remark | None = None

    def deposit(self) -> Deposit:
        return Deposit(
            amount=self.amount, lines=[(self._terms(line), line.pledge_id) for line in self.lines]
        )

    def _terms(self, line: DepositLineIn) -> DonationTerms:
        return DonationTerms(
            reference=line.reference,
            donor=self.donor.donor(),
            agency=line.agency,
            kind=DonationKind.CASH,
            amount=line.amount,
            restricted_to=line.restricted_to,
            given_on=self.received_on if self.given_on is None else self.given_on,
            received_on=self.received_on,
            bank_reference=self.bank_reference,
            is_anonymous=self.is_anonymous,
            is_sponsorship=self.is_sponsorship,
            delegation=self.delegation,
        )


class DepositOut(BaseModel):
    deposit_id: UUID
    amount: Money
    donations: tuple[DonationOut, ...]


class AnnouncementLineIn(BodyIn):
    agency: CreditCode
    amount: Amount
    restricted_to: Label | None = None
    pledge_id: UUID | None = None


class AnnouncementIn(BodyIn):
    """What a donor has given; `reference` is its own number for it."""

    reference: Label
    donor: DonorIn
    kind: DonationKind
    amount: Amount
    given_on: Day
    lines: Annotated[tuple[AnnouncementLineIn, ...], Field(min_length=1, max_length=LINES_MAX)]
    goods: GoodsIn | None = None
    service: ServiceIn | None = None
    is_sponsorship: bool = Field(default=False, strict=True)
    is_anonymous: bool = Field(default=False, strict=True)
    remark: Remark | None = None

    def terms(self) -> AnnouncementTerms:
        return AnnouncementTerms(
            reference=self.reference,
            donor=self.donor.donor(),
            kind=self.kind,
            amount=self.amount,
            given_on=self.given_on,
            lines=tuple(LineTerms(**dict(line)) for line in self.lines),
            goods=None if self.goods is None else self.goods.goods(),
            service=None if self.service is None else self.service.service(),
            is_sponsorship=self.is_sponsorship,
            is_anonymous=self.is_anonymous,
            remark=self.remark,
        )


class ConfirmedLineIn(BodyIn):
    """A line of the announcement, and the agency's own number for the donation it becomes."""

    number: int
    reference: Label


class ConfirmationIn(BodyIn):
    """What the treasurer has seen: the bank's value date and number."""

    agency: CreditCode
    received_on: Day
    bank_reference: Label | None = None
    lines: Annotated[tuple[ConfirmedLineIn, ...], Field(min_length=1, max_length=LINES_MAX)]
    delegation: Remark | None = None

    def arrival(self) -> Arrival:
        return Arrival(
            agency=self.agency,
            received_on=self.received_on,
            bank_reference=self.bank_reference,
            references=[(line.number, line.reference) for line in self.lines],
            delegation=self.delegation,
        )


class RejectionIn(BodyIn):
    agency: CreditCode
    lines: Annotated[tuple[int, ...], Field(min_length=1, max_length=LINES_MAX)]
    reason: RejectionReason
    remark: Remark | None = None
    delegation: Remark | None = None

    def rejection(self) -> Rejection:
        return Rejection(**dict(self))


class AnnouncementLineOut(BaseModel):
    number: int
    agency: str
    amount: Money
    restricted_to: str | None
    pledge_id: UUID | None
    state: LineState
    donation_id: UUID | None
    reason: RejectionReason | None
    remark: str | None
    delegation: str | None
    decided_at: datetime | None


class AnnouncementOut(BaseModel):
    """An agency sees its own lines."""

    announcement_id: UUID
    version: int
    reference: str
    donor: Donor
    kind: DonationKind
    amount: Money
    given_on: date
    goods: Goods | None
    service: Service | None
    is_sponsorship: bool
    is_anonymous: bool
    remark: str | None
    recorded_at: datetime
    lines: tuple[AnnouncementLineOut, ...]


def announcement_out(announcement: Announcement) -> AnnouncementOut:
    terms = announcement.terms
    return AnnouncementOut(
        announcement_id=announcement.announcement_id,
        version=announcement.version,
        reference=terms.reference,
        donor=terms.donor,
        kind=terms.kind,
        amount=terms.amount,
        given_on=terms.given_on,
        goods=terms.goods,
        service=terms.service,
        is_sponsorship=terms.is_sponsorship,
        is_anonymous=terms.is_anonymous,
        remark=terms.remark,
        recorded_at=announcement.recorded_at,
        lines=tuple(map(_line_out, announcement.lines)),
    )


def _line_out(line: Line) -> AnnouncementLineOut:
    return AnnouncementLineOut(
        number=line.number,
        agency=line.terms.agency,
        amount=line.terms.amount,
        restricted_to=line.terms.restricted_to,
        pledge_id=line.terms.pledge_id,
        state=line.state,
        donation_id=line.donation_id,
        reason=line.reason,
        remark=line.remark,
        delegation=line.delegation,
        decided_at=line.decided_at,
    )
