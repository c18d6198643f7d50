"""An entry balances by construction."""

from datetime import date
from uuid import UUID

import pytest
from fundmix_events.channel import Channel
from fundmix_events.ledger import AccountCode
from fundmix_events.money import Currency
from fundmix_events.testing.samples import AGENCY
from ledger_svc.domain.journal import AccountKey, Entry, Posting, total_by_currency


def a_posting(amount_minor: int, code: AccountCode = AccountCode.BANK) -> Posting:
    return Posting(
        AccountKey(AGENCY, code, "general", Channel.FOUNDATION, Currency.CNY), amount_minor
    )


def an_entry(*postings: Posting, value_on: date = date(2024, 3, 31)) -> Entry:
    return Entry(
        event_id=UUID(int=1),
        kind="donations.donation_received",
        agency=AGENCY,
        occurred_on=date(2024, 1, 1),
        value_on=value_on,
        postings=postings,
    )


def test_an_entry_that_does_not_balance_cannot_be_made() -> None:
    with pytest.raises(AssertionError, match="does not balance in CNY"):
        an_entry(a_posting(500), a_posting(-499, AccountCode.DONATION_INCOME))


@pytest.mark.parametrize("postings", [(), (a_posting(0),)])
def test_an_entry_has_two_postings_at_least(postings: tuple[Posting, ...]) -> None:
    with pytest.raises(AssertionError, match="no two postings"):
        an_entry(*postings)


def test_postings_are_totalled_by_currency() -> None:
    assert total_by_currency([a_posting(500), a_posting(-200)]) == {Currency.CNY: 300}
    assert total_by_currency([]) == {}
