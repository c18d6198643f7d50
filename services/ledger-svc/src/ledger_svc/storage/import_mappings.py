"""What texts of an accountant's program are here, remembered by agency."""

from collections.abc import Mapping, Sequence
from typing import Final

from fundmix_kit.database import Connection, columns

from ledger_svc.domain.journal_file import AccountMapping
from ledger_svc.domain.terms import ExpenditureTerms

READ: Final = "SELECT kind, text, target FROM import_mapping WHERE agency = $1 ORDER BY kind, text"
SAVE: Final = """
    INSERT INTO import_mapping (agency, kind, text, target)
    SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[])
    ON CONFLICT (agency, kind, text) DO UPDATE SET target = excluded.target
"""
FORGET: Final = """
    DELETE FROM import_mapping m USING unnest($2::text[], $3::text[]) AS u (kind, text)
    WHERE m.agency = $1 AND m.kind = u.kind AND m.text = u.text
"""
KNOWN: Final = """
    SELECT body FROM request
    WHERE kind = 'expenditure' AND agency = $1 AND reference = ANY($2::text[])
      AND state IN ('prepared', 'approved')
"""


async def read(connection: Connection, agency: str) -> AccountMapping:
    rows = await connection.fetch(READ, agency)
    return AccountMapping(
        accounts={r["text"]: r["target"] for r in rows if r["kind"] == "account"},
        projects={r["text"]: r["target"] for r in rows if r["kind"] == "project"},
    )


async def save(
    connection: Connection, agency: str, targets: Mapping[tuple[str, str], str | None]
) -> None:
    """By kind and text; None forgets."""
    kept = [(*key, target) for key, target in sorted(targets.items()) if target is not None]
    forgotten = [key for key, target in sorted(targets.items()) if target is None]
    if kept:
        await connection.execute(SAVE, agency, *columns(kept, 3))
    if forgotten:
        await connection.execute(FORGET, agency, *columns(forgotten, 2))


async def read_known(
    connection: Connection, *, agency: str, references: Sequence[str]
) -> dict[str, ExpenditureTerms]:
    """The agency's expenditures that stand, by reference."""
    rows = await connection.fetch(KNOWN, agency, references)
    found = [ExpenditureTerms.model_validate_json(row["body"]) for row in rows]
    return {terms.reference: terms for terms in found}
