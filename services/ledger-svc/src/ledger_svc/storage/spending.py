"""What an agency has spent in a year and earned and owned in the years before, by value date."""

from typing import Final

from fundmix_events.ledger import AccountCode
from fundmix_kit.database import Connection

from ledger_svc.domain.selections import OPENING_KINDS
from ledger_svc.domain.spending_limits import YEARS_OF_MEAN, YearOfSpending
from ledger_svc.domain.statements import EXPENSES, INCOME, RESULT

# What books begin with was there at the end of the year before.
READ: Final = """
    SELECT a.code, m.value_period / 100 - (m.kind = ANY($3::text[]))::int AS year,
           sum(m.amount_minor)::bigint AS amount_minor
    FROM period_balance m JOIN account a USING (account_id)
    WHERE a.agency = $1 AND m.value_period <= $2
    GROUP BY a.code, year
"""


async def read(connection: Connection, *, agency: str, year: int) -> YearOfSpending:
    rows = await connection.fetch(READ, agency, year * 100 + 12, OPENING_KINDS)
    years_before = [year - back for back in range(1, YEARS_OF_MEAN + 1)]
    this_year = range(year, year + 1)

    def total(codes: tuple[AccountCode, ...], years: range) -> int:
        return sum(r["amount_minor"] for r in rows if r["code"] in codes and r["year"] in years)

    return YearOfSpending(
        year=year,
        incomes_minor=tuple(-total(INCOME, range(y, y + 1)) for y in years_before),
        net_assets_minor=tuple(-total(RESULT, range(y + 1)) for y in years_before),
        programme_minor=total((AccountCode.PROGRAMME_EXPENSES,), this_year),
        management_minor=total((AccountCode.MANAGEMENT_EXPENSES,), this_year),
        spent_minor=total(EXPENSES, this_year),
    )
