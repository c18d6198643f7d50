"""What goes in and out over HTTP about contracts."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fundmix_events.channel import Channel
from fundmix_events.contracts import (
    Condition,
    ContractLine,
    InstalmentNumber,
    LineNumber,
    PurchaseMode,
    Quantity,
    ScheduledInstalment,
    Year,
    YearShare,
)
from fundmix_events.credit_code import CreditCode
from fundmix_events.day import Day
from fundmix_events.money import Amount, AmountOrNothing, Money, SignedAmount
from fundmix_events.registry import CharityStatus, Level, Organisation, TaxQualificationKind
from fundmix_events.text import Label, Name, Remark
from pydantic import BaseModel, ConfigDict, Field, computed_field

from contracts_svc.domain.amending import Amendment, Due, Termination
from contracts_svc.domain.contract import (
    Contract,
    ContractState,
    InstalmentState,
    at_least_nothing,
)
from contracts_svc.domain.delivery import Acceptance, Delivery
from contracts_svc.domain.signing import Terms
from contracts_svc.storage.contracts import ContractRow
from contracts_svc.storage.tables import Amendment as AmendmentRow
from contracts_svc.storage.tables import PaymentReversal


class BodyIn(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class InstalmentIn(BodyIn):
    number: InstalmentNumber
    due_on: Day
    amount: Amount
    condition: Condition

    def agreed(self) -> ScheduledInstalment:
        return ScheduledInstalment.model_validate(self, from_attributes=True)


class LineIn(BodyIn):
    """So many units of something, for so much in all."""

    number: LineNumber
    title: Name
    unit: Label
    quantity: Quantity
    amount: Amount

    def agreed(self) -> ContractLine:
        return ContractLine.model_validate(self, from_attributes=True)


class YearIn(BodyIn):
    year: Year
    amount: Amount

    def agreed(self) -> YearShare:
        return YearShare.model_validate(self, from_attributes=True)


Lines = Annotated[list[LineIn], Field(max_length=99)]
Years = Annotated[list[YearIn], Field(max_length=5)]


class DraftIn(BodyIn):
    """What a contract is going to say; sums and dates are checked when it is signed.

    Without `lines` the whole is one line. `years` are needed when the term crosses a new year,
    `term_reason` when it is longer than a year.
    """

    number: Label
    title: Name
    buyer: CreditCode
    agency: CreditCode
    purchase_mode: PurchaseMode
    service_area: Label
    people_served: Label
    town: Label
    payer_level: Level
    posts: int | None = Field(default=None, ge=1, le=10_000, strict=True)
    starts_on: Day
    ends_on: Day
    ceiling: Amount
    instalments: list[InstalmentIn] = Field(min_length=1, max_length=99)
    lines: Lines = []
    years: Years = []
    budget_item: Label | None = None
    plan_number: Label | None = None
    term_reason: Remark | None = None
    has_deduction_clause: bool = Field(default=True, strict=True)


class SignatureIn(BodyIn):
    signed_on: Day
    published_on: Day | None = None
    filed_on: Day | None = None


class ContractIn(DraftIn, SignatureIn):
    """A contract as it was signed; the instalments sum to the ceiling."""

    def terms(self) -> Terms:
        return terms_of(self, self)


def terms_of(draft: DraftIn, signature: SignatureIn) -> Terms:
    return Terms(
        number=draft.number,
        title=draft.title,
        purchase_mode=draft.purchase_mode,
        service_area=draft.service_area,
        people_served=draft.people_served,
        town=draft.town,
        payer_level=draft.payer_level,
        posts=draft.posts,
        signed_on=signature.signed_on,
        published_on=signature.published_on,
        filed_on=signature.filed_on,
        starts_on=draft.starts_on,
        ends_on=draft.ends_on,
        ceiling=draft.ceiling,
        instalments=[instalment.agreed() for instalment in draft.instalments],
        lines=[line.agreed() for line in draft.lines],
        years=[share.agreed() for share in draft.years],
        budget_item=draft.budget_item,
        plan_number=draft.plan_number,
        term_reason=draft.term_reason,
        has_deduction_clause=draft.has_deduction_clause,
    )


class ChangedAmountIn(BodyIn):
    """Another amount for an instalment that nobody has approved; nothing cancels it."""

    number: InstalmentNumber
    amount: AmountOrNothing


class DueIn(BodyIn):
    amount: Amount
    due_on: Day

    def due(self) -> Due:
        return Due(amount=self.amount, due_on=self.due_on)


class AmendmentIn(BodyIn):
    """`delta` is what the ceiling grows by, or shrinks; its parts sum to it."""

    reason: Remark
    amended_on: Day
    delta: SignedAmount = Money.of(0)
    instalments: list[ChangedAmountIn] = Field(default=[], max_length=99)
    supplement: DueIn | None = None
    recovery: DueIn | None = None
    ends_on: Day | None = None
    lines: Lines = []
    years: Years = []

    def amendment(self) -> Amendment:
        return Amendment(
            reason=self.reason,
            amended_on=self.amended_on,
            delta=self.delta,
            amounts={i.number: i.amount for i in self.instalments},
            supplement=None if self.supplement is None else self.supplement.due(),
            recovery=None if self.recovery is None else self.recovery.due(),
            ends_on=self.ends_on,
            lines=[line.agreed() for line in self.lines],
            years=[share.agreed() for share in self.years],
        )


class TerminationIn(BodyIn):
    """`settlement` is still owed for what was done; `recovery` was paid for what was not."""

    reason: Remark
    terminated_on: Day
    settlement: DueIn | None = None
    recovery: DueIn | None = None

    def termination(self) -> Termination:
        return Termination(
            reason=self.reason,
            terminated_on=self.terminated_on,
            settlement=None if self.settlement is None else self.settlement.due(),
            recovery=None if self.recovery is None else self.recovery.due(),
        )


Count = Annotated[int, Field(ge=0, le=10_000_000, strict=True)]


class DeliveryIn(BodyIn):
    line_number: LineNumber
    quantity: Quantity
    delivered_on: Day
    place: Name
    attendance: Count | None = None

    def delivery(self) -> Delivery:
        return Delivery(**dict(self))


class AcceptanceIn(BodyIn):
    """Of the people served, so many were invited, `sample_size` asked, and so many answered."""

    line_number: LineNumber
    quantity: Quantity
    accepted_on: Day
    recipients_invited: Count
    sample_size: Count
    responses: Count

    def acceptance(self) -> Acceptance:
        return Acceptance(**dict(self))


class InstalmentOut(BaseModel):
    number: int
    due_on: date
    amount: Money
    condition: Condition
    state: InstalmentState
    deduction: Money
    payable: Money
    invoice_number: str | None
    invoiced_on: date | None
    pay_by: date | None
    approved_on: date | None
    paid_on: date | None
    bank_reference: str | None
    arrived_on: date | None


class LineOut(BaseModel):
    number: int
    title: str
    unit: str
    quantity: int
    amount: Money
    delivered: int
    accepted: int


class RecoveryOut(BaseModel):
    number: int
    amount: Money
    due_on: date
    received_on: date | None
    bank_reference: str | None


class ContractSummaryOut(BaseModel):
    """What a command answers: where the contract now stands.

    `committed` is approved or paid, less what is to be paid back; never more than the ceiling.
    """

    contract_id: UUID
    version: int
    number: str
    buyer: str
    agency: str
    channel: Channel
    state: ContractState
    ceiling: Money
    committed: Money
    paid: Money
    recognised: Money
    receivable: Money
    advance_received: Money
    ends_on: date
    terminated_on: date | None
    instalments: list[InstalmentOut]
    lines: list[LineOut]
    years: list[YearShare]
    recoveries: list[RecoveryOut]


class StandingOut(BaseModel):
    """What authorities have found about the agency, on the day and for the year of signing."""

    is_abnormal: bool
    charity_status: CharityStatus | None
    tax_qualifications: list[TaxQualificationKind]


class SignedOut(ContractSummaryOut):
    """`agency_standing` is null when nothing is recorded."""

    agency_standing: StandingOut | None


class ContractOut(ContractSummaryOut):
    title: str
    purchase_mode: PurchaseMode
    service_area: str
    people_served: str
    town: str
    payer_level: Level
    posts: int | None
    signed_on: date
    published_on: date | None
    filed_on: date | None
    starts_on: date
    budget_item: str | None
    plan_number: str | None
    term_reason: str | None
    scheme_version: int
    has_deduction_clause: bool
    termination_reason: str | None
    original_ceiling: Money


class AmendmentOut(BaseModel):
    number: int
    reason: str
    amended_on: date
    delta: Money
    ceiling: Money
    ends_on: date


class ReversalOut(BaseModel):
    """A payment that was recorded in error, as it had been recorded."""

    instalment_number: int
    amount: Money
    paid_on: date
    bank_reference: str
    reason: str
    reversed_on: date


class ContractDetailOut(ContractOut):
    amendments: list[AmendmentOut]
    reversals: list[ReversalOut]


class DeliveryOut(BaseModel):
    number: int
    line_number: int
    quantity: int
    delivered_on: date
    place: str
    attendance: int | None


class AcceptanceOut(BaseModel):
    """`response_rate_bps`: of those asked, how many answered, in basis points, rounded down."""

    number: int
    line_number: int
    quantity: int
    accepted_on: date
    recipients_invited: int
    sample_size: int
    responses: int

    @computed_field
    @property
    def response_rate_bps(self) -> int | None:
        return self.responses * 10_000 // self.sample_size if self.sample_size else None


class DraftOut(BaseModel):
    """`contract` is what the draft says; `state` is open, signed or discarded."""

    draft_id: UUID
    version: int
    state: str
    contract: DraftIn


def contract_summary(contract: Contract, *, today: date) -> ContractSummaryOut:
    return ContractSummaryOut(**_summary_fields(contract, today=today))


def signed_out(contract: Contract, agency: Organisation, *, today: date) -> SignedOut:
    standing = _standing_out(agency, signed_on=contract.signed_on)
    return SignedOut(**_summary_fields(contract, today=today), agency_standing=standing)


def _summary_fields(contract: Contract, *, today: date) -> dict[str, Any]:
    paid, recognised = contract.paid, contract.recognised
    return {
        "contract_id": contract.contract_id,
        "version": contract.version,
        "number": contract.number,
        "buyer": contract.buyer,
        "agency": contract.agency,
        "channel": contract.channel,
        "state": contract.state(today=today),
        "ceiling": contract.ceiling,
        "committed": contract.committed,
        "paid": paid,
        "recognised": recognised,
        "receivable": at_least_nothing(recognised - paid),
        "advance_received": at_least_nothing(paid - recognised),
        "ends_on": contract.ends_on,
        "terminated_on": contract.terminated_on,
        "instalments": [
            InstalmentOut.model_validate(i, from_attributes=True) for i in contract.instalments
        ],
        "lines": [
            LineOut(
                number=line.number,
                title=line.agreed.title,
                unit=line.agreed.unit,
                quantity=line.agreed.quantity,
                amount=line.agreed.amount,
                delivered=line.delivered,
                accepted=line.accepted,
            )
            for line in contract.lines
        ],
        "years": list(contract.years),
        "recoveries": [
            RecoveryOut(
                **dict(r.agreed), received_on=r.received_on, bank_reference=r.bank_reference
            )
            for r in contract.recoveries
        ],
    }


def _standing_out(agency: Organisation, *, signed_on: date) -> StandingOut | None:
    standing = agency.standing
    if standing is None:
        return None
    return StandingOut(
        is_abnormal=standing.is_abnormal(on=signed_on),
        charity_status=None if standing.charity is None else standing.charity.status,
        tax_qualifications=[
            kind
            for kind in TaxQualificationKind
            if standing.is_qualified(kind, year=signed_on.year)
        ],
    )


def contract_out(found: ContractRow, *, today: date) -> ContractOut:
    row, contract = found
    own = ContractOut.model_fields.keys() - ContractSummaryOut.model_fields.keys()
    texts = {name: getattr(row, name) for name in own - {"original_ceiling"}}
    return ContractOut(
        **dict(contract_summary(contract, today=today)),
        **texts,
        original_ceiling=contract.original_ceiling,
    )


def contract_detail(
    found: ContractRow,
    amendments: list[AmendmentRow],
    reversals: list[PaymentReversal],
    *,
    today: date,
) -> ContractDetailOut:
    return ContractDetailOut(
        **dict(contract_out(found, today=today)),
        amendments=[
            AmendmentOut(
                number=row.number,
                reason=row.reason,
                amended_on=row.amended_on,
                delta=Money.of(row.delta_minor),
                ceiling=Money.of(row.ceiling_minor),
                ends_on=row.ends_on,
            )
            for row in amendments
        ],
        reversals=[
            ReversalOut(
                instalment_number=row.instalment_number,
                amount=Money.of(row.amount_minor),
                paid_on=row.paid_on,
                bank_reference=row.bank_reference,
                reason=row.reason,
                reversed_on=row.reversed_on,
            )
            for row in reversals
        ],
    )
