"""What two parties can agree on, and the contract that their signatures make."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from fundmix_events.contracts import (
    Condition,
    ContractLine,
    ContractSigned,
    PurchaseMode,
    ScheduledInstalment,
    YearShare,
)
from fundmix_events.money import Money, text_from_minor
from fundmix_events.registry import CHANNEL_BY_KIND, Level, Organisation, OrganisationKind

from contracts_svc.domain.contract import Contract, Instalment, Line, identity
from contracts_svc.domain.errors import (
    FutureDateError,
    SuspendedPartyError,
    TermsError,
    WrongPartyError,
)

# Measures for the Administration of Government Purchase of Services (2020), article 24:
# a year, and up to three where the budget provides for it.
TERM_YEARS_USUAL: Final = 1
TERM_YEARS_MAX: Final = 3

# An enterprise, a foundation or a university may buy too; an agency sells.
BUYING_KINDS: Final = frozenset(OrganisationKind) - {OrganisationKind.AGENCY}
# What is agreed at signing; the others come about later.
SIGNED_CONDITIONS: Final = frozenset({Condition.SIGNING, Condition.MIDTERM, Condition.FINAL})
FIRST_SCHEME_VERSION: Final = 1
UNIT_OF_POSTS: Final = "岗位"
UNIT_OF_PROJECTS: Final = "项"


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What the two parties have agreed, as it is written in the contract.

    Without lines the whole is one line: so many posts, or one project. Without yearly shares the
    year in which the term begins bears the whole ceiling, if the term ends in it.
    """

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
    lines: Sequence[ContractLine] = ()
    years: Sequence[YearShare] = ()
    budget_item: str | None = None
    plan_number: str | None = None
    term_reason: str | None = None
    scheme_version: int = FIRST_SCHEME_VERSION
    has_deduction_clause: bool = True


def sign_contract(
    terms: Terms, *, contract_id: UUID, buyer: Organisation, agency: Organisation, today: date
) -> tuple[Contract, ContractSigned]:
    """Raises WrongPartyError, SuspendedPartyError, TermsError, FutureDateError."""
    _check_parties(buyer, agency, signed_on=terms.signed_on)
    _check_dates(terms, today=today)
    _check_terms(terms)
    nothing = Money.of(0, terms.ceiling.currency)
    contract = Contract(
        contract_id=contract_id,
        version=1,
        number=terms.number,
        buyer=buyer.code,
        agency=agency.code,
        channel=CHANNEL_BY_KIND[buyer.kind],
        payer_level=terms.payer_level,
        signed_on=terms.signed_on,
        starts_on=terms.starts_on,
        ends_on=terms.ends_on,
        ceiling=terms.ceiling,
        original_ceiling=terms.ceiling,
        supplemented=nothing,
        scheme_version=terms.scheme_version,
        has_deduction_clause=terms.has_deduction_clause,
        instalments=tuple(Instalment.scheduled(agreed) for agreed in terms.instalments),
        lines=tuple(Line(agreed=agreed) for agreed in lines_of(terms)),
        years=tuple(years_of(terms)),
    )
    event = ContractSigned(
        **identity(contract),
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
        lines=tuple(line.agreed for line in contract.lines),
        years=contract.years,
        budget_item=terms.budget_item,
        plan_number=terms.plan_number,
        term_reason=terms.term_reason,
        scheme_version=terms.scheme_version,
        has_deduction_clause=terms.has_deduction_clause,
    )
    return contract, event


def lines_of(terms: Terms) -> Sequence[ContractLine]:
    if terms.lines:
        return terms.lines
    is_posts = terms.posts is not None
    whole = ContractLine(
        number=1,
        title=terms.title,
        unit=UNIT_OF_POSTS if is_posts else UNIT_OF_PROJECTS,
        quantity=terms.posts or 1,
        amount=terms.ceiling,
    )
    return [whole]


def years_of(terms: Terms) -> Sequence[YearShare]:
    return terms.years or [YearShare(year=terms.starts_on.year, amount=terms.ceiling)]


def _check_parties(buyer: Organisation, agency: Organisation, *, signed_on: date) -> None:
    if buyer.kind not in BUYING_KINDS:
        raise WrongPartyError(
            f"{buyer.code} is of kind {buyer.kind} and buys nothing", pointer="/buyer"
        )
    if agency.kind is not OrganisationKind.AGENCY:
        raise WrongPartyError(
            f"{agency.code} is of kind {agency.kind}, not an agency", pointer="/agency"
        )
    for party, pointer in ((buyer, "/buyer"), (agency, "/agency")):
        if party.is_suspended(on=signed_on):
            raise SuspendedPartyError(
                f"{party.code} is suspended since {party.suspended_on}", pointer=pointer
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
            raise TermsError(f"the contract was signed on {terms.signed_on}", pointer=f"/{name}")


def _check_terms(terms: Terms) -> None:
    check_term(terms.starts_on, terms.ends_on, has_reason=terms.term_reason is not None)
    if (terms.posts is not None) and terms.purchase_mode is not PurchaseMode.POST:
        raise TermsError("only a purchase of posts counts posts", pointer="/posts")
    if terms.ceiling.amount_minor <= 0:
        raise TermsError("the ceiling is more than nothing", pointer="/ceiling/amount")
    _check_instalments(terms)
    check_lines(terms.lines, ceiling=terms.ceiling)
    check_years(
        terms.years, ceiling=terms.ceiling, starts_on=terms.starts_on, ends_on=terms.ends_on
    )


def check_term(starts_on: date, ends_on: date, *, has_reason: bool) -> None:
    """Raises TermsError."""
    if ends_on < starts_on:
        raise TermsError("the contract ends before it starts", pointer="/ends_on")
    if _lasts_longer_than(TERM_YEARS_MAX, starts_on=starts_on, ends_on=ends_on):
        raise TermsError(f"a term is at most {TERM_YEARS_MAX} years", pointer="/ends_on")
    is_long = _lasts_longer_than(TERM_YEARS_USUAL, starts_on=starts_on, ends_on=ends_on)
    if is_long and not has_reason:
        raise TermsError("a term of more than a year has a reason", pointer="/term_reason")


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
        if instalment.condition not in SIGNED_CONDITIONS:
            raise TermsError(
                f"nothing is {instalment.condition} at signing",
                pointer=f"/instalments/{place}/condition",
            )
    finals = [i for i in terms.instalments if i.condition is Condition.FINAL]
    if len(finals) > 1:
        place = finals[1].number - 1
        raise TermsError("only one instalment is final", pointer=f"/instalments/{place}/condition")
    _check_sum(
        [i.amount for i in terms.instalments], terms.ceiling, name="instalments", what="instalments"
    )


def check_lines(lines: Sequence[ContractLine], *, ceiling: Money) -> None:
    """Raises TermsError. No lines at all are in order: the whole is one then."""
    for place, line in enumerate(lines):
        if line.number != place + 1:
            raise TermsError(
                "lines are numbered from 1, in order", pointer=f"/lines/{place}/number"
            )
    if lines:
        _check_sum([line.amount for line in lines], ceiling, name="lines", what="lines")


def check_years(
    years: Sequence[YearShare], *, ceiling: Money, starts_on: date, ends_on: date
) -> None:
    """Raises TermsError. A budget may pay in the year after the term has ended."""
    if not years:
        if starts_on.year != ends_on.year:
            raise TermsError("a term over more years says what each one bears", pointer="/years")
        return
    for place, share in enumerate(years):
        if not starts_on.year <= share.year <= ends_on.year + 1:
            raise TermsError(f"{share.year} is outside of the term", pointer=f"/years/{place}/year")
        if place > 0 and share.year <= years[place - 1].year:
            raise TermsError("years stand in order, once each", pointer=f"/years/{place}/year")
    _check_sum([share.amount for share in years], ceiling, name="years", what="yearly shares")


def _check_sum(amounts: Sequence[Money], ceiling: Money, *, name: str, what: str) -> None:
    # Of plain numbers: together they may be more than an amount can be.
    total_minor = sum(amount.amount_minor for amount in amounts)
    if total_minor != ceiling.amount_minor:
        relation = "over" if total_minor > ceiling.amount_minor else "under"
        raise TermsError(
            f"the {what} sum to {text_from_minor(total_minor)},"
            f" {relation} the ceiling of {ceiling}",
            pointer=f"/{name}",
        )


def _lasts_longer_than(years: int, *, starts_on: date, ends_on: date) -> bool:
    """Both days are part of the term: from the 1st of January it lasts to the 31st of December."""
    last = (ends_on.year - years, ends_on.month, ends_on.day)
    return last >= (starts_on.year, starts_on.month, starts_on.day)
