"""What two persons have decided, as legs: the posting rules of the ledger's own events."""

from collections.abc import Iterator, Sequence
from typing import Final
from uuid import UUID

from fundmix_events import ledger
from fundmix_events.channel import Channel
from fundmix_events.ledger import AccountCode
from fundmix_events.ledger_requests import (
    ExpenditureApproved,
    IncomeApproved,
    OpeningBalanceApproved,
    PostedRequestEvent,
    ReversalApproved,
)

from ledger_svc.domain.funds import Draw, FundKind, Lot, kind_of
from ledger_svc.domain.journal import (
    INCOME_REVERSED,
    OPENING_BALANCE_REVERSED,
    AccountKey,
    Entry,
    Posting,
)

KIND_BY_REVERSED: Final = {
    IncomeApproved.type: INCOME_REVERSED,
    OpeningBalanceApproved.type: OPENING_BALANCE_REVERSED,
}


def expenditure_entry(event: ExpenditureApproved, *, event_id: UUID) -> Entry:
    """The use of each channel's money apart; meeting a purpose releases its restriction."""
    return Entry(
        event_id=event_id,
        kind=event.type,
        agency=event.agency,
        occurred_on=event.spent_on,
        value_on=event.spent_on,
        document=event.reference,
        postings=tuple(_spent(event)),
        draws=_draws(event.draws),
        hold_ids=(event.hold_id,),
    )


def income_entry(event: IncomeApproved, *, event_id: UUID) -> Entry:
    """Cash and income of one day; what is given for a purpose is restricted until it is met."""
    currency, amount = event.amount.currency, event.amount.amount_minor

    def account(code: AccountCode) -> AccountKey:
        return AccountKey(event.agency, code, event.fund_code, event.channel, currency)

    postings = [Posting(account(AccountCode.BANK), amount), Posting(account(event.code), -amount)]
    if kind_of(event.fund_code) is FundKind.PURPOSE:
        postings.append(Posting(account(AccountCode.UNRESTRICTED), amount))
        postings.append(Posting(account(AccountCode.RESTRICTED), -amount))
    return Entry(
        event_id=event_id,
        kind=event.type,
        agency=event.agency,
        occurred_on=event.received_on,
        value_on=event.received_on,
        document=event.reference,
        payer=event.payer,
        postings=tuple(postings),
        lots=(Lot(event.request_id, event.fund_code, event.channel, currency, amount),),
    )


def posted_entry(event: PostedRequestEvent, *, event_id: UUID) -> Entry:
    """As the event says, leg by leg."""
    is_reversal = isinstance(event, ReversalApproved)
    return Entry(
        event_id=event_id,
        kind=KIND_BY_REVERSED.get(event.corrects_kind, event.type) if is_reversal else event.type,
        agency=event.agency,
        occurred_on=event.occurred_on,
        value_on=event.value_on,
        document=event.reference,
        corrects=event.corrects if is_reversal else None,
        payer=event.payer if is_reversal else None,
        postings=tuple(_posting(posting) for posting in event.postings),
        lots=tuple(
            Lot(m.lot_id, m.fund_code, m.channel, m.amount.currency, m.amount.amount_minor)
            for m in event.lots
        ),
        draws=_draws(event.draws),
        hold_ids=event.hold_ids,
    )


def _spent(event: ExpenditureApproved) -> Iterator[Posting]:
    by_channel: dict[Channel, int] = {}
    for draw in event.draws:
        by_channel[draw.channel] = by_channel.get(draw.channel, 0) + draw.amount.amount_minor
    if event.advance.amount_minor > 0:
        channel = event.advance_channel
        by_channel[channel] = by_channel.get(channel, 0) + event.advance.amount_minor
    is_restricted = kind_of(event.fund_code) is FundKind.PURPOSE
    for channel, amount in sorted(by_channel.items()):

        def account(code: AccountCode, channel: Channel = channel) -> AccountKey:
            return AccountKey(event.agency, code, event.fund_code, channel, event.amount.currency)

        yield Posting(account(event.code), amount)
        yield Posting(account(AccountCode.BANK), -amount)
        if is_restricted:
            yield Posting(account(AccountCode.RESTRICTED), amount)
            yield Posting(account(AccountCode.UNRESTRICTED), -amount)


def _draws(movements: Sequence[ledger.LotMovement]) -> tuple[Draw, ...]:
    return tuple(
        Draw(m.lot_id, m.fund_code, m.channel, m.amount.currency, m.amount.amount_minor)
        for m in movements
    )


def _posting(posting: ledger.Posting) -> Posting:
    account, amount = posting.account, posting.amount
    key = AccountKey(
        account.agency, account.code, account.fund_code, account.channel, amount.currency
    )
    return Posting(key, amount.amount_minor)
