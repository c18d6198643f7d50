"""What each event does to the books. A rule needs nothing but its event.

So balances do not depend on how the topics interleave. `docs/posting-rules.md` is this module as a
table, and is tested against it.
"""

from collections.abc import Iterator
from datetime import date
from typing import Final, assert_never
from uuid import UUID

from fundmix_events.contracts import (
    ContractEvent,
    ContractSigned,
    InstalmentApproved,
    InstalmentPaid,
)
from fundmix_events.donations import DonationEvent, DonationKind, DonationReceived, PledgeMade
from fundmix_events.ledger import AccountCode
from fundmix_events.money import Currency, Money
from fundmix_events.registry import OrganisationChanged, OrganisationRegistered

from ledger_svc.domain.journal import AccountKey, Entry, Posting

GENERAL_FUND: Final = "general"

PostableEvent = (
    OrganisationRegistered
    | OrganisationChanged
    | ContractSigned
    | InstalmentApproved
    | InstalmentPaid
    | PledgeMade
    | DonationReceived
)
"""The events the ledger listens to, closed: one that nobody posts is a type error here."""


def contract_fund(contract_number: str) -> str:
    return f"contract:{contract_number}"


def gift_fund(restricted_to: str | None) -> str:
    return GENERAL_FUND if restricted_to is None else f"purpose:{restricted_to}"


def entry_for(event: PostableEvent, *, event_id: UUID) -> Entry | None:
    """The entry of an event; None for one that moves nothing in the books."""
    match event:
        case OrganisationRegistered() | OrganisationChanged() | InstalmentApproved():
            return None
        case ContractSigned():
            return _entry(event, event_id, on=event.signed_on, postings=_signed(event))
        case InstalmentPaid():
            return _entry(event, event_id, on=event.paid_on, postings=_paid(event))
        case PledgeMade():
            return _entry(event, event_id, on=event.pledged_on, postings=_pledged(event))
        case DonationReceived():
            return _entry(
                event,
                event_id,
                on=event.received_on,
                occurred_on=event.given_on,
                postings=_received(event),
            )
        case _:
            assert_never(event)


def _signed(event: ContractSigned) -> Iterator[Posting]:
    """A promise to pay: beside the books, against its counter account."""
    yield _debit(event, AccountCode.CONTRACT_COMMITMENT, event.ceiling)
    yield _credit(event, AccountCode.CONTRACT_COMMITMENT_COUNTER, event.ceiling)


def _paid(event: InstalmentPaid) -> Iterator[Posting]:
    """Cash before acceptance is an advance; the promise shrinks by all that was due."""
    if event.payable.amount_minor > 0:
        yield _debit(event, AccountCode.BANK, event.payable)
        yield _credit(event, AccountCode.ADVANCE_RECEIVED, event.payable)
    yield _credit(event, AccountCode.CONTRACT_COMMITMENT, event.scheduled)
    yield _debit(event, AccountCode.CONTRACT_COMMITMENT_COUNTER, event.scheduled)


def _pledged(event: PledgeMade) -> Iterator[Posting]:
    yield _debit(event, AccountCode.PLEDGE_COMMITMENT, event.amount)
    yield _credit(event, AccountCode.PLEDGE_COMMITMENT_COUNTER, event.amount)


def _received(event: DonationReceived) -> Iterator[Posting]:
    """Income when it has come; a restriction moves net assets, until its release."""
    asset = AccountCode.BANK if event.kind is DonationKind.CASH else AccountCode.IN_KIND
    yield _debit(event, asset, event.amount)
    yield _credit(event, AccountCode.DONATION_INCOME, event.amount)
    if event.restricted_to is not None:
        yield _debit(event, AccountCode.UNRESTRICTED, event.amount)
        yield _credit(event, AccountCode.RESTRICTED, event.amount)
    if event.fulfils is not None:
        yield _credit(event, AccountCode.PLEDGE_COMMITMENT, event.fulfils)
        yield _debit(event, AccountCode.PLEDGE_COMMITMENT_COUNTER, event.fulfils)


def _debit(event: ContractEvent | DonationEvent, code: AccountCode, amount: Money) -> Posting:
    return Posting(_account(event, code, amount.currency), amount.amount_minor)


def _credit(event: ContractEvent | DonationEvent, code: AccountCode, amount: Money) -> Posting:
    return Posting(_account(event, code, amount.currency), -amount.amount_minor)


def _account(
    event: ContractEvent | DonationEvent, code: AccountCode, currency: Currency
) -> AccountKey:
    if isinstance(event, ContractEvent):
        fund_code = contract_fund(event.contract_number)
    else:
        fund_code = gift_fund(event.restricted_to)
    return AccountKey(event.agency, code, fund_code, event.channel, currency)


def _entry(
    event: ContractEvent | DonationEvent,
    event_id: UUID,
    *,
    on: date,
    postings: Iterator[Posting],
    occurred_on: date | None = None,
) -> Entry:
    return Entry(
        event_id=event_id,
        kind=event.type,
        agency=event.agency,
        occurred_on=occurred_on or on,
        value_on=on,
        postings=tuple(postings),
    )
