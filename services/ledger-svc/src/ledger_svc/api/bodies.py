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

from ledger_svc.domain.mix import Basis, Mix, MixQuestion, city_mix, shown
from ledger_svc.domain.selections import Selection
from ledger_svc.queries import MixReading
from ledger_svc.storage import tables
from ledger_svc.storage.entries import MonthOfKind
from ledger_svc.storage.lookups import DatedBalance

# Six places survive the way through a JSON number; nothing is calculated with it.
Ratio = Annotated[Decimal, PlainSerializer(float, return_type=float, when_used="json")]


class AgencyMixOut(BaseModel):
    received_total: str
    government_share: Ratio | None
    hhi: Ratio | None
    why: str


class MixOut(BaseModel):
    """Cash received in a year by channel, by value date; `n` counts the channels with any.

    Amounts are in `currency`. With no income the ratios are null, never 0. `seq` is the last entry
    that is counted, `quarantined` how many events wait for a decision and are not. `basis` is by
    value date, or as booked; `why` has the query of `GET /v1/why` for each amount.
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
    agencies: dict[str, AgencyMixOut] | None
    why: dict[str, str]
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
    why: str


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


def mix_out(reading: MixReading, question: MixQuestion) -> MixOut:
    mix, agency = city_mix(reading.by_agency), question.agency
    cash, goods = (AccountCode.BANK,), (AccountCode.IN_KIND,)
    ask = question.selection
    received = {c: amount for c, amount in sorted(mix.received.items()) if amount != 0}
    agencies = {
        code: agency_mix_out(m, ask(agency=code, codes=cash))
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
        agencies=None if agency else agencies,
        why={
            "received_total": ask(agency=agency, codes=cash).query,
            "in_kind_total": ask(agency=agency, codes=goods).query,
            **{c.value: ask(agency=agency, codes=cash, channel=c).query for c in received},
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


def agency_mix_out(mix: Mix, received: Selection) -> AgencyMixOut:
    return AgencyMixOut(
        received_total=text_from_minor(mix.total_minor),
        government_share=shown(mix.government_share),
        hhi=shown(mix.hhi),
        why=received.query,
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
        why=Selection(account_id=account.account_id, value_to=on, as_of=as_of).query,
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
