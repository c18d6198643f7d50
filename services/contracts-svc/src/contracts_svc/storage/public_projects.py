"""The public list of contracts: what is asked for, in one of three orders, page by page.

Only the contracts of a page are looked at closely; how many there are in all costs nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from fundmix_events import topics
from fundmix_events.evaluations import Grade
from fundmix_kit.database import Connection

from contracts_svc.domain.contract import ContractState

ORGANISATIONS_MAX: Final = 1_000

# A contract whose term has begun is active: the rows do not change with the day.
STATE: Final = "CASE WHEN state = 'signed' AND starts_on <= {} THEN 'active' ELSE state END"
OF_GRADE: Final = """
    EXISTS (
        SELECT FROM evaluation e
        WHERE e.contract_id = contract.contract_id AND e.stage = 'final'
          AND e.state = 'published' AND e.grade = {}
    )
"""
# Only conditions that are asked for are in a statement: then its plan can use their index.
CONDITIONS: Final = {
    "town": "town = {}",
    "agency": "agency = {}",
    "buyer": "buyer = {}",
    "service_area": "service_area = {}",
    "people_served": "people_served = {}",
    "purchase_mode": "purchase_mode = {}",
    "number": "number = {}",
    "grade": OF_GRADE,
}
IN_YEAR: Final = "signed_on BETWEEN {} AND {}"
IN_STATE: Final = {
    ContractState.SIGNED: "state = 'signed' AND starts_on > {}",
    ContractState.ACTIVE: "state = 'signed' AND starts_on <= {}",
    ContractState.COMPLETED: "state = 'completed'",
    ContractState.TERMINATED: "state = 'terminated'",
}
# What is searched for is mostly rare, and then found by its characters in a row; what is common is
# met soon enough on the way along the list, where the index would bring up most of it.
TEXT_ROWS_MAX: Final = 1_000
HAS_TEXT: Final = """
    (strpos(lower(title), lower({0})) > 0
     OR (char_length({0}) >= 3 AND strpos(lower(number), lower({0})) > 0)
     OR buyer = ANY({1}::text[]) OR agency = ANY({1}::text[]))
"""
# One by one: joined by OR, the characters of each row found would be taken apart again.
FIND_TEXT: Final = """
    SELECT contract_id FROM (
        SELECT contract_id FROM contract WHERE agency = ANY($2::text[])
        UNION ALL
        SELECT contract_id FROM contract WHERE buyer = ANY($2::text[])
        UNION ALL
        SELECT contract_id FROM contract
        WHERE char_length($1) >= 3
          AND grams(number, 3) @> grams($1, 3) AND strpos(lower(number), lower($1)) > 0
        UNION ALL
        SELECT contract_id FROM contract
        WHERE grams(title, 2) @> grams($1, 2) AND strpos(lower(title), lower($1)) > 0
    ) found
    LIMIT $3
"""
IS_FOUND: Final = "contract_id = ANY({}::uuid[])"
ORGANISATIONS: Final = """
    SELECT key FROM replica
    WHERE topic = $1 AND strpos(lower(state ->> 'name'), lower($2)) > 0
    ORDER BY key LIMIT $3
"""
# What else is shown is read for the few contracts of the page only.
SHOWN: Final = """
    SELECT c.*, buyer.state ->> 'name' AS buyer_name, agency.state ->> 'name' AS agency_name,
           coalesce((
               SELECT sum(i.amount_minor - i.deduction_minor) FROM instalment i
               WHERE i.contract_id = c.contract_id AND i.state = 'paid'
           ), 0)::bigint - coalesce((
               SELECT sum(r.amount_minor) FROM recovery r
               WHERE r.contract_id = c.contract_id AND r.received_on IS NOT NULL
           ), 0)::bigint AS paid_minor,
           l.line_count, l.accepted_line_count, e.grade
    FROM (
        SELECT contract_id, number, title, buyer, agency, purchase_mode, posts, service_area,
               people_served, town, payer_level, signed_on, starts_on, ends_on, terminated_on,
               termination_reason, ceiling_minor, currency, {state} AS state
        FROM contract {where} ORDER BY {order} LIMIT {limit}
    ) c
    CROSS JOIN LATERAL (
        SELECT count(*) AS line_count,
               count(*) FILTER (WHERE accepted = quantity) AS accepted_line_count
        FROM contract_line WHERE contract_line.contract_id = c.contract_id
    ) l
    LEFT JOIN evaluation e
        ON e.contract_id = c.contract_id AND e.stage = 'final' AND e.state = 'published'
    LEFT JOIN replica buyer ON buyer.topic = {topic} AND buyer.key = c.buyer
    LEFT JOIN replica agency ON agency.topic = {topic} AND agency.key = c.agency
    ORDER BY {order}
"""

EVALUATIONS: Final = """
    SELECT stage, version, reason, evaluated_on, published_on, score_micro, grade, currency,
           proposed_deduction_minor, objected_on, decided_on, deduction_minor, decision_reason
    FROM evaluation WHERE contract_id = $1 AND state <> 'open' ORDER BY stage DESC, version
"""


class ProjectSort(StrEnum):
    SIGNED_ON = "signed_on"
    AMOUNT = "amount"
    NUMBER = "number"


AFTER: Final = {
    ProjectSort.SIGNED_ON: "(signed_on, contract_id) < ({}, {})",
    ProjectSort.AMOUNT: "(ceiling_minor, contract_id) < ({}, {})",
    ProjectSort.NUMBER: "number > {}",
}
ORDER: Final = {
    ProjectSort.SIGNED_ON: "signed_on DESC, contract_id DESC",
    ProjectSort.AMOUNT: "ceiling_minor DESC, contract_id DESC",
    ProjectSort.NUMBER: "number",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectFilter:
    """`year` is that of signing; `text` is a part of the title, the number or a party's name."""

    year: int | None = None
    town: str | None = None
    agency: str | None = None
    buyer: str | None = None
    service_area: str | None = None
    people_served: str | None = None
    purchase_mode: str | None = None
    state: ContractState | None = None
    grade: Grade | None = None
    text: str | None = None
    number: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    contract_id: UUID
    number: str
    title: str
    buyer: str
    buyer_name: str | None
    agency: str
    agency_name: str | None
    purchase_mode: str
    posts: int | None
    service_area: str
    people_served: str
    town: str
    payer_level: str
    signed_on: date
    starts_on: date
    ends_on: date
    terminated_on: date | None
    termination_reason: str | None
    ceiling_minor: int
    paid_minor: int
    currency: str
    state: str
    grade: str | None
    line_count: int
    accepted_line_count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedEvaluation:
    stage: str
    version: int
    reason: str | None
    evaluated_on: date
    published_on: date
    score_micro: int
    grade: str
    currency: str
    proposed_deduction_minor: int
    objected_on: date | None
    decided_on: date | None
    deduction_minor: int | None
    decision_reason: str | None


async def read_evaluations(connection: Connection, contract_id: UUID) -> list[PublishedEvaluation]:
    """All that were published: an amended one does not vanish."""
    rows = await connection.fetch(EVALUATIONS, contract_id)
    return [PublishedEvaluation(**dict(row)) for row in rows]


async def list_rows(
    connection: Connection,
    wanted: ProjectFilter,
    *,
    sort: ProjectSort,
    today: date,
    after: Sequence[object] | None,
    rows_max: int,
) -> list[Project]:
    """`after` is the sort key of the last row seen; see `sort_key`."""
    given = _Arguments()
    state = STATE.format(given(today))
    conditions = _conditions(wanted, given, today=today)
    if wanted.text is not None:
        conditions.append(await _text_condition(connection, wanted.text, given))
    if after is not None:
        conditions.append(AFTER[sort].format(*map(given, after)))
    statement = SHOWN.format(
        state=state,
        where=f"WHERE {' AND '.join(conditions)}" if conditions else "",
        order=ORDER[sort],
        limit=given(rows_max),
        topic=given(topics.REGISTRY),
    )
    return [Project(**dict(row)) for row in await connection.fetch(statement, *given.values)]


def sort_key(project: Project, sort: ProjectSort) -> tuple[object, ...]:
    match sort:
        case ProjectSort.SIGNED_ON:
            return project.signed_on, project.contract_id
        case ProjectSort.AMOUNT:
            return project.ceiling_minor, project.contract_id
        case ProjectSort.NUMBER:
            return (project.number,)


class _Arguments:
    """Gives each value its place in the statement."""

    def __init__(self) -> None:
        self.values: list[Any] = []

    def __call__(self, value: object) -> str:
        self.values.append(value)
        return f"${len(self.values)}"


def _conditions(wanted: ProjectFilter, given: _Arguments, *, today: date) -> list[str]:
    conditions = [
        condition.format(given(value))
        for name, condition in CONDITIONS.items()
        if (value := getattr(wanted, name)) is not None
    ]
    if wanted.year is not None:
        days = (date(wanted.year, 1, 1), date(wanted.year, 12, 31))
        conditions.append(IN_YEAR.format(*map(given, days)))
    if wanted.state is not None:
        in_state = IN_STATE[wanted.state]
        conditions.append(in_state.format(given(today)) if "{}" in in_state else in_state)
    return conditions


async def _text_condition(connection: Connection, text: str, given: _Arguments) -> str:
    named = await connection.fetch(ORGANISATIONS, topics.REGISTRY, text, ORGANISATIONS_MAX)
    codes = [row["key"] for row in named]
    found = await connection.fetch(FIND_TEXT, text, codes, TEXT_ROWS_MAX + 1)
    if len(found) > TEXT_ROWS_MAX:
        return HAS_TEXT.format(given(text), given(codes))
    return IS_FOUND.format(given([row["contract_id"] for row in found]))
