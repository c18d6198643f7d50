"""What only several rows together can tell is wrong. Pure."""

from collections import Counter, defaultdict
from collections.abc import Callable, Container, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from fundmix_events.evaluations import Stage
from fundmix_events.money import Money

from fundmix_cli.city.files import FileRows, Line, RowError
from fundmix_cli.city.rows import (
    ContractRow,
    DonationRow,
    EvaluationRow,
    ExpenditureRow,
    InstalmentRow,
    OrganisationRow,
    Row,
)

RowT = TypeVar("RowT", bound=Row)

GENERAL: Final = "general"
ITS_CONTRACT: Final = "its contract has an error, or is not in the file"


@dataclass(frozen=True, kw_only=True, slots=True)
class ContractLines:
    """A contract, its instalments in their order, and its evaluations."""

    contract: Line[ContractRow]
    instalments: Sequence[Line[InstalmentRow]]
    evaluations: Mapping[Stage, Line[EvaluationRow]]


@dataclass(frozen=True, kw_only=True, slots=True)
class FundLines:
    """What was used of one fund of one agency, in the order of its days."""

    agency: str
    fund_code: str
    expenditures: Sequence[Line[ExpenditureRow]]


@dataclass(frozen=True, kw_only=True, slots=True)
class City:
    """What may be sent, and the errors of the rows that may not."""

    organisations: Sequence[Line[OrganisationRow]]
    contracts: Sequence[ContractLines]
    donations: Sequence[Line[DonationRow]]
    funds: Sequence[FundLines]
    errors: Sequence[RowError]
    rows_read: Mapping[str, int]


def checked_city(
    *,
    organisations: FileRows[OrganisationRow],
    contracts: FileRows[ContractRow],
    instalments: FileRows[InstalmentRow],
    evaluations: FileRows[EvaluationRow],
    donations: FileRows[DonationRow],
    expenditures: FileRows[ExpenditureRow],
) -> City:
    files = (organisations, contracts, instalments, evaluations, donations, expenditures)
    errors = [error for file in files for error in file.errors]
    organisation_lines = _unique(organisations.lines, errors, "uscc", lambda row: row.code)
    return City(
        organisations=organisation_lines,
        contracts=_whole_contracts(contracts.lines, instalments.lines, evaluations.lines, errors),
        donations=_donations(donations.lines, organisation_lines, errors),
        funds=_funds(expenditures.lines, contracts.lines, errors),
        errors=sorted(errors, key=lambda error: (error.file, error.line)),
        rows_read={file.name: file.rows_read for file in files},
    )


def _unique(
    lines: Sequence[Line[RowT]],
    errors: list[RowError],
    column: str,
    key: Callable[[RowT], Hashable | None],
) -> list[Line[RowT]]:
    """The lines whose key no earlier one has; None is no key."""
    first_by_key: dict[Hashable, int] = {}
    unique: list[Line[RowT]] = []
    for line in lines:
        value = key(line.row)
        first = line.number if value is None else first_by_key.setdefault(value, line.number)
        if first == line.number:
            unique.append(line)
        else:
            errors.append(line.error(column, f"line {first} has it already"))
    return unique


def _whole_contracts(
    contract_lines: Sequence[Line[ContractRow]],
    instalment_lines: Sequence[Line[InstalmentRow]],
    evaluation_lines: Sequence[Line[EvaluationRow]],
    errors: list[RowError],
) -> list[ContractLines]:
    contract_lines = _unique(contract_lines, errors, "contract_no", lambda row: row.number)
    instalment_lines = _unique(
        instalment_lines, errors, "number", lambda row: (row.contract, row.number)
    )
    instalment_lines = _unique(
        instalment_lines, errors, "bank_reference", lambda row: row.bank_reference
    )
    evaluation_lines = _unique(
        evaluation_lines, errors, "stage", lambda row: (row.contract, row.stage)
    )
    by_contract: defaultdict[str, list[Line[InstalmentRow]]] = defaultdict(list)
    for line in sorted(instalment_lines, key=lambda line: line.row.number):
        by_contract[line.row.contract].append(line)
    evaluated: defaultdict[str, dict[Stage, Line[EvaluationRow]]] = defaultdict(dict)
    for line in evaluation_lines:
        evaluated[line.row.contract][line.row.stage] = line
    whole: list[ContractLines] = []
    for line in contract_lines:
        instalments = by_contract[line.row.number]
        if reason := _why_not_whole(line.row, [i.row for i in instalments]):
            errors.append(line.error("amount", reason))
        else:
            number = line.row.number
            evaluations = evaluated.pop(number, {})
            whole.append(
                ContractLines(contract=line, instalments=instalments, evaluations=evaluations)
            )
            del by_contract[number]
    left: list[Line[Row]] = [line for lines in by_contract.values() for line in lines]
    left += [line for lines in evaluated.values() for line in lines.values()]
    errors += [line.error("contract_no", ITS_CONTRACT) for line in left]
    return whole


def _why_not_whole(contract: ContractRow, instalments: Sequence[InstalmentRow]) -> str | None:
    numbers = [i.number for i in instalments]
    if numbers != list(range(1, len(numbers) + 1)) or not numbers:
        return f"its instalments are not numbered from 1 without gaps, but {numbers}"
    total = Money.of(sum(i.amount.amount_minor for i in instalments))
    if total != contract.ceiling:
        return f"its instalments sum to {total}, not to {contract.ceiling}"
    return None


def _donations(
    lines: Sequence[Line[DonationRow]],
    organisation_lines: Sequence[Line[OrganisationRow]],
    errors: list[RowError],
) -> list[Line[DonationRow]]:
    lines = _unique(lines, errors, "donation_ref", lambda row: (row.agency, row.reference))
    lines = _unique(
        lines,
        errors,
        "bank_reference",
        lambda row: row.bank_reference and (row.agency, row.bank_reference),
    )
    name_by_code = {line.row.code: line.row.name for line in organisation_lines}
    named: list[Line[DonationRow]] = []
    for line in lines:
        row = line.row
        known_as = name_by_code.get(row.donor_code or "", row.donor_name)
        if row.donor_name in (None, known_as):
            named.append(line)
        else:
            errors.append(line.error("donor_name", f"{row.donor_code} is {known_as}"))
    return named


def _funds(
    lines: Sequence[Line[ExpenditureRow]],
    contract_lines: Sequence[Line[ContractRow]],
    errors: list[RowError],
) -> list[FundLines]:
    lines = _unique(lines, errors, "expenditure_ref", lambda row: (row.agency, row.reference))
    contracts = {line.row.number for line in contract_lines}
    by_fund: defaultdict[tuple[str, str], list[Line[ExpenditureRow]]] = defaultdict(list)
    for line in sorted(lines, key=lambda line: (line.row.spent_on, line.row.reference)):
        by_fund[line.row.agency, fund_code(line.row.fund, contracts)].append(line)
    return [
        FundLines(agency=agency, fund_code=code, expenditures=found)
        for (agency, code), found in by_fund.items()
    ]


def fund_code(fund: str, contracts: Container[str]) -> str:
    """The ledger's name for a fund of the file: what is no contract's number is a purpose."""
    if fund == GENERAL:
        return GENERAL
    return f"contract:{fund}" if fund in contracts else f"purpose:{fund}"


def rows_with_errors(errors: Sequence[RowError]) -> Counter[str]:
    """How many rows of each file have at least one error."""
    return Counter(file for file, _ in {(error.file, error.line) for error in errors})
