"""What donors promise, give and take back, as legs: the posting rules of donations-svc's events."""

from collections.abc import Iterator
from typing import assert_never
from uuid import UUID

from fundmix_events.donations import (
    DonationChange,
    DonationEvent,
    DonationKind,
    DonationReceived,
    DonationRefunded,
    DonationReversed,
    PledgeCancelled,
    PledgeMade,
    PurposeChanged,
)
from fundmix_events.ledger import AccountCode
from fundmix_events.money import Currency, Money

from ledger_svc.domain.funds import Lot, gift_fund
from ledger_svc.domain.journal import AccountKey, Entry, Posting


def pledge_entry(event: PledgeMade | PledgeCancelled, *, event_id: UUID) -> Entry | None:
    """A promise beside the books, against its counter account; time is promised in no account."""
    if event.kind is DonationKind.SERVICE:
        return None
    is_made = isinstance(event, PledgeMade)
    on = event.pledged_on if is_made else event.cancelled_on
    return Entry(
        event_id=event_id,
        kind=event.type,
        agency=event.agency,
        occurred_on=on,
        value_on=on,
        document=event.reference,
        payer=event.donor.code,
        postings=tuple(_promised(event, event.amount if is_made else -event.amount)),
    )


def donation_entry(event: DonationReceived, *, event_id: UUID) -> Entry | None:
    """Income when it has come; a restriction moves net assets, until its release.

    Time that was given stands beside the books: its value is the giver's own rate.
    """
    if event.kind is DonationKind.SERVICE:
        return None
    return Entry(
        event_id=event_id,
        kind=event.type,
        agency=event.agency,
        occurred_on=event.given_on,
        value_on=event.received_on,
        document=event.reference,
        payer=event.donor.code,
        postings=(
            *_received(event, event.amount),
            *(_promised(event, -event.fulfils) if event.fulfils is not None else ()),
        ),
        lots=_lots(event, event.donation_id, event.amount),
    )


def gift_change_entry(
    event: DonationRefunded | PurposeChanged | DonationReversed, *, event_id: UUID
) -> Entry | None:
    """What goes back to the donor, into another fund, or was never there."""
    if event.kind is DonationKind.SERVICE:
        return None
    lots = _lots(event, event.lot_id, -event.amount)
    occurred_on = value_on = None
    match event:
        case DonationRefunded():
            occurred_on = value_on = event.refunded_on
            postings = tuple(_received(event, -event.amount))
        case PurposeChanged():
            occurred_on = value_on = event.changed_on
            postings = tuple(_moved(event))
            lots = (*lots, *_new_lot(event))
        case DonationReversed():
            # On the day it was said to arrive, there is nothing.
            occurred_on, value_on = event.reversed_on, event.received_on
            postings = (
                *_received(event, -event.amount),
                *(_promised(event, event.fulfils) if event.fulfils is not None else ()),
            )
        case _:
            assert_never(event)
    return Entry(
        event_id=event_id,
        kind=event.type,
        agency=event.agency,
        occurred_on=occurred_on,
        value_on=value_on,
        document=event.reference,
        payer=event.donor.code,
        postings=postings,
        lots=lots,
        hold_ids=() if event.hold_id is None else (event.hold_id,),
    )


def _promised(event: DonationEvent, more: Money) -> Iterator[Posting]:
    yield _debit(event, AccountCode.PLEDGE_COMMITMENT, more)
    yield _credit(event, AccountCode.PLEDGE_COMMITMENT_COUNTER, more)


def _received(event: DonationReceived | DonationChange, amount: Money) -> Iterator[Posting]:
    """Below nothing: the mirror of what was received."""
    yield _debit(event, _asset(event.kind), amount)
    yield _credit(event, AccountCode.DONATION_INCOME, amount)
    if event.restricted_to is not None:
        yield from _restricted(event, amount, event.restricted_to)


def _moved(event: PurposeChanged) -> Iterator[Posting]:
    """Out of one fund and into another; no income, and no use."""
    asset, new = _asset(event.kind), event.new_restricted_to
    yield _credit(event, asset, event.amount)
    yield _debit(event, asset, event.amount, fund_code=gift_fund(new))
    if event.restricted_to is not None:
        yield from _restricted(event, -event.amount, event.restricted_to)
    if new is not None:
        yield from _restricted(event, event.amount, new)


def _restricted(event: DonationEvent, amount: Money, purpose: str) -> Iterator[Posting]:
    fund_code = gift_fund(purpose)
    yield _debit(event, AccountCode.UNRESTRICTED, amount, fund_code=fund_code)
    yield _credit(event, AccountCode.RESTRICTED, amount, fund_code=fund_code)


def _lots(event: DonationReceived | DonationChange, lot_id: UUID, amount: Money) -> tuple[Lot, ...]:
    """Money comes in lots; goods do not."""
    if event.kind is not DonationKind.CASH:
        return ()
    fund_code = gift_fund(event.restricted_to)
    return (Lot(lot_id, fund_code, event.channel, amount.currency, amount.amount_minor),)


def _new_lot(event: PurposeChanged) -> tuple[Lot, ...]:
    if event.kind is not DonationKind.CASH:
        return ()
    amount, fund_code = event.amount, gift_fund(event.new_restricted_to)
    return (Lot(event.change_id, fund_code, event.channel, amount.currency, amount.amount_minor),)


def _asset(kind: DonationKind) -> AccountCode:
    return AccountCode.BANK if kind is DonationKind.CASH else AccountCode.IN_KIND


def _debit(
    event: DonationEvent, code: AccountCode, amount: Money, *, fund_code: str | None = None
) -> Posting:
    return Posting(_account(event, code, amount.currency, fund_code), amount.amount_minor)


def _credit(
    event: DonationEvent, code: AccountCode, amount: Money, *, fund_code: str | None = None
) -> Posting:
    return Posting(_account(event, code, amount.currency, fund_code), -amount.amount_minor)


def _account(
    event: DonationEvent, code: AccountCode, currency: Currency, fund_code: str | None
) -> AccountKey:
    if fund_code is None:
        fund_code = gift_fund(event.restricted_to)
    return AccountKey(event.agency, code, fund_code, event.channel, currency)
