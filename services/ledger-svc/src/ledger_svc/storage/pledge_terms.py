"""Terms of pledges out of the events that change them: kept with the journal, in its transaction.

What is open of a pledge is a sum, and each event is in it once. Of every change its value date and
the day of its entry are kept: so what was open on a day can be asked as it was known on another.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final
from uuid import UUID

from fundmix_kit.database import Connection, columns

from ledger_svc.domain.pledge_terms import PledgeChange

SAVE: Final = """
    WITH change AS (
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[],
                             $6::date[], $7::date[], $8::bigint[], $9::date[])
            AS u (event_id, pledge_id, agency, channel, kind, value_on, known_on, amount_minor,
                  pledged_on)
    ), added AS (
        INSERT INTO pledge_movement (event_id, pledge_id, value_on, known_on, amount_minor)
        SELECT event_id, pledge_id, value_on, known_on, amount_minor FROM change
        ON CONFLICT (event_id) DO NOTHING
        RETURNING event_id
    ), parts AS (
        INSERT INTO pledge_part (pledge_id, number, due_on, amount_minor)
        SELECT * FROM unnest($10::uuid[], $11::smallint[], $12::date[], $13::bigint[])
        ON CONFLICT (pledge_id, number) DO NOTHING
    )
    INSERT INTO pledge_terms AS t (pledge_id, agency, channel, kind, pledged_on, open_minor)
    SELECT pledge_id, min(agency), min(channel), min(kind), max(pledged_on),
           sum(amount_minor)::bigint
    FROM change JOIN added USING (event_id) GROUP BY pledge_id ORDER BY pledge_id
    ON CONFLICT (pledge_id) DO UPDATE
    SET pledged_on = coalesce(t.pledged_on, excluded.pledged_on),
        open_minor = t.open_minor + excluded.open_minor
"""


async def save(
    connection: Connection, changes: Sequence[PledgeChange], *, posted_on: Mapping[UUID, date]
) -> None:
    """With the journal's head locked; `posted_on` has the entry of each change."""
    if not changes:
        return
    rows = [
        (
            change.event_id,
            change.pledge_id,
            change.agency,
            change.channel,
            change.kind,
            change.value_on,
            posted_on[change.event_id],
            change.amount_minor,
            change.pledged_on,
        )
        for change in changes
    ]
    parts = [
        (change.pledge_id, number, part.due_on, part.amount.amount_minor)
        for change in changes
        for number, part in enumerate(change.schedule, start=1)
    ]
    await connection.execute(SAVE, *columns(rows, 9), *columns(parts, 4))
