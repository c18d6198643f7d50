"""What goes out over HTTP."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Final, Literal
from uuid import UUID

from fundmix_events.channel import Channel
from fundmix_events.ledger import (
    AccountCode,
    EntryPosted,
    JournalEvent,
    LotMovement,
    PeriodClosed,
    Posting,
    Source,
)
from fundmix_events.ledger_requests import CloseApproved
from fundmix_events.money import Currency, Money, text_from_minor
from fundmix_kit.tables import Quarantine
from pydantic import BaseModel, PlainSerializer

from ledger_svc.domain.mix import Basis, Mix, MixQuestion, city_mix, shown
from ledger_svc.domain.selections import Selection, Why
from ledger_svc.queries import MixReading
from ledger_svc.storage import tables
from ledger_svc.storage.entries import MonthOfKind
from ledger_svc.storage.lookups import DatedBalance

CASH: Final = (AccountCode.BANK,)
GOODS: Final = (AccountCode.IN_KIND,)

# Six places survive the way through a JSON number; nothing is calculated with it.
Ratio = Annotated[Decimal, PlainSerializer(float, return_type=float, when_used="json")]


class AgencyMixOut(BaseModel):
    received_total: str
    government_share: Ratio | None
    hhi: Ratio | None
    why: Why


class MixOut(BaseModel):
    """Cash received in a year by channel, by value date; `n` counts the channels with any.

    Amounts are in `currency`. With no income the ratios are null, never 0. `seq` is the last entry
    that is counted, `quarantined` how many events wait for a decision and are not. `basis` is by
    value date, or as booked; `why` has the paths that list the entries behind each amount. Of a
    channel in `negative_channels` more went back than came: it is in no share and not in the total.
    """

    year: int
    agency: str | None
    basis: Basis
    on: date | None
    as_of: date | None
    closed_through: int
    currency: Currency
    received_by_channel: dict[Channel, str]
    received_total: str
    in_kind_total: str
    government_share: Ratio | None
    hhi: Ratio | None
    effective_sources: Ratio | None
    n: int
    negative_channels: list[Channel]
    agencies: dict[str, AgencyMixOut] | None
    why: dict[str, Why]
    seq: int
    quarantined: int


class EntryOut(BaseModel):
    """An entry, or a barrier: that has no agency and no postings, and says what it `closes`."""

    seq: int
    event_id: UUID
    source: Source
    kind: str
    agency: str | None
    occurred_on: date | None
    value_on: date | None
    posted_at: datetime
    period: int
    payload_sha256: str
    document: str | None
    payer: str | None
    corrects: UUID | None
    postings: tuple[Posting, ...]
    lots: tuple[LotMovement, ...]
    draws: tuple[LotMovement, ...]
    closes: int | None


class AccountOut(BaseModel):
    agency: str
    code: AccountCode
    fund_code: str
    channel: Channel


class BalanceOut(AccountOut):
    """Now; or by value date `on` a day, as known `as_of` one, without `last_seq`."""

    account_id: int
    amount: Money
    last_seq: int | None
    on: date | None
    as_of: date | None
    why: Why


class PeriodBalanceOut(AccountOut):
    period: int
    kind: str
    amount: Money
    why: Why


class TodoOut(BaseModel):
    """A message that waits for a decision: it is in no figure until then."""

    action: Literal["decide_quarantined"] = "decide_quarantined"
    quarantine_id: int
    topic: str
    reason: str
    quarantined_at: datetime


def mix_out(reading: MixReading, question: MixQuestion) -> MixOut:
    mix, agency = city_mix(reading.by_agency), question.agency
    received = {c: amount for c, amount in sorted(mix.received.items()) if amount != 0}
    agencies = {
        code: _agency_mix_out(m, _why_total(m, question, agency=code))
        for code, m in reading.by_agency.items()
    }
    return MixOut(
        year=question.year,
        agency=agency,
        basis=question.basis,
        on=question.on,
        as_of=question.as_of,
        closed_through=reading.closed_through,
        currency=Currency.CNY,
        received_by_channel={c: text_from_minor(amount) for c, amount in received.items()},
        received_total=text_from_minor(mix.total_minor),
        in_kind_total=text_from_minor(mix.in_kind_minor),
        government_share=shown(mix.government_share),
        hhi=shown(mix.hhi),
        effective_sources=shown(mix.effective_sources),
        n=mix.channels,
        negative_channels=sorted(mix.spread.negative),
        agencies=None if agency else agencies,
        why={
            "received_total": _why_total(mix, question, agency=agency),
            "in_kind_total": (question.selection(agency=agency, codes=GOODS).why,),
            **{c.value: _why_channel(question, c, agency=agency) for c in received},
        },
        seq=reading.seq,
        quarantined=reading.quarantined,
    )


def todo_out(row: Quarantine) -> TodoOut:
    return TodoOut(
        quarantine_id=row.id,
        topic=row.topic,
        reason=row.reason,
        quarantined_at=row.quarantined_at,
    )


def _why_total(mix: Mix, question: MixQuestion, *, agency: str | None) -> Why:
    """Of the channels that have income; what another took back beyond is in no total."""
    if not mix.spread.negative:
        return (question.selection(agency=agency, codes=CASH).why,)
    giving = [channel for channel, amount in sorted(mix.received.items()) if amount > 0]
    return tuple(p for channel in giving for p in _why_channel(question, channel, agency=agency))


def _why_channel(question: MixQuestion, channel: Channel, *, agency: str | None) -> Why:
    return (question.selection(agency=agency, codes=CASH, channel=channel).why,)


def _agency_mix_out(mix: Mix, why: Why) -> AgencyMixOut:
    return AgencyMixOut(
        received_total=text_from_minor(mix.total_minor),
        government_share=shown(mix.government_share),
        hhi=shown(mix.hhi),
        why=why,
    )


def entry_out(event: JournalEvent) -> EntryOut:
    place = {name: getattr(event, name) for name in JournalEvent.model_fields}
    if isinstance(event, EntryPosted):
        about = {name: getattr(event, name) for name in EntryPosted.model_fields}
        return EntryOut(**place | about, closes=None)
    assert isinstance(event, PeriodClosed), "the journal has entries and barriers"
    return EntryOut(
        **place,
        kind=CloseApproved.type,
        agency=None,
        occurred_on=None,
        value_on=None,
        period=event.through,
        document=None,
        payer=None,
        corrects=None,
        postings=(),
        lots=(),
        draws=(),
        closes=event.through,
    )


def balance_out(row: tuple[tables.Account, tables.Balance]) -> BalanceOut:
    account, balance = row
    return _balance_out(account, balance.amount_minor, last_seq=balance.last_seq)


def dated_balance_out(balance: DatedBalance, *, on: date | None, as_of: date | None) -> BalanceOut:
    return _balance_out(balance.account, balance.amount_minor, on=on, as_of=as_of)


def _balance_out(
    account: tables.Account,
    amount_minor: int,
    *,
    last_seq: int | None = None,
    on: date | None = None,
    as_of: date | None = None,
) -> BalanceOut:
    return BalanceOut(
        **dict(account_out(account)),
        account_id=account.account_id,
        amount=Money.of(amount_minor, Currency(account.currency)),
        last_seq=last_seq,
        on=on,
        as_of=as_of,
        why=(Selection(account_id=account.account_id, value_to=on, as_of=as_of).why,),
    )


def period_balance_out(row: MonthOfKind) -> PeriodBalanceOut:
    month = Selection(
        account_id=row.account.account_id,
        kinds=(row.kind,),
        period_from=row.period,
        period_to=row.period,
    )
    return PeriodBalanceOut(
        **dict(account_out(row.account)),
        period=row.period,
        kind=row.kind,
        amount=Money.of(row.amount_minor, Currency(row.account.currency)),
        why=(month.why,),
    )


def account_out(account: tables.Account) -> AccountOut:
    return AccountOut.model_validate(account, from_attributes=True)
