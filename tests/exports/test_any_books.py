"""Whatever the books hold: beancount and hledger accept an export, and have the same balances."""

from datetime import date
from typing import Final

import pytest
from fundmix_events.base import FundingEvent
from fundmix_events.channel import Channel
from fundmix_events.donations import DonationKind
from fundmix_events.ledger import Account, AccountCode, Posting
from fundmix_events.money import AMOUNT_MINOR_MAX, Money, text_from_minor
from fundmix_events.testing import ledger_samples, samples
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.exports.checking import EACH_TOOL, TOOLS
from tests.exports.conftest import Books, BooksMaker

pytestmark = pytest.mark.timeout(900)

AGENCIES: Final = st.sampled_from([samples.AGENCY, samples.OTHER_AGENCY])
MONTHS: Final = (202312, 202401, 202402, 202403)
DAYS: Final = st.sampled_from(
    [date(2023, 12, 31), date(2024, 1, 1), date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 1)]
)
AMOUNTS: Final = st.integers(1, AMOUNT_MINOR_MAX // 100)
# What people type; and what these programs may take for something else.
HOSTILE: Final = st.sampled_from(
    ['"', "\\", '\\"', "; x", "a  b", "x, date:2020-01-01", "[2020-01-01]", "#a ^b", "(c)", "a|b",
     "长者助餐", "助餐-一期", "=1+1", "@2", "{1}", "社：区", "ａ", "É", "\U00020000", "a:b",
     "-", "*"]
)  # fmt: skip
TEXTS: Final = (
    st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp", "Cf")), min_size=1).map(
        lambda text: f"x{text}".strip()[:60]
    )
    | HOSTILE
)


@st.composite
def events(draw: st.DrawFn) -> FundingEvent:
    amount = text_from_minor(draw(AMOUNTS))
    day, text, agency = draw(DAYS), draw(TEXTS), draw(AGENCIES)
    match draw(st.sampled_from(["gift", "pledge", "contract", "payment", "entry", "close"])):
        case "gift":
            return samples.donation_received(
                amount,
                agency=agency,
                received_on=day,
                restricted_to=draw(st.none() | st.just(text)),
                reference=draw(TEXTS),
                kind=draw(st.sampled_from([DonationKind.CASH, DonationKind.IN_KIND])),
            )
        case "pledge":
            return samples.pledge_made(amount, agency=agency, reference=text, pledged_on=day)
        case "contract":
            return samples.contract_signed(
                amount, agency=agency, contract_number=text, signed_on=day
            )
        case "payment":
            return samples.instalment_paid(amount, agency=agency, contract_number=text, paid_on=day)
        case "entry":
            return an_entry(draw, agency, day=day, reference=text)
        case _:
            return ledger_samples.close_approved(draw(st.sampled_from(MONTHS)))


def an_entry(draw: st.DrawFn, agency: str, *, day: date, reference: str) -> FundingEvent:
    """Between any two accounts, of any fund and channel."""
    amount = draw(AMOUNTS)
    postings = tuple(
        Posting(
            account=Account(
                agency=agency,
                code=draw(st.sampled_from(AccountCode)),
                fund_code=draw(st.just("general") | TEXTS.map(lambda text: f"purpose:{text}")),
                channel=draw(st.sampled_from(Channel)),
            ),
            amount=Money.of(amount_minor),
        )
        for amount_minor in (amount, -amount)
    )
    return ledger_samples.manual_entry_approved(
        agency=agency, occurred_on=day, value_on=day, postings=postings, reference=reference
    )


async def assert_accepted_and_equal(
    books: Books, name: str, *, last: int, **query: str | int
) -> None:
    agency = query.get("agency")
    path = await books.export(name, **query)

    TOOLS[name].accepted(path)
    ours = await books.balances(last=last, agency=None if agency is None else str(agency))
    assert TOOLS[name].balances(path) == ours


async def post_late(books: Books) -> None:
    """Ten yuan in January; and seven, which come when it is closed."""
    for event in (
        samples.donation_received("10.00", received_on=date(2024, 1, 5)),
        ledger_samples.close_approved(202401),
        samples.donation_received("7.00", received_on=date(2024, 1, 6)),
    ):
        await books.inlet.post(event)


async def test_what_came_after_a_close_stands_in_the_period_it_is_posted_in(
    fresh_books: BooksMaker,
) -> None:
    async with fresh_books() as books:
        await post_late(books)

        text = (await books.export("beancount", to=202402)).read_text()
        other = (await books.export("hledger", to=202402)).read_text()

    bank = f"Assets:Bank:{samples.AGENCY}:General:Foundation"
    assert f"2024-02-01 balance {bank}  10.00 ~ 0 CNY" in text
    assert f"2024-03-01 balance {bank}  17.00 ~ 0 CNY" in text
    assert '2024-02-01 * "donations.donation_received"\n  seq: 3\n  period: 202402' in text
    assert "  value_on: 2024-01-06" in text
    assert "; closed through 202401: seq 2," in text
    assert "\n2024-02-01=2024-01-06 * donations.donation_received\n" in other


@pytest.mark.parametrize("name", EACH_TOOL)
async def test_a_late_fact_leaves_the_closed_month_as_it_was(
    fresh_books: BooksMaker, name: str
) -> None:
    async with fresh_books() as books:
        await post_late(books)

        await assert_accepted_and_equal(books, name, last=202401, to=202401)
        await assert_accepted_and_equal(books, name, last=202402, **{"from": 202402})


@pytest.mark.parametrize("name", EACH_TOOL)
async def test_an_account_that_moves_only_later_is_in_no_closed_month_unknown(
    fresh_books: BooksMaker, name: str
) -> None:
    """Closing January gives a row to an account of March as well."""
    async with fresh_books() as books:
        await books.inlet.post(
            samples.donation_received("10.00", received_on=date(2024, 1, 5)),
            samples.donation_received(
                "7.00", received_on=date(2024, 3, 6), agency=samples.OTHER_AGENCY
            ),
        )
        await books.inlet.post(ledger_samples.close_approved(202401))

        await assert_accepted_and_equal(books, name, last=202402, to=202402)
        await assert_accepted_and_equal(books, name, last=202401, to=202401)


# Unshrunk: a failure is found within the time a test has, and shrinking takes longer.
@settings(
    max_examples=12,
    phases=set(Phase) - {Phase.shrink},
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
@given(
    batches=st.lists(st.lists(events(), min_size=1, max_size=8), min_size=1, max_size=5),
    span=st.tuples(st.sampled_from(MONTHS), st.sampled_from(MONTHS)).map(sorted),
    agency=AGENCIES,
)
@pytest.mark.parametrize("name", EACH_TOOL)
async def test_an_export_of_any_books_is_accepted_and_every_balance_is_ours(
    fresh_books: BooksMaker,
    name: str,
    batches: list[list[FundingEvent]],
    span: list[int],
    agency: str,
) -> None:
    first, last = span
    async with fresh_books() as books:
        for batch in batches:
            await books.inlet.post(*batch)

        assert await books.quarantined() == 0
        await assert_accepted_and_equal(books, name, last=219912)
        await assert_accepted_and_equal(
            books, name, last=last, **{"from": first, "to": last, "agency": agency}
        )
