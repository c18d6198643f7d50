"""Readings (指标值): the income of a year up to a day, measured, projected and held to limits."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Final, NamedTuple, TypeVar

from fundmix_events.channel import Channel
from fundmix_events.contracts import (
    ContractSigned,
    InstalmentPaid,
    PaymentReversed,
    RecoveryReceived,
)
from fundmix_events.donations import DonationKind
from fundmix_events.goals import Basis
from fundmix_events.ledger import AccountCode

from ledger_svc.domain.measures import Spread, growth, median_of

KeyT = TypeVar("KeyT")

CONTRACT_RECEIPT_KINDS: Final = frozenset(
    {InstalmentPaid.type, PaymentReversed.type, RecoveryReceived.type}
)


class Flow(NamedTuple):
    """What moved in accounts of one kind: debit positive. Of bank and goods, receipts only."""

    agency: str
    code: AccountCode
    channel: Channel
    kind: str
    amount_minor: int


class Due(NamedTuple):
    """Unpaid instalments, after deductions: those due by the end of the year, and those overdue."""

    agency: str
    channel: Channel
    instalments: int
    amount_minor: int
    overdue_instalments: int
    overdue_minor: int


class Pledged(NamedTuple):
    """What is open of pledges: due by the end of the year, and not expected in it.

    A pledge that names no day is expected in the year it was made in, and in no other.
    """

    agency: str
    channel: Channel
    kind: DonationKind
    amount_minor: int
    later_minor: int


class Standing(NamedTuple):
    """The balance of accounts of one kind: debit positive."""

    agency: str
    code: AccountCode
    channel: Channel
    amount_minor: int


class Payer(NamedTuple):
    """Cash that came from one organisation."""

    agency: str
    payer: str
    channel: Channel
    amount_minor: int


@dataclass(frozen=True, kw_only=True)
class Income:
    """Net income by channel; goods stand beside it, not in it."""

    spread: Spread[Channel]
    in_kind_minor: int
    # What of the government's is paid or earned under contracts.
    contracts_minor: int

    @property
    def government_minor(self) -> int:
        return self.spread.net.get(Channel.GOVERNMENT, 0)

    @property
    def subsidies_minor(self) -> int:
        return self.government_minor - self.contracts_minor

    @property
    def government_share(self) -> Fraction | None:
        return self.spread.share(Channel.GOVERNMENT)


class Booked(NamedTuple):
    """Income as booked in the months of a year to `through`; some of them may be closed."""

    through: int
    closed_through: int
    flows: Sequence[Flow]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All that a reading is made from, of one snapshot; `seq` is the last entry that counts.

    `on`: movements by their value date up to that day. `as_of`: entries posted up to that day,
    None for all.
    """

    year: int
    on: date
    as_of: date | None
    seq: int
    quarantined: int
    this_year: Sequence[Flow] = ()
    last_year_to_day: Sequence[Flow] = ()
    last_year: Sequence[Flow] = ()
    due: Sequence[Due] = ()
    pledged: Sequence[Pledged] = ()
    standings: Sequence[Standing] = ()
    payers: Sequence[Payer] = ()
    # None where the day that is read is no end of a month, or not known by all that is posted.
    booked: Booked | None = None

    @property
    def until(self) -> date:
        """The last day of the year that is counted."""
        return min(self.on, date(self.year, 12, 31))

    @property
    def until_last_year(self) -> date:
        """The same day of the year before; of 29 February, the 28th."""
        return year_before(self.until)

    @property
    def is_year_over(self) -> bool:
        return self.on >= date(self.year, 12, 31)

    @property
    def year_gone(self) -> Fraction:
        """The share of the year's days up to and with the day that is read."""
        days = (date(self.year, 12, 31) - date(self.year, 1, 1)).days + 1
        return Fraction(max((self.until - date(self.year, 1, 1)).days + 1, 0), days)

    def of(self, agency: str | None) -> "Facts":
        """Those of one agency; None: all."""
        if agency is None:
            return self
        return replace(
            self,
            this_year=[f for f in self.this_year if f.agency == agency],
            last_year_to_day=[f for f in self.last_year_to_day if f.agency == agency],
            last_year=[f for f in self.last_year if f.agency == agency],
            due=[d for d in self.due if d.agency == agency],
            pledged=[p for p in self.pledged if p.agency == agency],
            standings=[s for s in self.standings if s.agency == agency],
            payers=[p for p in self.payers if p.agency == agency],
            booked=self.booked
            and self.booked._replace(flows=[f for f in self.booked.flows if f.agency == agency]),
        )


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What the facts come to, by one basis."""

    facts: Facts
    basis: Basis

    @cached_property
    def received(self) -> Income:
        return income_of(self.facts.this_year, Basis.RECEIVED)

    @cached_property
    def recognised(self) -> Income:
        return income_of(self.facts.this_year, Basis.RECOGNISED)

    @property
    def measured(self) -> Income:
        return self.received if self.basis is Basis.RECEIVED else self.recognised

    @cached_property
    def last_year_to_day(self) -> Income:
        return income_of(self.facts.last_year_to_day, self.basis)

    @cached_property
    def last_year(self) -> Income:
        return income_of(self.facts.last_year, self.basis)

    @cached_property
    def due(self) -> dict[Channel, int]:
        """Unpaid instalments due by the end of the year; nothing when it is over."""
        if self.facts.is_year_over:
            return {}
        return _by_channel((d.channel, d.amount_minor) for d in self.facts.due)

    @cached_property
    def pledged(self) -> dict[Channel, int]:
        """Cash that donors have promised by the end of the year."""
        pledges = self._pledges(DonationKind.CASH)
        return _by_channel((p.channel, p.amount_minor) for p in pledges)

    @cached_property
    def pledged_later(self) -> dict[Channel, int]:
        """Cash that is promised and not expected this year."""
        pledges = self._pledges(DonationKind.CASH)
        return _by_channel((p.channel, p.later_minor) for p in pledges)

    @cached_property
    def pledged_in_kind(self) -> dict[Channel, int]:
        """Goods that are promised by the end of the year: beside the mix, as those that came."""
        pledges = self._pledges(DonationKind.IN_KIND)
        return _by_channel((p.channel, p.amount_minor) for p in pledges)

    @cached_property
    def pledged_in_all(self) -> dict[Channel, int]:
        """Cash and goods that are promised, whenever they are expected."""
        pledges = [*self._pledges(DonationKind.CASH), *self._pledges(DonationKind.IN_KIND)]
        return _by_channel((p.channel, p.amount_minor + p.later_minor) for p in pledges)

    @cached_property
    def unearned(self) -> dict[Channel, int]:
        """What was paid and is not earned yet."""
        advances = self._standing(AccountCode.ADVANCE_RECEIVED)
        return {channel: -amount for channel, amount in advances.items()}

    @cached_property
    def receivable(self) -> dict[Channel, int]:
        return self._standing(AccountCode.RECEIVABLE)

    @cached_property
    def projected(self) -> Spread[Channel]:
        """Income by the end of the year, when what is due and pledged by then comes.

        What is earned by then: all that is paid until then, and no more. So what was an advance
        is income, and what is a claim has been income already.
        """
        parts = [self.measured.spread.net, self.due, self.pledged]
        if self.basis is Basis.RECOGNISED:
            claims = {channel: -amount for channel, amount in self.receivable.items()}
            parts += [self.unearned, claims]
        net = _by_channel(item for part in parts for item in part.items())
        return Spread(net=net, n=len(Channel))

    @property
    def overdue_government(self) -> tuple[int, int]:
        """How many instalments of the government are overdue, and what they come to."""
        due = [d for d in self.facts.due if d.channel is Channel.GOVERNMENT]
        return sum(d.overdue_instalments for d in due), sum(d.overdue_minor for d in due)

    @cached_property
    def payers(self) -> Spread[str]:
        """Cash by the organisation that paid it."""
        net = _sums((p.payer, p.amount_minor) for p in self.facts.payers)
        return Spread(net=net, n=len(net))

    @cached_property
    def buyers(self) -> Spread[str]:
        """The same of the government's bodies only."""
        government = [p for p in self.facts.payers if p.channel is Channel.GOVERNMENT]
        net = _sums((p.payer, p.amount_minor) for p in government)
        return Spread(net=net, n=len(net))

    @cached_property
    def government_shares(self) -> list[Fraction]:
        """Of the agencies that have any income."""
        shares = [i.government_share for i in incomes_by_agency(self.facts, self.basis).values()]
        return [share for share in shares if share is not None]

    @property
    def median_government_share(self) -> Fraction | None:
        return median_of(self.government_shares)

    @property
    def total_growth(self) -> Fraction | None:
        """On the same day of the year before."""
        before = self.last_year_to_day.spread.total_minor
        return growth(self.measured.spread.total_minor, before)

    @cached_property
    def procurement(self) -> "Procurement":
        return Procurement(
            signed_minor=signed_minor(self.facts.this_year),
            signed_before_minor=signed_minor(self.facts.last_year_to_day),
            signed_last_year_minor=signed_minor(self.facts.last_year),
            paid_minor=self.received.contracts_minor,
            paid_before_minor=_paid(self.facts.last_year_to_day),
            paid_last_year_minor=_paid(self.facts.last_year),
            due_minor=self.due.get(Channel.GOVERNMENT, 0),
        )

    def _pledges(self, kind: DonationKind) -> list[Pledged]:
        if self.facts.is_year_over:
            return []
        return [p for p in self.facts.pledged if p.kind is kind]

    def _standing(self, code: AccountCode) -> dict[Channel, int]:
        if self.facts.is_year_over:
            return {}
        standings = [s for s in self.facts.standings if s.code is code]
        return _by_channel((s.channel, s.amount_minor) for s in standings)


@dataclass(frozen=True, kw_only=True, slots=True)
class Procurement:
    """What government bodies have signed and paid: this year to the day, and the year before.

    `before` is up to the same day, `last_year` the whole year; `due` what is still to be paid by
    the end of this one.
    """

    signed_minor: int
    signed_before_minor: int
    signed_last_year_minor: int
    paid_minor: int
    paid_before_minor: int
    paid_last_year_minor: int
    due_minor: int

    @property
    def signed_growth(self) -> Fraction | None:
        return growth(self.signed_minor, self.signed_before_minor)

    @property
    def paid_growth(self) -> Fraction | None:
        return growth(self.paid_minor, self.paid_before_minor)

    @property
    def projected_growth(self) -> Fraction | None:
        return growth(self.paid_minor + self.due_minor, self.paid_last_year_minor)


def year_before(day: date) -> date:
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if is_leap_day else day.day)


def income_of(flows: Iterable[Flow], basis: Basis) -> Income:
    """Goods are income when they are recognised, and taken out of it here."""
    net: dict[Channel, int] = {}
    in_kind = contracts = 0
    for flow in flows:
        amount = _income_minor(flow, basis)
        if flow.code is AccountCode.IN_KIND:
            in_kind += flow.amount_minor
        if amount != 0:
            net[flow.channel] = net.get(flow.channel, 0) + amount
        if flow.channel is Channel.GOVERNMENT and _is_of_contract(flow, basis):
            contracts += amount
    return Income(
        spread=Spread(net=net, n=len(Channel)), in_kind_minor=in_kind, contracts_minor=contracts
    )


def incomes_by_agency(facts: Facts, basis: Basis) -> dict[str, Income]:
    flows: dict[str, list[Flow]] = {}
    for flow in facts.this_year:
        flows.setdefault(flow.agency, []).append(flow)
    return {agency: income_of(flows[agency], basis) for agency in sorted(flows)}


def signed_minor(flows: Iterable[Flow]) -> int:
    """The ceilings of the government's contracts, as they were signed."""
    return sum(
        flow.amount_minor
        for flow in flows
        if flow.code is AccountCode.CONTRACT_COMMITMENT
        and flow.kind == ContractSigned.type
        and flow.channel is Channel.GOVERNMENT
    )


def _paid(flows: Iterable[Flow]) -> int:
    return income_of(flows, Basis.RECEIVED).contracts_minor


def _income_minor(flow: Flow, basis: Basis) -> int:
    if basis is Basis.RECEIVED:
        return flow.amount_minor if flow.code is AccountCode.BANK else 0
    is_income = flow.code.group == "income" or flow.code is AccountCode.IN_KIND
    return -flow.amount_minor if is_income else 0


def _is_of_contract(flow: Flow, basis: Basis) -> bool:
    if basis is Basis.RECEIVED:
        return flow.kind in CONTRACT_RECEIPT_KINDS
    return flow.code is AccountCode.SERVICE_INCOME


def _by_channel(items: Iterable[tuple[Channel, int]]) -> dict[Channel, int]:
    return {channel: amount for channel, amount in _sums(items).items() if amount != 0}


def _sums(items: Iterable[tuple[KeyT, int]]) -> dict[KeyT, int]:
    sums: dict[KeyT, int] = {}
    for key, amount in items:
        sums[key] = sums.get(key, 0) + amount
    return sums
