"""What donors promise, give and take back, as legs: the posting rules of donations-svc's events."""

from collections.abc import Iterable, Iterator
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
from fundmix_events.money import Money

from ledger_svc.domain.funds import Lot, gift_fund
from ledger_svc.domain.journal import Entry, Leg, Posting, credit, debit, postings_of


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
        postings=_postings(event, _promised(event, event.amount if is_made else -event.amount)),
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
        postings=_postings(event, _given(event, event.amount, event.fulfils)),
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
            legs = _received(event, -event.amount)
        case PurposeChanged():
            occurred_on = value_on = event.changed_on
            legs = _moved(event)
            lots = (*lots, *_new_lot(event))
        case DonationReversed():
            # On the day it was said to arrive, there is nothing.
            occurred_on, value_on = event.reversed_on, event.received_on
            fulfils = None if event.fulfils is None else -event.fulfils
            legs = _given(event, -event.amount, fulfils)
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
        postings=_postings(event, legs),
        lots=lots,
        hold_ids=() if event.hold_id is None else (event.hold_id,),
    )


def _promised(event: DonationEvent, more: Money) -> Iterator[Leg]:
    fund_code = gift_fund(event.restricted_to)
    yield debit(AccountCode.PLEDGE_COMMITMENT, fund_code, more)
    yield credit(AccountCode.PLEDGE_COMMITMENT_COUNTER, fund_code, more)


def _given(
    event: DonationReceived | DonationReversed, amount: Money, fulfils: Money | None
) -> Iterator[Leg]:
    """What was received, and of a promise what is kept by it."""
    yield from _received(event, amount)
    if fulfils is not None:
        yield from _promised(event, -fulfils)


def _received(event: DonationReceived | DonationChange, amount: Money) -> Iterator[Leg]:
    """Below nothing: the mirror of what was received."""
    fund_code = gift_fund(event.restricted_to)
    yield debit(_asset(event.kind), fund_code, amount)
    yield credit(AccountCode.DONATION_INCOME, fund_code, amount)
    if event.restricted_to is not None:
        yield from _restricted(fund_code, amount)


def _moved(event: PurposeChanged) -> Iterator[Leg]:
    """Out of one fund and into another; no income, and no use."""
    asset, amount = _asset(event.kind), event.amount
    old_fund, new_fund = gift_fund(event.restricted_to), gift_fund(event.new_restricted_to)
    yield credit(asset, old_fund, amount)
    yield debit(asset, new_fund, amount)
    if event.restricted_to is not None:
        yield from _restricted(old_fund, -amount)
    if event.new_restricted_to is not None:
        yield from _restricted(new_fund, amount)


def _restricted(fund_code: str, amount: Money) -> Iterator[Leg]:
    yield debit(AccountCode.UNRESTRICTED, fund_code, amount)
    yield credit(AccountCode.RESTRICTED, fund_code, amount)


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


def _postings(event: DonationEvent, legs: Iterable[Leg]) -> tuple[Posting, ...]:
    return postings_of(event.agency, event.channel, legs)
