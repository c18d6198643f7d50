"""What goes out over HTTP about readings: figures, what they are made from, and why they are so.

Ratios are JSON numbers of six places, amounts text in `currency`. `why` has the paths that list the
entries or the instalments behind a figure.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Final
from uuid import UUID

from fundmix_events.channel import CHANNEL_LIST_VERSION, Channel
from fundmix_events.goals import Basis, GoalState
from fundmix_events.ledger import AccountCode
from fundmix_events.money import Currency, text_from_minor
from pydantic import BaseModel, PlainSerializer

from ledger_svc.api.amounts import AmountOut, amount_out, why_due
from ledger_svc.api.bodies import Ratio
from ledger_svc.api.headline import headline
from ledger_svc.api.procurement_bodies import ProcurementOut, procurement_out
from ledger_svc.api.why import Asking, asking, asking_last_year, due
from ledger_svc.domain.goal import Goal, LimitKind, worst_of
from ledger_svc.domain.limits import LimitReading, read_limits
from ledger_svc.domain.measures import Spread, shown_upward
from ledger_svc.domain.mix import shown
from ledger_svc.domain.periods import last_day
from ledger_svc.domain.reading import Income, Reading, income_of
from ledger_svc.domain.selections import Why


def _written(value: Decimal | str) -> float | str:
    return value if isinstance(value, str) else float(value)


# A limit is an amount as text, or a ratio as a number of six places.
Measure = Annotated[
    Decimal | str, PlainSerializer(_written, return_type=float | str, when_used="json")
]


class ShareOut(AmountOut):
    """`amount` of the total of its section."""

    share: Ratio | None


class ChannelListOut(BaseModel):
    """The list that channels are taken from: `n` counts them all, also those without income."""

    version: int
    n: int
    channels: tuple[Channel, ...]


class ConcentrationOut(BaseModel):
    """Of the amounts by channel beside it. Null without income, never 0."""

    government_share: Ratio | None
    hhi: Ratio | None
    hhi_normalised: Ratio | None
    effective_sources: Ratio | None


class IncomeOut(ConcentrationOut):
    """Net of refunds. Goods stand beside it.

    Of a channel in `negative_channels` more went back than came: its amount is here, and it is in
    no share and not in the total.
    """

    by_channel: dict[Channel, ShareOut]
    total: AmountOut
    in_kind: AmountOut
    government_contracts: ShareOut
    government_subsidies: ShareOut
    negative_channels: list[Channel]


class OfficialOut(BaseModel):
    """Income as booked in the months of the year to `through`; it stands beside the restated one.

    What came after its month was closed is in the month it was posted in. Months to
    `closed_through` change no more.
    """

    through: int
    closed_through: int
    received: IncomeOut
    recognised: IncomeOut


class OverdueOut(AmountOut):
    """Instalments of the government whose day has passed, and that are not paid."""

    instalments: int


class FunderOut(BaseModel):
    payer: str
    amount: str
    share: Ratio | None
    why: Why


class PayersOut(BaseModel):
    """Cash by the organisation that paid it, in the year to the day that is read.

    `buyer_hhi` is of the government's bodies alone, `buyers` of them. People who give are not
    named, and in the total only. `why` has the cash of the government's, whoever paid it.
    """

    largest_funder: FunderOut | None
    buyers: int
    buyer_hhi: Ratio | None
    why: Why


class MedianOut(BaseModel):
    """Of the agencies with income, on the basis of the reading; the ranking has each of them."""

    government_share: Ratio | None
    agencies: int
    why: Why


class CoverageOut(BaseModel):
    """What is recorded here, with goods, of the income by audited accounts."""

    coverage: Ratio | None
    recorded: str
    audited: str
    why: Why


class PaceOut(BaseModel):
    """Income to the day against the same day of the year before, and the share of the year gone."""

    to_day: AmountOut
    last_year_to_day: AmountOut
    last_year: AmountOut
    growth: Ratio | None
    year_gone: Ratio


class ProjectionOut(ConcentrationOut):
    """Income by the end of the year: what has come, and what is due and pledged by then.

    `pledged` is cash; a pledge that names no day counts in the year it was made in. Beside it stand
    the rest, `pledged_later`, and goods, `pledged_in_kind`; `pledged_in_all` is their sum.
    Of what is earned instead of received, `unearned` is added and `receivable` taken off.
    """

    by_channel: dict[Channel, str]
    total: str
    to_day: dict[Channel, str]
    due: dict[Channel, str]
    pledged: dict[Channel, str]
    pledged_later: dict[Channel, str]
    pledged_in_kind: dict[Channel, str]
    pledged_in_all: dict[Channel, str]
    unearned: dict[Channel, str] | None
    receivable: dict[Channel, str] | None
    why_to_day: Why
    why_due: Why
    why_pledged_in_all: Why
    why_unearned: Why
    why_receivable: Why


class LimitOut(BaseModel):
    """A limit, the reading and the projection: amounts are text, ratios numbers.

    `lacking`: the least that would keep the limit, from `channel`; for the government's share from
    others, whichever they are; for the HHI from `lacking_from` alone, which needs least of all but
    the government. Null where no amount would.
    """

    kind: LimitKind
    channel: Channel | None
    limit: Measure
    measured: Measure | None
    projected: Measure | None
    status: GoalState
    lacking: str | None
    lacking_at_year_end: str | None
    lacking_from: Channel | None
    lacking_at_year_end_from: Channel | None
    why: Why


class ReadingOut(BaseModel):
    """A reading of one snapshot: `seq` is the last entry that counts.

    It is by value date, with all that came late: restated. `official` is as booked; it is null as
    known on a day, and on a day within a month.
    """

    goal_id: UUID | None
    goal_version: int | None
    year: int
    agency: str | None
    on: date
    as_of: date | None
    basis: Basis
    currency: Currency
    headline: str
    status: GoalState | None
    limits: list[LimitOut]
    channel_list: ChannelListOut
    received: IncomeOut
    recognised: IncomeOut
    official: OfficialOut | None
    overdue_government: OverdueOut
    payers: PayersOut
    median_agency: MedianOut | None
    coverage: CoverageOut | None
    pace: PaceOut
    projection: ProjectionOut
    procurement: ProcurementOut
    seq: int
    quarantined: int


CHANNELS: Final = ChannelListOut(
    version=CHANNEL_LIST_VERSION, n=len(Channel), channels=tuple(Channel)
)


def reading_out(reading: Reading, *, agency: str | None, goal: Goal | None = None) -> ReadingOut:
    facts, basis = reading.facts, reading.basis
    why = asking(facts, agency=agency)
    limits = read_limits(reading, goal.limits) if goal else []
    count, overdue = reading.overdue_government
    return ReadingOut(
        goal_id=goal.goal_id if goal else None,
        goal_version=goal.version if goal else None,
        year=facts.year,
        agency=agency,
        on=facts.on,
        as_of=facts.as_of,
        basis=basis,
        currency=Currency.CNY,
        headline=headline(reading.measured.government_share, year=facts.year),
        status=worst_of(limit.state for limit in limits) if goal else None,
        limits=[_limit_out(limit, why, basis) for limit in limits],
        channel_list=CHANNELS,
        received=_income_out(reading.received, Basis.RECEIVED, why),
        recognised=_income_out(reading.recognised, Basis.RECOGNISED, why),
        official=_official_out(reading, why),
        overdue_government=OverdueOut(
            instalments=count,
            amount=text_from_minor(overdue),
            why=due(
                facts,
                agency=agency,
                channel=Channel.GOVERNMENT,
                last_due_on=facts.on - timedelta(days=1),
            ),
        ),
        payers=_payers_out(reading, why),
        median_agency=None if agency else _median_out(reading, why),
        coverage=_coverage_out(reading, goal, why),
        pace=_pace_out(reading, why, agency=agency),
        projection=_projection_out(reading, why),
        procurement=procurement_out(reading, agency=agency),
        seq=facts.seq,
        quarantined=facts.quarantined,
    )


def _income_out(income: Income, basis: Basis, why: Asking) -> IncomeOut:
    spread = income.spread
    by_channel = {
        channel: ShareOut(
            amount=text_from_minor(amount),
            share=shown(spread.share(channel)),
            why=why.income(basis, channel),
        )
        for channel, amount in sorted(spread.net.items())
        if amount != 0
    }
    return IncomeOut(
        **dict(_concentration_out(spread)),
        by_channel=by_channel,
        total=AmountOut(amount=text_from_minor(spread.total_minor), why=why.total(basis, spread)),
        in_kind=AmountOut(amount=text_from_minor(income.in_kind_minor), why=why.goods()),
        government_contracts=_part_out(income.contracts_minor, spread, why.contracts(basis)),
        government_subsidies=_part_out(income.subsidies_minor, spread, why.subsidies(basis)),
        negative_channels=sorted(spread.negative),
    )


def _official_out(reading: Reading, why: Asking) -> OfficialOut | None:
    booked = reading.facts.booked
    if booked is None:
        return None
    by_months = replace(why, last=last_day(booked.through), is_booked=True)

    def income_out(basis: Basis) -> IncomeOut:
        return _income_out(income_of(booked.flows, basis), basis, by_months)

    return OfficialOut(
        through=booked.through,
        closed_through=booked.closed_through,
        received=income_out(Basis.RECEIVED),
        recognised=income_out(Basis.RECOGNISED),
    )


def _concentration_out(spread: Spread[Channel]) -> ConcentrationOut:
    return ConcentrationOut(
        government_share=shown(spread.share(Channel.GOVERNMENT)),
        hhi=shown(spread.hhi),
        hhi_normalised=shown_upward(spread.normalised_hhi),
        effective_sources=shown(spread.effective_sources),
    )


def _part_out(amount_minor: int, spread: Spread[Channel], why: Why) -> ShareOut:
    total = spread.total_minor
    share = Fraction(amount_minor, total) if total > 0 else None
    return ShareOut(amount=text_from_minor(amount_minor), share=shown(share), why=why)


def _payers_out(reading: Reading, why: Asking) -> PayersOut:
    largest, buyers = reading.payers.largest, reading.buyers
    total = reading.received.spread.total_minor
    return PayersOut(
        largest_funder=None
        if largest is None
        else FunderOut(
            payer=largest[0],
            amount=text_from_minor(largest[1]),
            share=shown(Fraction(largest[1], total) if total > 0 else None),
            why=why.paid_by(largest[0]),
        ),
        buyers=sum(1 for amount in buyers.net.values() if amount > 0),
        buyer_hhi=shown(buyers.hhi),
        why=why.income(Basis.RECEIVED, Channel.GOVERNMENT),
    )


def _median_out(reading: Reading, why: Asking) -> MedianOut:
    return MedianOut(
        government_share=shown(reading.median_government_share),
        agencies=len(reading.government_shares),
        why=why.income(reading.basis, Channel.GOVERNMENT),
    )


def _coverage_out(reading: Reading, goal: Goal | None, why: Asking) -> CoverageOut | None:
    audited = goal.limits.audited_income_minor if goal else None
    if audited is None:
        return None
    recognised = reading.recognised
    recorded = recognised.spread.total_minor + recognised.in_kind_minor
    return CoverageOut(
        coverage=shown(Fraction(recorded, audited)),
        recorded=text_from_minor(recorded),
        audited=text_from_minor(audited),
        why=(*why.total(Basis.RECOGNISED, recognised.spread), *why.goods()),
    )


def _pace_out(reading: Reading, why: Asking, *, agency: str | None) -> PaceOut:
    facts, basis = reading.facts, reading.basis
    measured = reading.measured.spread
    before, before_to_day = reading.last_year.spread, reading.last_year_to_day.spread
    year_gone = shown(facts.year_gone)
    assert year_gone is not None, "every year has days"
    to_day = asking_last_year(facts, agency=agency, last=facts.until_last_year)
    whole = asking_last_year(facts, agency=agency, last=date(facts.year - 1, 12, 31))
    return PaceOut(
        to_day=amount_out(measured.total_minor, why.total(basis, measured)),
        last_year_to_day=amount_out(before_to_day.total_minor, to_day.total(basis, before_to_day)),
        last_year=amount_out(before.total_minor, whole.total(basis, before)),
        growth=shown(reading.total_growth),
        year_gone=year_gone,
    )


def _projection_out(reading: Reading, why: Asking) -> ProjectionOut:
    spread = reading.projected
    is_open = not reading.facts.is_year_over
    is_earned = reading.basis is Basis.RECOGNISED
    advances = why.standing(AccountCode.ADVANCE_RECEIVED, is_credit=True)
    claims = why.standing(AccountCode.RECEIVABLE)
    return ProjectionOut(
        **dict(_concentration_out(spread)),
        by_channel=_amounts(spread.net),
        total=text_from_minor(spread.total_minor),
        to_day=_amounts(reading.measured.spread.net),
        due=_amounts(reading.due),
        pledged=_amounts(reading.pledged),
        pledged_later=_amounts(reading.pledged_later),
        pledged_in_kind=_amounts(reading.pledged_in_kind),
        pledged_in_all=_amounts(reading.pledged_in_all),
        unearned=_amounts(reading.unearned) if is_earned else None,
        receivable=_amounts(reading.receivable) if is_earned else None,
        why_to_day=why.income(reading.basis),
        why_due=why_due(reading, None, agency=why.agency),
        why_pledged_in_all=why.standing(AccountCode.PLEDGE_COMMITMENT) if is_open else (),
        why_unearned=advances if is_open and is_earned else (),
        why_receivable=claims if is_open and is_earned else (),
    )


def _limit_out(limit: LimitReading, why: Asking, basis: Basis) -> LimitOut:
    is_growth = limit.kind is LimitKind.PROCUREMENT_GROWTH_MIN
    asked = why.contracts(Basis.RECEIVED) if is_growth else why.income(basis, limit.channel)
    return LimitOut(
        kind=limit.kind,
        channel=limit.channel,
        limit=_value(limit.limit),
        measured=None if limit.measured is None else _value(limit.measured),
        projected=None if limit.projected is None else _value(limit.projected),
        status=limit.state,
        lacking=_text(limit.lacking_minor),
        lacking_at_year_end=_text(limit.lacking_at_year_end_minor),
        lacking_from=limit.lacking_from,
        lacking_at_year_end_from=limit.lacking_at_year_end_from,
        why=asked,
    )


def _value(value: Fraction | int) -> Decimal | str:
    """Amounts are whole fen, ratios fractions."""
    if isinstance(value, int):
        return text_from_minor(value)
    ratio = shown(value)
    assert ratio is not None, "a ratio is shown as one"
    return ratio


def _text(amount_minor: int | None) -> str | None:
    return None if amount_minor is None else text_from_minor(amount_minor)


def _amounts(amounts: Mapping[Channel, int]) -> dict[Channel, str]:
    return {
        channel: text_from_minor(amount)
        for channel, amount in sorted(amounts.items())
        if amount != 0
    }
