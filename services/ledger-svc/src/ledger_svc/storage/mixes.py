"""What agencies received, out of sums by month or by day: as many rows, whatever the history."""

from fundmix_events.channel import Channel
from fundmix_events.ledger import AccountCode
from fundmix_kit.database import Connection

from ledger_svc.domain.mix import Mix, MixQuestion
from ledger_svc.storage import sums


async def read(connection: Connection, question: MixQuestion) -> dict[str, Mix]:
    """The mix of each agency that received anything in a year.

    Restated: by value date, also what was posted later, because its month was closed; official:
    by the month it is booked in. Raises BasisConflictError, SpanInvalidError.
    """
    selection = question.selection(agency=question.agency)
    received: dict[str, dict[Channel, int]] = {}
    in_kind: dict[str, int] = {}
    for row in await sums.by_channel(connection, selection):
        of_agency = received.setdefault(row["agency"], {})
        if row["code"] == AccountCode.BANK:
            of_agency[Channel(row["channel"])] = row["amount_minor"]
        else:
            in_kind[row["agency"]] = in_kind.get(row["agency"], 0) + row["amount_minor"]
    return {
        code: Mix(received=channels, in_kind_minor=in_kind.get(code, 0))
        for code, channels in received.items()
    }
