"""What agencies received, out of the balances by month: as many rows, whatever the history."""

from typing import Final

from fundmix_events.channel import Channel
from fundmix_events.contracts import InstalmentPaid, PaymentReversed, RecoveryReceived
from fundmix_events.donations import DonationReceived
from fundmix_events.ledger import AccountCode
from fundmix_events.ledger_requests import IncomeApproved
from fundmix_kit.database import Connection

from ledger_svc.domain.mix import Mix

# Kinds of entries by which money comes to an agency from outside, or goes back there.
RECEIPT_KINDS: Final = (
    InstalmentPaid.type,
    PaymentReversed.type,
    RecoveryReceived.type,
    DonationReceived.type,
    IncomeApproved.type,
)
# By value date: also what was posted later, because its month was closed.
READ: Final = """
    WITH received AS (
        SELECT account_id, amount_minor FROM period_balance
        WHERE period BETWEEN $1 AND $2 AND value_period BETWEEN $1 AND $2 AND kind = ANY($3::text[])
        UNION ALL
        SELECT account_id, amount_minor FROM period_balance
        WHERE value_period BETWEEN $1 AND $2 AND value_period <> period
          AND NOT period BETWEEN $1 AND $2 AND kind = ANY($3::text[])
    )
    SELECT a.agency, a.code, a.channel, sum(r.amount_minor)::bigint AS amount_minor
    FROM received r JOIN account a USING (account_id)
    WHERE a.code IN ($4, $5) AND ($6::text IS NULL OR a.agency = $6)
    GROUP BY a.agency, a.code, a.channel
    ORDER BY a.agency, a.code, a.channel
"""


async def read(connection: Connection, *, year: int, agency: str | None) -> dict[str, Mix]:
    """The mix of each agency that received anything in a year, by value date."""
    rows = await connection.fetch(
        READ,
        year * 100 + 1,
        year * 100 + 12,
        RECEIPT_KINDS,
        AccountCode.BANK,
        AccountCode.IN_KIND,
        agency,
    )
    received: dict[str, dict[Channel, int]] = {}
    in_kind: dict[str, int] = {}
    for row in rows:
        of_agency = received.setdefault(row["agency"], {})
        if row["code"] == AccountCode.BANK:
            of_agency[Channel(row["channel"])] = row["amount_minor"]
        else:
            in_kind[row["agency"]] = in_kind.get(row["agency"], 0) + row["amount_minor"]
    return {
        code: Mix(received=channels, in_kind_minor=in_kind.get(code, 0))
        for code, channels in received.items()
    }
