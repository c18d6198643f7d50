"""Terms of contracts out of their events: kept with the journal, in the same transaction.

Of every instalment its past is kept by the day on which the ledger knew it, which is the day its
entry was posted: so what was due can be asked as it was known then.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

from asyncpg import Record
from fundmix_kit.database import Connection, columns

from ledger_svc.domain.contract_terms import (
    ContractTerms,
    PromisedInstalment,
    TermsEvent,
    after,
    agreement_of,
)

# Who applies an event that was in quarantine does not meet the consumer here.
LOCK: Final = "SELECT FROM log_head WHERE id = 1 FOR UPDATE"
POSTED_DAYS: Final = """
    SELECT event_id, (posted_at AT TIME ZONE 'Asia/Shanghai')::date AS posted_on
    FROM journal_entry WHERE event_id = ANY($1::uuid[])
"""
TERMS: Final = (
    "contract_id", "number", "agency", "buyer", "channel", "payer_level", "service_area", "town",
    "signed_on", "starts_on", "terminated_on", "list_version",
)  # fmt: skip
# As `PromisedInstalment` has them.
INSTALMENT: Final = (
    "number", "due_on", "amount_minor", "listed_version", "state", "deduction_minor", "paid_on",
    "state_version",
)  # fmt: skip
# A row for each instalment; of a contract without any, one row.
LOAD: Final = f"""
    SELECT {", ".join(f"t.{name}" for name in TERMS)},
           {", ".join(f"i.{name}" for name in INSTALMENT)}, i.is_listed, i.known_on
    FROM contract_terms t
    LEFT JOIN contract_instalment i ON i.contract_id = t.contract_id AND i.replaced_on IS NULL
    WHERE t.contract_id = ANY($1::uuid[])
"""  # noqa: S608  # names of columns from above
SAVE: Final = """
    WITH terms AS (
        INSERT INTO contract_terms
            (contract_id, number, agency, buyer, channel, payer_level, service_area, town,
             signed_on, starts_on, terminated_on, list_version)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[],
                             $6::text[], $7::text[], $8::text[], $9::date[], $10::date[],
                             $11::date[], $12::bigint[])
        ON CONFLICT (contract_id) DO UPDATE
        SET payer_level = excluded.payer_level, service_area = excluded.service_area,
            town = excluded.town, signed_on = excluded.signed_on, starts_on = excluded.starts_on,
            terminated_on = excluded.terminated_on, list_version = excluded.list_version
    ), agreements AS (
        INSERT INTO contract_agreement (contract_id, version, agreed_on, ends_on, ceiling_minor)
        SELECT * FROM unnest($25::uuid[], $26::bigint[], $27::date[], $28::date[], $29::bigint[])
        ON CONFLICT (contract_id, version) DO NOTHING
    )
    INSERT INTO contract_instalment
        (contract_id, number, known_on, replaced_on, due_on, amount_minor, deduction_minor, state,
         paid_on, is_listed, listed_version, state_version)
    SELECT * FROM unnest($13::uuid[], $14::smallint[], $15::date[], $16::date[], $17::date[],
                         $18::bigint[], $19::bigint[], $20::text[], $21::date[], $22::boolean[],
                         $23::bigint[], $24::bigint[])
    ON CONFLICT (contract_id, number, known_on) DO UPDATE
    SET replaced_on = excluded.replaced_on, due_on = excluded.due_on,
        amount_minor = excluded.amount_minor, deduction_minor = excluded.deduction_minor,
        state = excluded.state, paid_on = excluded.paid_on, is_listed = excluded.is_listed,
        listed_version = excluded.listed_version, state_version = excluded.state_version
"""
CHANGES_BETWEEN_YIELDS: Final = 20


class TermsChange(NamedTuple):
    event_id: UUID
    event: TermsEvent


class _Known(NamedTuple):
    """An instalment from the day it was known so; `replaced_on` None: to this day."""

    contract_id: UUID
    instalment: PromisedInstalment
    is_listed: bool
    known_on: date
    replaced_on: date | None = None


class _Past:
    """The rows of instalments that a batch writes: at most one for a day."""

    def __init__(self, current: Sequence[_Known]) -> None:
        self._current: dict[UUID, dict[int, _Known]] = {}
        for known in current:
            self._current.setdefault(known.contract_id, {})[known.instalment.number] = known
        self.rows: dict[tuple[UUID, int, date], _Known] = {}

    def note(self, terms: ContractTerms, *, known_on: date) -> None:
        current = self._current.setdefault(terms.contract_id, {})
        for number, instalment in terms.instalments.items():
            is_listed = terms.is_listed(instalment)
            before = current.get(number)
            if before and (before.instalment, before.is_listed) == (instalment, is_listed):
                continue
            now = _Known(
                contract_id=terms.contract_id,
                instalment=instalment,
                is_listed=is_listed,
                known_on=max(known_on, before.known_on) if before else known_on,
            )
            if before and before.known_on < now.known_on:
                self._put(before._replace(replaced_on=now.known_on))
            self._put(now)
            current[number] = now

    def _put(self, known: _Known) -> None:
        self.rows[known.contract_id, known.instalment.number, known.known_on] = known


async def lock(connection: Connection) -> None:
    """What appending to the journal does as well."""
    await connection.execute(LOCK)


async def posted_days(connection: Connection, event_ids: Collection[UUID]) -> dict[UUID, date]:
    """Of those that the journal has."""
    rows = await connection.fetch(POSTED_DAYS, event_ids)
    return {row["event_id"]: row["posted_on"] for row in rows}


async def load(connection: Connection, changes: Sequence[TermsChange]) -> "Terms":
    """What is known of the contracts; call it with the journal's head locked."""
    if not changes:
        return Terms([])
    return Terms(await connection.fetch(LOAD, {change.event.contract_id for change in changes}))


class Terms:
    """Terms of some contracts, and what a batch changes of them."""

    def __init__(self, rows: Sequence[Record]) -> None:
        self._rows = rows
        self._to_save: list[Sequence[Any]] = []

    async def change(
        self, changes: Sequence[TermsChange], *, posted_on: Mapping[UUID, date], today: date
    ) -> None:
        """With pauses, for it is work to be done while the database is waited for.

        `posted_on` has the events that have entries; one without is known from `today`. What is
        known better already stays.
        """
        terms, past = _known_of(self._rows)
        agreed: dict[UUID, ContractTerms] = {}
        for count, change in enumerate(changes):
            contract_id = change.event.contract_id
            before = terms.get(contract_id)
            known = after(before, change.event)
            if known != before:
                terms[contract_id] = known
                past.note(known, known_on=posted_on.get(change.event_id, today))
                # Most events move an instalment and agree on nothing new.
                if before is None or known.agreed != before.agreed:
                    agreed[contract_id] = known
            if count % CHANGES_BETWEEN_YIELDS == 0:
                await asyncio.sleep(0)
        agreements = [a for c in changes if (a := agreement_of(c.event)) is not None]
        if agreed or past.rows or agreements:
            terms_rows = [known.agreed for known in agreed.values()]
            instalment_rows = [_instalment_row(known) for known in past.rows.values()]
            self._to_save = [
                *columns(terms_rows, 12),
                *columns(instalment_rows, 12),
                *columns(agreements, 5),
            ]

    async def save(self, connection: Connection) -> None:
        """Write what `change` has changed."""
        if self._to_save:
            await connection.execute(SAVE, *self._to_save)


def _known_of(rows: Sequence[Record]) -> tuple[dict[UUID, ContractTerms], _Past]:
    known: list[_Known] = []
    instalments: dict[UUID, dict[int, PromisedInstalment]] = {}
    terms: dict[UUID, ContractTerms] = {}
    # Channels and states stay the texts that their classes are, and are equal to.
    for row in map(tuple[Any, ...], rows):
        contract_id: UUID = row[0]
        if contract_id not in terms:
            of_contract = instalments[contract_id] = {}
            terms[contract_id] = ContractTerms._make((*row[: len(TERMS)], of_contract))
        *instalment, is_listed, known_on = row[len(TERMS) :]
        if known_on is not None:
            promised = PromisedInstalment._make(instalment)
            known.append(_Known(contract_id, promised, is_listed, known_on))
            instalments[contract_id][promised.number] = promised
    return terms, _Past(known)


def _instalment_row(known: _Known) -> tuple[Any, ...]:
    instalment = known.instalment
    return (
        known.contract_id,
        instalment.number,
        known.known_on,
        known.replaced_on,
        instalment.due_on,
        instalment.amount_minor,
        instalment.deduction_minor,
        instalment.state,
        instalment.paid_on,
        known.is_listed,
        instalment.listed_version,
        instalment.state_version,
    )
