"""What an agency has spent and earned in a year, by value date."""

from typing import Final

from fundmix_kit.database import Connection

from ledger_svc.domain.spending_limits import YearOfSpending

READ: Final = """
    WITH moved AS (
        SELECT account_id, value_period, amount_minor FROM period_balance
        WHERE period BETWEEN $2 AND $4 AND value_period BETWEEN $2 AND $4
        UNION ALL
        SELECT account_id, value_period, amount_minor FROM period_balance
        WHERE value_period BETWEEN $2 AND $4 AND value_period <> period
          AND NOT period BETWEEN $2 AND $4
    )
    SELECT
        coalesce(-sum(m.amount_minor) FILTER (
            WHERE a.code LIKE 'income:%' AND m.value_period < $3), 0)::bigint AS income_last_year,
        coalesce(sum(m.amount_minor) FILTER (
            WHERE a.code = 'expenses:programme' AND m.value_period >= $3), 0)::bigint AS programme,
        coalesce(sum(m.amount_minor) FILTER (
            WHERE a.code = 'expenses:management' AND m.value_period >= $3), 0)::bigint
            AS management,
        coalesce(sum(m.amount_minor) FILTER (
            WHERE a.code LIKE 'expenses:%' AND m.value_period >= $3), 0)::bigint AS spent
    FROM moved m JOIN account a USING (account_id)
    WHERE a.agency = $1
"""


async def read(connection: Connection, *, agency: str, year: int) -> YearOfSpending:
    row = await connection.fetchrow(
        READ, agency, (year - 1) * 100 + 1, year * 100 + 1, year * 100 + 12
    )
    assert row is not None, "it is one row"
    return YearOfSpending(
        year=year,
        income_last_year_minor=row["income_last_year"],
        programme_minor=row["programme"],
        management_minor=row["management"],
        spent_minor=row["spent"],
    )
