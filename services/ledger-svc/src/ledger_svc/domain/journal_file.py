"""An agency's accounting journal, line by line: what its accountant's program wrote into a file.

The debit lines of expense accounts become expenditures; what each account and project of the
program is here, is remembered by agency. The other lines of an entry, such as the bank's, are of
accounts to ignore.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from fundmix_events.ledger import AccountCode
from fundmix_events.ledger_requests import FundCode
from fundmix_events.money import Money
from pydantic import TypeAdapter, ValidationError

from ledger_svc.domain.errors import FileUnreadableError
from ledger_svc.domain.funds import GENERAL_FUND
from ledger_svc.domain.terms import ExpenditureTerms

ROWS_MAX: Final = 2_000
IGNORE: Final = "ignore"

HEADERS: Final[Mapping[str, Sequence[str]]] = {
    "reference": ("reference", "凭证号", "凭证字号", "凭证编号"),
    "day": ("day", "date", "日期", "记账日期", "凭证日期"),
    "account": ("account", "科目", "科目名称", "会计科目", "科目编码"),
    "project": ("project", "项目", "项目名称", "辅助核算"),
    "amount": ("amount", "debit", "金额", "借方", "借方金额"),
    "credit": ("credit", "贷方", "贷方金额"),
    "memo": ("memo", "摘要"),
}
FIELD_BY_HEADER: Final = {header: field for field, names in HEADERS.items() for header in names}
REQUIRED: Final = ("reference", "day", "account", "amount")
# As spreadsheets show a day: 2024/1/15, 2024-1-15, 2024.1.15, 2024年1月15日.
DAY: Final = re.compile(
    r"(?P<year>[0-9]{4})[-/.年](?P<month>[0-9]{1,2})[-/.月](?P<day>[0-9]{1,2})日?", re.ASCII
)
NOTHING: Final = frozenset({"", "0", "0.0", "0.00"})
FUND: Final = TypeAdapter[str](FundCode)


@dataclass(frozen=True, kw_only=True, slots=True)
class LineError:
    """`row` counts as a spreadsheet does: 1 is the header."""

    row: int
    field: str | None
    code: str
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class JournalLine:
    """`values` by field, as text; a day like 2024-01-15, an amount like 12000.00."""

    row: int
    reference: str
    account: str
    project: str
    values: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountMapping:
    """What texts of the accountant's program are here: codes, `ignore`, and funds."""

    accounts: Mapping[str, str]
    projects: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Unmapped:
    """A text that nobody has said the meaning of."""

    text: str
    lines: int


@dataclass(frozen=True, kw_only=True, slots=True)
class JournalPlan:
    """What a file would bring. `unchanged` lines are there already, as the file says."""

    rows: int
    new: Sequence[tuple[int, ExpenditureTerms]]
    unchanged: int
    ignored: int
    unmapped_accounts: Sequence[Unmapped]
    unmapped_projects: Sequence[Unmapped]
    errors: Sequence[LineError]

    @property
    def is_ready(self) -> bool:
        return not (self.errors or self.unmapped_accounts or self.unmapped_projects)

    @property
    def total(self) -> Money:
        """Of what is new: the control total."""
        return Money.of(sum(terms.amount.amount_minor for _, terms in self.new))


def read_lines(rows: Iterable[Sequence[str]]) -> list[JournalLine]:
    """The lines of a table whose first row is its header; blank rows are passed over.

    Several lines of one document are told apart by their place in it. Raises FileUnreadableError.
    """
    table = iter(rows)
    header = [_unified(name) for name in next(table, ())]
    fields = [FIELD_BY_HEADER.get(name) for name in header]
    missing = [f"{f} ({HEADERS[f][1]})" for f in REQUIRED if f not in fields]
    if missing:
        raise FileUnreadableError(f"the header lacks {', '.join(missing)}")
    twice = [field for field, count in Counter(filter(None, fields)).items() if count > 1]
    if twice:
        raise FileUnreadableError(f"the header has {', '.join(sorted(twice))} more than once")
    found: list[tuple[int, dict[str, str]]] = []
    for number, cells in enumerate(table, start=2):
        values = {f: c.strip() for f, c in zip(fields, cells, strict=False) if f is not None}
        if not any(values.values()):
            continue
        if len(found) == ROWS_MAX:
            raise FileUnreadableError(f"more than {ROWS_MAX} lines: send it in parts")
        found.append((number, values))
    if not found:
        raise FileUnreadableError("there is no line in it")
    return [_line(number, values, found) for number, values in found]


def plan(
    lines: Sequence[JournalLine],
    mapping: AccountMapping,
    known: Mapping[str, ExpenditureTerms],
    *,
    agency: str,
    today: date,
) -> JournalPlan:
    """`known` are the agency's expenditures by reference."""
    new: list[tuple[int, ExpenditureTerms]] = []
    errors: list[LineError] = []
    accounts, projects = Counter[str](), Counter[str]()
    unchanged = ignored = 0
    for line in lines:
        code = mapping.accounts.get(line.account)
        if code == IGNORE:
            ignored += 1
            continue
        if code is not None and line.values.get("credit", "") not in NOTHING:
            detail = "a credit of expenses is none: take it out, or reverse what it corrects"
            errors.append(_error(line, "credit", "credit", detail))
            continue
        fund = mapping.projects.get(line.project) if line.project else GENERAL_FUND
        accounts.update([line.account] if code is None else [])
        projects.update([line.project] if fund is None else [])
        if code is None or fund is None:
            continue
        terms = _terms(line, agency=agency, code=code, fund_code=fund)
        if not isinstance(terms, ExpenditureTerms):
            errors += terms
        elif terms.spent_on > today:
            errors.append(_error(line, "day", "future_date", f"{terms.spent_on} is to come"))
        elif terms.reference not in known:
            new.append((line.row, terms))
        elif known[terms.reference] == terms:
            unchanged += 1
        else:
            detail = f"there is an expenditure {terms.reference} of other terms"
            errors.append(_error(line, "reference", "reference_taken", detail))
    return JournalPlan(
        rows=len(lines),
        new=new,
        unchanged=unchanged,
        ignored=ignored,
        unmapped_accounts=_unmapped(accounts),
        unmapped_projects=_unmapped(projects),
        errors=errors,
    )


def check_target(kind: str, target: str) -> str | None:
    """Why an account or a project cannot be that; None where it can."""
    if kind == "account":
        codes = [code.value for code in AccountCode if code.group == "expenses"]
        allowed = [*codes, IGNORE]
        return None if target in allowed else f"an account is one of {', '.join(allowed)}"
    try:
        FUND.validate_python(target)
    except ValidationError:
        return "a project is general, contract:NUMBER or purpose:NAME"
    return None


def _terms(
    line: JournalLine, *, agency: str, code: str, fund_code: str
) -> ExpenditureTerms | list[LineError]:
    wanted: dict[str, Any] = {
        "agency": agency,
        "reference": line.reference,
        "fund_code": fund_code,
        "code": code,
        "spent_on": line.values.get("day", ""),
        "amount": {"amount": line.values.get("amount", ""), "currency": "CNY"},
        "memo": line.values.get("memo") or None,
    }
    try:
        return ExpenditureTerms.model_validate(wanted)
    except ValidationError as error:
        fields = {"spent_on": "day", "code": "account", "fund_code": "project"}
        return [
            _error(line, fields.get(str(e["loc"][0]), str(e["loc"][0])), e["type"], e["msg"])
            for e in error.errors(include_url=False, include_input=False, include_context=False)
        ]


def _line(
    number: int, values: dict[str, str], found: Sequence[tuple[int, dict[str, str]]]
) -> JournalLine:
    document = values.get("reference", "")
    of_document = [row for row, others in found if others.get("reference", "") == document]
    place = of_document.index(number) + 1
    day = DAY.fullmatch(values.get("day", ""))
    written = f"{day['year']}-{int(day['month']):02}-{int(day['day']):02}" if day else None
    return JournalLine(
        row=number,
        reference=document if len(of_document) == 1 else f"{document}-{place}",
        account=values.get("account", ""),
        project=values.get("project", ""),
        values={
            **values,
            "amount": values.get("amount", "").replace(",", ""),
            "day": written or values.get("day", ""),
        },
    )


def _error(line: JournalLine, field: str, code: str, detail: str) -> LineError:
    return LineError(row=line.row, field=field, code=code, detail=detail)


def _unmapped(texts: Counter[str]) -> list[Unmapped]:
    return [Unmapped(text=text, lines=lines) for text, lines in sorted(texts.items())]


def _unified(name: str) -> str:
    text = name.strip()
    return text.lower() if text.isascii() else text
