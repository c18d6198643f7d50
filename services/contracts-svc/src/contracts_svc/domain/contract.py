"""A contract's life from signature to payment; paid and approved never pass its ceiling."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Final
from uuid import UUID

from fundmix_events.channel import Channel
from fundmix_events.contracts import (
    Condition,
    ContractSigned,
    InstalmentApproved,
    InstalmentPaid,
    PurchaseMode,
    ScheduledInstalment,
)
from fundmix_events.money import Currency, Money, text_from_minor
from fundmix_events.registry import CHANNEL_BY_KIND, Level, Organisation, OrganisationKind

from contracts_svc.domain.errors import (
    DeductionTooLargeError,
    FutureDateError,
    InstalmentNotFoundError,
    InstalmentStateError,
    PaymentMismatchError,
    SamePersonError,
    TermsError,
    WrongPartyError,
)

# Measures for the Administration of Government Purchase of Services (2020), article 24:
# a year, and up to three where the budget provides for it.
TERM_YEARS_MAX: Final = 3

# An enterprise, a foundation or a university may buy too; an agency sells.
BUYING_KINDS: Final = frozenset(OrganisationKind) - {OrganisationKind.AGENCY}


class InstalmentState(StrEnum):
    SCHEDULED = "scheduled"
    APPROVED = "approved"
    PAID = "paid"


class ContractState(StrEnum):
    SIGNED = "signed"
    COMPLETED = "completed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Instalment:
    number: int
    due_on: date
    amount: Money
    condition: Condition
    state: InstalmentState = InstalmentState.SCHEDULED
    deduction: Money
    approved_by: str | None = None
    approved_on: date | None = None
    paid_by: str | None = None
    paid_on: date | None = None
    bank_reference: str | None = None

    @property
    def payable(self) -> Money:
        return self.amount - self.deduction


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What the two parties have agreed, as it is written in the contract."""

    number: str
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
    ends_on: date
    ceiling: Money
    instalments: Sequence[ScheduledInstalment]


@dataclass(frozen=True, kw_only=True, slots=True)
class Contract:
    contract_id: UUID
    version: int
    number: str
    buyer: str
    agency: str
    channel: Channel
    payer_level: Level
    ceiling: Money
    instalments: tuple[Instalment, ...]

    def __post_init__(self) -> None:
        assert self.scheduled == self.ceiling, f"{self.number}: instalments do not sum to ceiling"
        assert self.committed.amount_minor <= self.ceiling.amount_minor, f"{self.number}: overdrawn"

    @property
    def scheduled(self) -> Money:
        return _sum(i.amount for i in self.instalments)

    @property
    def committed(self) -> Money:
        """Approved or paid: what cannot be promised again."""
        is_open = InstalmentState.SCHEDULED
        return _sum(i.payable for i in self.instalments if i.state is not is_open)

    @property
    def paid(self) -> Money:
        return _sum(i.payable for i in self.instalments if i.state is InstalmentState.PAID)

    @property
    def state(self) -> ContractState:
        is_paid = all(i.state is InstalmentState.PAID for i in self.instalments)
        return ContractState.COMPLETED if is_paid else ContractState.SIGNED

    def instalment(self, number: int) -> Instalment:
        """Raises InstalmentNotFoundError."""
        for instalment in self.instalments:
            if instalment.number == number:
                return instalment
        raise InstalmentNotFoundError(f"contract {self.number} has no instalment {number}")


def sign_contract(
    terms: Terms, *, contract_id: UUID, buyer: Organisation, agency: Organisation, today: date
) -> tuple[Contract, ContractSigned]:
    """Raises WrongPartyError, TermsError, FutureDateError."""
    _check_parties(buyer, agency)
    _check_dates(terms, today=today)
    _check_terms(terms)
    contract = Contract(
        contract_id=contract_id,
        version=1,
        number=terms.number,
        buyer=buyer.code,
        agency=agency.code,
        channel=CHANNEL_BY_KIND[buyer.kind],
        payer_level=terms.payer_level,
        ceiling=terms.ceiling,
        instalments=tuple(
            Instalment(
                number=i.number,
                due_on=i.due_on,
                amount=i.amount,
                condition=i.condition,
                deduction=_nothing(i.amount.currency),
            )
            for i in terms.instalments
        ),
    )
    event = ContractSigned(
        aggregate_version=contract.version,
        contract_id=contract_id,
        contract_number=terms.number,
        buyer=contract.buyer,
        agency=contract.agency,
        channel=contract.channel,
        title=terms.title,
        purchase_mode=terms.purchase_mode,
        service_area=terms.service_area,
        people_served=terms.people_served,
        town=terms.town,
        payer_level=terms.payer_level,
        posts=terms.posts,
        signed_on=terms.signed_on,
        starts_on=terms.starts_on,
        ends_on=terms.ends_on,
        ceiling=terms.ceiling,
        instalments=tuple(terms.instalments),
    )
    return contract, event


def approve_instalment(
    contract: Contract,
    *,
    instalment_number: int,
    deduction: Money,
    approved_by: str,
    approved_on: date,
) -> tuple[Contract, InstalmentApproved]:
    """Raises InstalmentNotFoundError, InstalmentStateError, DeductionTooLargeError."""
    before = contract.instalment(instalment_number)
    _require_state(contract, before, InstalmentState.SCHEDULED)
    if deduction.amount_minor > before.amount.amount_minor:
        raise DeductionTooLargeError(
            f"{deduction} is more than the instalment's {before.amount}",
            pointer="/deduction/amount",
        )
    approved = replace(
        before,
        state=InstalmentState.APPROVED,
        deduction=deduction,
        approved_by=approved_by,
        approved_on=approved_on,
    )
    after = _with(contract, approved)
    return after, InstalmentApproved(
        aggregate_version=after.version,
        contract_id=contract.contract_id,
        contract_number=contract.number,
        buyer=contract.buyer,
        agency=contract.agency,
        channel=contract.channel,
        instalment_number=instalment_number,
        scheduled=approved.amount,
        deduction=approved.deduction,
        payable=approved.payable,
        approved_on=approved_on,
    )


def pay_instalment(
    contract: Contract,
    *,
    instalment_number: int,
    amount: Money,
    paid_on: date,
    bank_reference: str,
    paid_by: str,
    today: date,
) -> tuple[Contract, InstalmentPaid]:
    """Raises InstalmentNotFoundError, InstalmentStateError, SamePersonError, PaymentMismatchError.

    Also FutureDateError: a bank cannot have paid tomorrow.
    """
    before = contract.instalment(instalment_number)
    _require_state(contract, before, InstalmentState.APPROVED)
    if before.approved_by == paid_by:
        raise SamePersonError(
            f"{paid_by} approved instalment {instalment_number}, another one pays"
        )
    if paid_on > today:
        raise FutureDateError(f"{paid_on} is not yet", pointer="/paid_on")
    if amount != before.payable:
        raise PaymentMismatchError(
            f"{before.payable} is approved, {amount} was paid", pointer="/amount/amount"
        )
    paid = replace(
        before,
        state=InstalmentState.PAID,
        paid_by=paid_by,
        paid_on=paid_on,
        bank_reference=bank_reference,
    )
    after = _with(contract, paid)
    return after, InstalmentPaid(
        aggregate_version=after.version,
        contract_id=contract.contract_id,
        contract_number=contract.number,
        buyer=contract.buyer,
        agency=contract.agency,
        channel=contract.channel,
        instalment_number=instalment_number,
        scheduled=paid.amount,
        deduction=paid.deduction,
        payable=paid.payable,
        paid_on=paid_on,
        bank_reference=bank_reference,
    )


def _check_parties(buyer: Organisation, agency: Organisation) -> None:
    if buyer.kind not in BUYING_KINDS:
        raise WrongPartyError(
            f"{buyer.code} is of kind {buyer.kind} and buys nothing", pointer="/buyer"
        )
    if agency.kind is not OrganisationKind.AGENCY:
        raise WrongPartyError(
            f"{agency.code} is of kind {agency.kind}, not an agency", pointer="/agency"
        )


def _check_dates(terms: Terms, *, today: date) -> None:
    dates = {
        "signed_on": terms.signed_on,
        "published_on": terms.published_on,
        "filed_on": terms.filed_on,
    }
    for name, day in dates.items():
        if day is not None and day > today:
            raise FutureDateError(f"{day} is not yet", pointer=f"/{name}")
        if day is not None and day < terms.signed_on:
            raise TermsError("this comes after signing", pointer=f"/{name}")


def _check_terms(terms: Terms) -> None:
    if terms.ends_on < terms.starts_on:
        raise TermsError("the contract ends before it starts", pointer="/ends_on")
    if _lasts_longer_than(TERM_YEARS_MAX, starts_on=terms.starts_on, ends_on=terms.ends_on):
        raise TermsError(f"a term is at most {TERM_YEARS_MAX} years", pointer="/ends_on")
    if (terms.posts is not None) and terms.purchase_mode is not PurchaseMode.POST:
        raise TermsError("only a purchase of posts counts posts", pointer="/posts")
    if terms.ceiling.amount_minor <= 0:
        raise TermsError("the ceiling is more than nothing", pointer="/ceiling/amount")
    _check_instalments(terms)


def _check_instalments(terms: Terms) -> None:
    for place, instalment in enumerate(terms.instalments):
        if instalment.number != place + 1:
            raise TermsError(
                "instalments are numbered from 1, in order", pointer=f"/instalments/{place}/number"
            )
        if instalment.amount.amount_minor <= 0:
            raise TermsError(
                "an instalment is more than nothing", pointer=f"/instalments/{place}/amount/amount"
            )
    # Of plain numbers: together they may be more than an amount can be.
    total_minor = sum(i.amount.amount_minor for i in terms.instalments)
    if total_minor != terms.ceiling.amount_minor:
        relation = "over" if total_minor > terms.ceiling.amount_minor else "under"
        raise TermsError(
            f"the instalments sum to {text_from_minor(total_minor)},"
            f" {relation} the ceiling of {terms.ceiling}",
            pointer="/instalments",
        )


def _require_state(contract: Contract, instalment: Instalment, wanted: InstalmentState) -> None:
    if instalment.state is not wanted:
        raise InstalmentStateError(
            f"instalment {instalment.number} of {contract.number} is {instalment.state},"
            f" not {wanted}"
        )


def _with(contract: Contract, instalment: Instalment) -> Contract:
    instalments = tuple(
        instalment if i.number == instalment.number else i for i in contract.instalments
    )
    return replace(contract, version=contract.version + 1, instalments=instalments)


def _lasts_longer_than(years: int, *, starts_on: date, ends_on: date) -> bool:
    """Both days are part of the term: from the 1st of January it lasts to the 31st of December."""
    last = (ends_on.year - years, ends_on.month, ends_on.day)
    return last >= (starts_on.year, starts_on.month, starts_on.day)


def _nothing(currency: Currency) -> Money:
    return Money(amount_minor=0, currency=currency)


def _sum(amounts: Iterable[Money]) -> Money:
    total = _nothing(Currency.CNY)
    for amount in amounts:
        total += amount
    return total
