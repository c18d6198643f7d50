"""What goes out over HTTP."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal
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

from ledger_svc.domain.mix import Mix, city_mix, shown
from ledger_svc.queries import MixReading
from ledger_svc.storage import tables
from ledger_svc.storage.entries import MonthOfKind

# Six places survive the way through a JSON number; nothing is calculated with it.
Ratio = Annotated[Decimal, PlainSerializer(float, return_type=float, when_used="json")]


class AgencyMixOut(BaseModel):
    received_total: str
    government_share: Ratio | None
    hhi: Ratio | None


class MixOut(BaseModel):
    """Cash received in a year by channel, by value date; `n` counts the channels with any.

    Amounts are in `currency`. With no income the ratios are null, never 0. `seq` is the last entry
    that is counted, `quarantined` how many events wait for a decision and are not.
    """

    year: int
    agency: str | None
    currency: Currency
    received_by_channel: dict[Channel, str]
    received_total: str
    in_kind_total: str
    government_share: Ratio | None
    hhi: Ratio | None
    effective_sources: Ratio | None
    n: int
    agencies: dict[str, AgencyMixOut] | None
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
    amount: Money
    last_seq: int


class PeriodBalanceOut(AccountOut):
    period: int
    kind: str
    amount: Money


class TodoOut(BaseModel):
    """A message that waits for a decision: it is in no figure until then."""

    action: Literal["decide_quarantined"] = "decide_quarantined"
    quarantine_id: int
    topic: str
    reason: str
    quarantined_at: datetime


def mix_out(reading: MixReading, *, year: int, agency: str | None) -> MixOut:
    mix = city_mix(reading.by_agency)
    return MixOut(
        year=year,
        agency=agency,
        currency=Currency.CNY,
        received_by_channel={
            channel: text_from_minor(amount)
            for channel, amount in sorted(mix.received.items())
            if amount != 0
        },
        received_total=text_from_minor(mix.total_minor),
        in_kind_total=text_from_minor(mix.in_kind_minor),
        government_share=shown(mix.government_share),
        hhi=shown(mix.hhi),
        effective_sources=shown(mix.effective_sources),
        n=mix.channels,
        agencies=None if agency else {c: agency_mix_out(m) for c, m in reading.by_agency.items()},
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


def agency_mix_out(mix: Mix) -> AgencyMixOut:
    return AgencyMixOut(
        received_total=text_from_minor(mix.total_minor),
        government_share=shown(mix.government_share),
        hhi=shown(mix.hhi),
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
    return BalanceOut(
        **dict(account_out(account)),
        amount=Money.of(balance.amount_minor, Currency(account.currency)),
        last_seq=balance.last_seq,
    )


def period_balance_out(row: MonthOfKind) -> PeriodBalanceOut:
    return PeriodBalanceOut(
        **dict(account_out(row.account)),
        period=row.period,
        kind=row.kind,
        amount=Money.of(row.amount_minor, Currency(row.account.currency)),
    )


def account_out(account: tables.Account) -> AccountOut:
    return AccountOut.model_validate(account, from_attributes=True)
