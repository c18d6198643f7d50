"""Statements and flows of any books: they balance, whatever was posted."""

from datetime import date
from typing import Final
from uuid import UUID

from fundmix_events.channel import Channel
from fundmix_events.ledger import AccountCode
from fundmix_events.money import Currency
from fundmix_events.testing.samples import AGENCY
from hypothesis import given
from hypothesis import strategies as st
from ledger_svc.domain.explanations import EXPLANATIONS
from ledger_svc.domain.flow import MONEY_AND_USES, AccountSum, flow_of
from ledger_svc.domain.funds import FundKind, kind_of
from ledger_svc.domain.journal import AccountKey, Entry, Posting
from ledger_svc.domain.labels import CODE_LABELS, LINE_LABELS
from ledger_svc.domain.selections import (
    OPENING_KINDS,
    RECEIPT_KINDS,
    EntryGroup,
    Figure,
    Selection,
)
from ledger_svc.domain.statements import LineSum, activities, balance_sheet

KINDS: Final = (RECEIPT_KINDS[0], OPENING_KINDS[0], "ledger.manual_entry_approved")
GROUPS: Final = dict(zip(KINDS, EntryGroup, strict=True))
FUNDS: Final = ("general", "contract:1", "contract:2", "purpose:a", "purpose:b")
DAYS: Final = st.dates(date(2023, 1, 1), date(2024, 12, 31))

legs = st.tuples(
    st.sampled_from(AccountCode),
    st.sampled_from(FUNDS),
    st.sampled_from(Channel),
    st.integers(-(10**6), 10**6),
)


@st.composite
def an_entry(draw: st.DrawFn) -> Entry:
    """Any legs that sum to zero, in the statements and in the memo accounts apart."""
    found = draw(st.lists(legs, min_size=1, max_size=4))
    postings = [
        Posting(AccountKey(AGENCY, code, fund, channel, Currency.CNY), amount)
        for code, fund, channel, amount in found
    ]
    for is_memo, counter in ((False, AccountCode.BANK), (True, AccountCode.PLEDGE_COMMITMENT)):
        total = sum(
            p.amount_minor for p in postings if (p.account.code.group == "commitments") is is_memo
        )
        account = AccountKey(AGENCY, counter, "general", Channel.OTHER, Currency.CNY)
        postings.append(Posting(account, -total))
    day = draw(DAYS)
    return Entry(
        event_id=UUID(int=1),
        kind=draw(st.sampled_from(KINDS)),
        agency=AGENCY,
        occurred_on=day,
        value_on=day,
        postings=tuple(postings),
    )


entries_lists = st.lists(an_entry(), max_size=8)


def line_sums(entries: list[Entry]) -> list[LineSum]:
    sums: dict[tuple[AccountCode, FundKind, EntryGroup], int] = {}
    for entry in entries:
        for account, amount in entry.postings:
            key = (account.code, kind_of(account.fund_code), GROUPS[entry.kind])
            sums[key] = sums.get(key, 0) + amount
    return [LineSum(*key, amount) for key, amount in sums.items()]


def account_sums(entries: list[Entry]) -> list[AccountSum]:
    sums: dict[AccountKey, list[int]] = {}
    for entry in entries:
        for account, amount in entry.postings:
            of_account = sums.setdefault(account, [0, 0])
            of_account[0] += amount
            of_account[1] += amount if entry.kind in RECEIPT_KINDS else 0
    numbers = {account: number for number, account in enumerate(sorted(ALL_ACCOUNTS), start=1)}
    return [
        AccountSum(
            numbers[account],
            account.agency,
            account.code,
            kind_of(account.fund_code),
            account.fund_code,
            account.channel,
            *amounts,
        )
        for account, amounts in sums.items()
    ]


ALL_ACCOUNTS: Final = [
    AccountKey(AGENCY, code, fund, channel, Currency.CNY)
    for code in AccountCode
    for fund in FUNDS
    for channel in Channel
]


@given(entries_lists)
def test_assets_less_liabilities_are_the_net_assets_of_any_books(entries: list[Entry]) -> None:
    sheet = balance_sheet(line_sums(entries), Selection())

    def total(lines: dict[str, Figure]) -> int:
        return sum(line.amount_minor for line in lines.values())

    assert total(sheet.assets) - total(sheet.liabilities) == total(sheet.net_assets)
    assert total(sheet.assets) == sheet.total_assets.amount_minor
    assert total(sheet.liabilities) == sheet.total_liabilities.amount_minor


@given(entries_lists, DAYS)
def test_what_a_span_changes_leads_from_one_balance_sheet_to_the_next(
    entries: list[Entry], day: date
) -> None:
    before = [entry for entry in entries if entry.value_on < day]
    span = [entry for entry in entries if entry.value_on >= day]

    change = activities(line_sums(span), Selection()).change
    first = balance_sheet(line_sums(before), Selection()).total_net_assets
    last = balance_sheet(line_sums(entries), Selection()).total_net_assets

    assert first.amount_minor + change.total.amount_minor == last.amount_minor


@given(entries_lists)
def test_no_link_of_any_flow_runs_backwards_and_each_fund_passes_on_what_it_gets(
    entries: list[Entry],
) -> None:
    before = [entry for entry in entries if entry.value_on.year < 2024]
    during = [entry for entry in entries if entry.value_on.year == 2024]
    money = [s for s in account_sums(before) if s.code is AccountCode.BANK]
    moved = [s for s in account_sums(during) if s.code in MONEY_AND_USES]
    # Expenses are of no receipt.
    moved = [s if s.code is AccountCode.BANK else s._replace(receipts_minor=0) for s in moved]

    for agency in (None, AGENCY):
        flow = flow_of(money, moved, year=2024, agency=agency)

        assert all(link.figure.amount_minor > 0 for link in (*flow.sources, *flow.uses))
        came: dict[str, int] = {}
        for link in flow.sources:
            came[link.target] = came.get(link.target, 0) + link.figure.amount_minor
        for link in flow.uses:
            came[link.source] = came.get(link.source, 0) - link.figure.amount_minor
        assert set(came.values()) <= {0}


def test_every_code_and_every_kind_has_a_name_in_both_languages() -> None:
    assert set(CODE_LABELS) == set(AccountCode)
    assert set(RECEIPT_KINDS) | set(OPENING_KINDS) <= set(EXPLANATIONS)
    for label in (*LINE_LABELS.values(), *EXPLANATIONS.values()):
        assert label.zh
        assert label.en.isascii()
