"""Requests that were approved after the backup: brought back from what their events say."""

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from fundmix_kit.clock import day_of
from fundmix_kit.database import Connection, columns

from ledger_svc.domain.request import Request
from ledger_svc.domain.terms import amount_of, effective_on, fund_of, reference_of

# Nearly always there are none: a command has approved what its event says.
LOST: Final = """
    SELECT said.event_id FROM unnest($1::uuid[], $2::uuid[]) AS said (request_id, event_id)
    WHERE NOT EXISTS (
        SELECT FROM request r
        WHERE r.request_id = said.request_id AND r.event_id = said.event_id
    )
"""
# At first as if all were undone: so they have no reference that another could have as well.
ADD: Final = """
    INSERT INTO request AS r
        (request_id, version, kind, agency, reference, fund_code, effective_on, amount_minor, state,
         body, prepared_by, prepared_at, decided_by, decided_at, event_id, corrects)
    SELECT request_id, version + 1, kind, agency, reference, fund_code, effective_on, amount_minor,
           'reversed', body, prepared_by, prepared_at, decided_by, decided_at, event_id, corrects
    FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[],
                $7::date[], $8::bigint[], $9::jsonb[], $10::text[], $11::timestamptz[],
                $12::text[], $13::timestamptz[], $14::uuid[], $15::uuid[])
        AS u (request_id, version, kind, agency, reference, fund_code, effective_on, amount_minor,
              body, prepared_by, prepared_at, decided_by, decided_at, event_id, corrects)
    ORDER BY request_id
    ON CONFLICT (request_id) DO UPDATE
    SET version = excluded.version, state = excluded.state, decided_by = excluded.decided_by,
        decided_at = excluded.decided_at, reason = NULL, event_id = excluded.event_id,
        corrects = excluded.corrects
"""
# Undone by what comes with them.
UNDO: Final = """
    UPDATE request SET version = version + 1, state = 'reversed'
    WHERE event_id = ANY($1::uuid[]) AND state = 'approved'
"""
# Two that the table's indexes do not let be in force at once.
RIVALS: Final = """
    rival AS (
        SELECT s.request_id AS of_id, s.event_id AS of_event_id, r.request_id, r.event_id, r.state
        FROM request s
        JOIN request r ON r.kind = s.kind AND r.reference = s.reference
                      AND r.agency IS NOT DISTINCT FROM s.agency
        WHERE s.request_id = ANY($1::uuid[]) AND r.request_id <> s.request_id
        UNION ALL
        SELECT s.request_id, s.event_id, r.request_id, r.event_id, r.state
        FROM request s JOIN request r ON r.agency = s.agency AND r.kind = s.kind
        WHERE s.request_id = ANY($1) AND r.request_id <> s.request_id
          AND s.kind = 'opening_balance' AND r.kind = 'opening_balance'
        UNION ALL
        SELECT s.request_id, s.event_id, r.request_id, r.event_id, r.state
        FROM request s JOIN request r ON r.corrects = s.corrects
        WHERE s.request_id = ANY($1) AND r.request_id <> s.request_id
    )
"""
# What was approved later could only be so because these had ended: undone, where they had been
# approved, else withdrawn or rejected. Ids of events sort by time.
END_EARLIER: Final = f"""
    WITH {RIVALS}
    UPDATE request r
    SET version = r.version + 1,
        state = CASE WHEN r.state = 'approved' THEN 'reversed' ELSE 'withdrawn' END,
        reason = CASE WHEN r.state = 'approved' THEN r.reason ELSE $2 END
    FROM rival
    WHERE r.request_id = rival.request_id AND r.state IN ('prepared', 'approved')
      AND (r.event_id IS NULL OR r.event_id < rival.of_event_id)
"""  # noqa: S608  # a condition of our own; values are arguments
SETTLE: Final = f"""
    WITH {RIVALS}
    UPDATE request s SET version = s.version - 1, state = 'approved'
    WHERE s.request_id = ANY($1)
      AND NOT EXISTS (SELECT FROM journal_entry WHERE corrects = s.event_id)
      AND NOT EXISTS (
          SELECT FROM rival
          WHERE of_id = s.request_id AND event_id > s.event_id
            AND (state = 'approved' OR request_id = ANY($1))
      )
"""  # noqa: S608  # a condition of our own; values are arguments
REASON: Final = "ended after the backup that was restored"


async def lost(connection: Connection, approvals: Sequence[tuple[UUID, UUID]]) -> Collection[UUID]:
    """Which of these events, each with its request, have approved nothing here."""
    rows = await connection.fetch(LOST, *columns(approvals, 2))
    return {row["event_id"] for row in rows}


async def save(
    connection: Connection, requests: Sequence[Request], *, corrected: Sequence[UUID]
) -> None:
    """Bring them back; what was `corrected` with them is undone, what stood in their way has ended.

    Call it when the journal has their entries.
    """
    ids = [request.request_id for request in requests]
    await connection.execute(ADD, *columns([_row(request) for request in requests], 15))
    await connection.execute(UNDO, corrected)
    await connection.execute(END_EARLIER, ids, REASON)
    await connection.execute(SETTLE, ids)


def _row(request: Request) -> tuple[object, ...]:
    terms, amount = request.terms, amount_of(request.terms)
    assert request.decided_at is not None, "what was approved was decided"
    return (
        request.request_id,
        request.version,
        request.kind,
        request.agency,
        reference_of(terms),
        fund_of(terms),
        effective_on(terms, today=day_of(request.decided_at)),
        None if amount is None else amount.amount_minor,
        terms.model_dump_json(),
        request.prepared_by,
        request.prepared_at,
        request.decided_by,
        request.decided_at,
        request.event_id,
        request.corrects,
    )
