"""What the books hold now, out of the balances of accounts: one row each, whatever the history."""

from typing import Final

from fundmix_events.ledger import AccountCode
from fundmix_kit.database import Connection

from ledger_svc.domain.funds import FundKind
from ledger_svc.domain.selections import EntryGroup
from ledger_svc.domain.statements import LineSum

BY_LINE: Final = """
    SELECT code, split_part(fund_code, ':', 1) AS fund_kind,
           sum(amount_minor)::bigint AS amount_minor
    FROM account JOIN balance USING (account_id)
    WHERE $1::text IS NULL OR agency = $1
    GROUP BY 1, 2 ORDER BY 1, 2
"""


async def by_line(connection: Connection, *, agency: str | None) -> list[LineSum]:
    """By code and kind of fund. Balances do not know which entries made them: all are `others`."""
    rows = await connection.fetch(BY_LINE, agency)
    return [
        LineSum(
            AccountCode(row["code"]),
            FundKind(row["fund_kind"]),
            EntryGroup.OTHERS,
            row["amount_minor"],
        )
        for row in rows
    ]
