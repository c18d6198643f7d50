"""The books in plain-text accounting: what beancount and hledger read, and check by themselves."""

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from datetime import date, timedelta
from typing import ClassVar, Final, Protocol, assert_never

from fundmix_events.money import text_from_minor

from ledger_svc.api.export_head import end_fields, head_fields
from ledger_svc.domain.account_names import OPENING_BALANCES, account_name
from ledger_svc.domain.exports import booked_on, day_after, first_day
from ledger_svc.domain.journal import AccountKey
from ledger_svc.queries_exports import (
    Accounts,
    Closings,
    End,
    Entries,
    Head,
    Opened,
    Openings,
    Part,
)
from ledger_svc.storage.exports import Barrier, EntryRow, Turnover

CURRENCY: Final = "CNY"
ABOUT: Final = """\
; fundmix: the books 账簿
; {fields}
; debits are the sum of debits of these entries, in CNY. Debit is positive, credit negative.
; An entry stands on its value date; where that month was closed before it came, on the first day of
; the period it is posted in. So balances at the end of a month are those of the posting period.
"""


class Dialect(Protocol):
    """What a program wants to read. Everything comes in the order of its days."""

    declarations: ClassVar[str]

    def account(self, account: AccountKey, since: date) -> str: ...
    def opening_account(self, since: date) -> str: ...
    def opening(self, rows: Sequence[Turnover], on: date) -> Iterator[str]: ...
    def opened(self, total_minor: int, on: date) -> str: ...
    def entry(self, entry: EntryRow) -> str: ...
    def closings(self, rows: Sequence[Turnover], after: date) -> Iterator[str]: ...


class Beancount:
    declarations: ClassVar[str] = 'option "title" "fundmix"\noption "operating_currency" "CNY"\n'

    def account(self, account: AccountKey, since: date) -> str:
        return (
            f"{since} open {_name(account)} {account.currency}\n"
            f"  fund_code: {_quoted(account.fund_code)}\n"
        )

    def opening_account(self, since: date) -> str:
        return f"{since} open {OPENING_BALANCES} {CURRENCY}\n"

    def opening(self, rows: Sequence[Turnover], on: date) -> Iterator[str]:
        for account, amount_minor in _balances(rows):
            if amount_minor == 0:
                continue
            yield f'{on} * "期初余额 opening balance"\n'
            yield f"  {_name(account)}  {_amount(amount_minor)}\n"
            yield f"  {OPENING_BALANCES}  {_amount(-amount_minor)}\n"
        yield from self.closings(rows, on + timedelta(days=1))

    def opened(self, total_minor: int, on: date) -> str:
        return _assertion(OPENING_BALANCES, -total_minor, on + timedelta(days=1))

    def entry(self, entry: EntryRow) -> str:
        days = f"  occurred_on: {entry.occurred_on}\n  value_on: {entry.value_on}\n"
        texts = "".join(f"  {key}: {_quoted(text)}\n" for key, text in _texts(entry).items())
        return (
            f"\n{booked_on(entry.value_on, entry.period)} * {_quoted(entry.kind)}\n"
            f"  seq: {entry.seq}\n  period: {entry.period}\n{days}{texts}"
        ) + "".join(f"  {_name(leg.account)}  {_amount(leg.amount_minor)}\n" for leg in entry.legs)

    def closings(self, rows: Sequence[Turnover], after: date) -> Iterator[str]:
        """Beancount looks at the beginning of a day."""
        for account, amount_minor in _balances(rows):
            yield _assertion(_name(account), amount_minor, after)


class Hledger:
    declarations: ClassVar[str] = "decimal-mark .\ncommodity 1000.00 CNY\n"

    def account(self, account: AccountKey, since: date) -> str:
        return f"account {_name(account)}\n  ; fund_code: {account.fund_code}\n  ; since {since}\n"

    def opening_account(self, since: date) -> str:
        return f"account {OPENING_BALANCES}\n  ; since {since}\n"

    def opening(self, rows: Sequence[Turnover], on: date) -> Iterator[str]:
        for account, amount_minor in _balances(rows):
            if amount_minor == 0:
                continue
            amount = _amount(amount_minor)
            yield f"\n{on} * 期初余额 opening balance\n"
            yield f"    {_name(account)}  {amount} == {amount}\n"
            yield f"    {OPENING_BALANCES}  {_amount(-amount_minor)}\n"

    def opened(self, total_minor: int, on: date) -> str:
        return (
            f"\n{on} * 期初余额 opening balances\n"
            f"    {OPENING_BALANCES}  0.00 CNY == {_amount(-total_minor)}\n"
        )

    def entry(self, entry: EntryRow) -> str:
        booked, value_on = booked_on(entry.value_on, entry.period), entry.value_on
        days = f"{booked}" if booked == value_on else f"{booked}={value_on}"
        about = {
            "seq": str(entry.seq),
            "period": str(entry.period),
            "occurred_on": f"{entry.occurred_on}",
            "value_on": f"{value_on}",
            **_texts(entry),
        }
        lines = "".join(f"    ; {key}: {text}\n" for key, text in about.items())
        return f"\n{days} * {entry.kind}\n{lines}" + "".join(
            f"    {_name(leg.account)}  {_amount(leg.amount_minor)}\n" for leg in entry.legs
        )

    def closings(self, rows: Sequence[Turnover], after: date) -> Iterator[str]:
        """Nothing moves, and the balance is asserted: on a day, after what else is on it."""
        yield f"\n{after - timedelta(days=1)} * 期末余额 closing balances\n"
        for account, amount_minor in _balances(rows):
            yield f"    {_name(account)}  0.00 CNY == {_amount(amount_minor)}\n"


async def as_plain_text(parts: AsyncGenerator[Part], dialect: Dialect) -> AsyncGenerator[bytes]:
    since = date.min
    async with aclosing(parts):
        async for part in parts:
            if isinstance(part, Head):
                since = _since(part)
            yield "".join(_texts_of(part, dialect, since)).encode()


def _texts_of(part: Part, dialect: Dialect, since: date) -> Iterator[str]:
    match part:
        case Head():
            yield ABOUT.format(fields=_fields(head_fields(part)))
            yield dialect.declarations
            if part.has_opening and part.span is not None:
                yield dialect.opening_account(since)
        case Accounts(rows):
            yield from (dialect.account(row.account, since) for row in rows)
        case Openings(rows):
            yield from dialect.opening(rows, since)
        case Opened(total_minor):
            yield dialect.opened(total_minor, since)
        case Entries(rows):
            yield from map(dialect.entry, rows)
        case Barrier():
            yield (
                f"\n; closed through {part.through}: seq {part.seq}, posted_at {part.posted_at},"
                f" totals_sha256 {part.totals_sha256}\n"
            )
        case Closings(period, rows):
            yield from dialect.closings(rows, day_after(period))
        case End():
            yield f"\n; end: {_fields(end_fields(part))}\n"
        case _:
            assert_never(part)


def _since(head: Head) -> date:
    """The day from which there are accounts: the last before the span, if it has an opening."""
    if head.span is None:
        return date.min
    first = first_day(head.span[0])
    return first - timedelta(days=1) if head.has_opening else first


def _texts(entry: EntryRow) -> Mapping[str, str]:
    texts = {
        "event_id": str(entry.event_id),
        "kind": entry.kind,
        "document": entry.document,
        "payer": entry.payer,
        "corrects": None if entry.corrects is None else str(entry.corrects),
        "posted_at": entry.posted_at,
        "source": f"{entry.topic}/{entry.partition}/{entry.number}",
    }
    return {key: text for key, text in texts.items() if text is not None}


def _balances(rows: Sequence[Turnover]) -> Iterator[tuple[AccountKey, int]]:
    return ((row.account, row.opening_minor) for row in rows)


def _assertion(name: str, amount_minor: int, on: date) -> str:
    """To the fen: without a tolerance of its own, beancount lets two hundredths pass."""
    return f"{on} balance {name}  {text_from_minor(amount_minor)} ~ 0 {CURRENCY}\n"


def _name(account: AccountKey) -> str:
    return account_name(account.agency, account.code, account.fund_code, account.channel)


def _amount(amount_minor: int) -> str:
    return f"{text_from_minor(amount_minor)} {CURRENCY}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _fields(fields: Mapping[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in fields.items())
