"""The sample city's contracts in a database, signed, evaluated and paid as its files say."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from fundmix_events import topics
from fundmix_events.contracts import (
    Condition,
    ContractEvent,
    PurchaseMode,
    ScheduledInstalment,
)
from fundmix_events.envelope import Actor
from fundmix_events.evaluations import Dimension, Grade, Stage
from fundmix_events.money import Money
from fundmix_events.registry import Level, Organisation, OrganisationKind
from fundmix_kit import replica
from fundmix_kit.clock import Clock
from fundmix_kit.database import Connection, Database
from fundmix_kit.ids import uuid7
from fundmix_kit.origin import Origin
from fundmix_kit.outbox import Outbox
from fundmix_kit.replica import State

from contracts_svc.domain.contract import Contract
from contracts_svc.domain.delivery import Acceptance, Delivery, accept_delivery, report_delivery
from contracts_svc.domain.paying import Verdict, approve_instalment, pay_instalment
from contracts_svc.domain.points import micro_from_points, points_from_text
from contracts_svc.domain.signing import Terms, sign_contract
from contracts_svc.storage import contracts
from contracts_svc.testing.evaluations import SCHEME, WEIGHTS

APPROVER: Final = "li.na"
PAYER: Final = "wang.wei"
ORIGIN: Final = Origin(
    actor=Actor(subject=APPROVER, role="finance_officer"), correlation_id="sample"
)
BASIS_POINTS: Final = 10_000
ADD_EVALUATIONS: Final = """
    INSERT INTO evaluation
        (contract_id, stage, version, revision, scheme_version, state, opened_by, opened_at)
    SELECT u.contract_id, u.stage, 1, 1, 1, 'open', $7, now()
    FROM unnest($1::uuid[], $2::text[], $3::date[], $4::int[], $5::text[], $6::bigint[])
        AS u (contract_id, stage, evaluated_on, score_micro, grade, deduction_minor)
"""
PUBLISH_EVALUATIONS: Final = """
    UPDATE evaluation e
    SET state = 'published', evaluated_on = u.evaluated_on, published_on = u.evaluated_on,
        published_by = $7, score_micro = u.score_micro, grade = u.grade,
        proposed_deduction_minor = u.deduction_minor, currency = 'CNY',
        is_calendar_announced = true,
        objections_until = CASE WHEN u.deduction_minor > 0 THEN u.evaluated_on + 14 END
    FROM unnest($1::uuid[], $2::text[], $3::date[], $4::int[], $5::text[], $6::bigint[])
        AS u (contract_id, stage, evaluated_on, score_micro, grade, deduction_minor)
    WHERE e.contract_id = u.contract_id AND e.stage = u.stage
"""

Row = Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What an evaluation has found."""

    evaluated_on: date
    score_micro: int
    grade: Grade


@dataclass(frozen=True, kw_only=True, slots=True)
class City:
    """The rows of the files, by contract number."""

    organisations: Mapping[str, Organisation]
    contracts: Sequence[Row]
    instalments: Mapping[str, Sequence[Row]]
    results: Mapping[tuple[str, Stage], Result]

    @classmethod
    def of(cls, folder: Path) -> "City":
        instalments: dict[str, list[Row]] = {}
        for row in _rows(folder / "instalments.csv"):
            instalments.setdefault(row["contract_no"], []).append(row)
        return cls(
            organisations={
                row["uscc"]: Organisation(
                    code=row["uscc"], name=row["name"], kind=OrganisationKind(row["kind"])
                )
                for row in _rows(folder / "organisations.csv")
            },
            contracts=_rows(folder / "contracts.csv"),
            instalments=instalments,
            results={
                (row["contract_no"], Stage(row["stage"])): _result(row)
                for row in _rows(folder / "evaluations.csv")
            },
        )


async def load(database: Database, city: City, outbox: Outbox, clock: Clock) -> None:
    """Every contract as it stands in the end, with everything that was said on the way."""
    states = [State(o.code, 1, o.model_dump_json()) for o in city.organisations.values()]
    found: list[tuple[Any, ...]] = []
    async with database.transaction() as connection:
        await replica.save(connection, topics.REGISTRY, states)
        for row in city.contracts:
            contract = await _load_contract(connection, row, city, outbox, clock)
            for stage in Stage:
                result = city.results[row["contract_no"], stage]
                deduction = _deduction(contract, result, stage)
                found.append(
                    (
                        contract.contract_id,
                        stage,
                        result.evaluated_on,
                        result.score_micro,
                        result.grade,
                        deduction.amount_minor,
                    )
                )
        columns = [[values[place] for values in found] for place in range(6)]
        await connection.execute(ADD_EVALUATIONS, *columns, APPROVER)
        await connection.execute(PUBLISH_EVALUATIONS, *columns, APPROVER)


async def _load_contract(
    connection: Connection, row: Row, city: City, outbox: Outbox, clock: Clock
) -> Contract:
    terms = _terms(row, city.instalments[row["contract_no"]])
    contract, signed = sign_contract(
        terms,
        contract_id=uuid7(),
        buyer=city.organisations[row["buyer_uscc"]],
        agency=city.organisations[row["agency_uscc"]],
        today=clock.today(),
    )
    await contracts.insert_all(connection, [(contract, terms)], recorded_at=clock.now())
    events: list[ContractEvent] = [signed]
    before = contract
    for instalment in city.instalments[row["contract_no"]]:
        if instalment["condition"] == Condition.FINAL:
            contract, more = _accepted(contract, clock)
            events += more
        contract, more = _paid(contract, instalment, city, clock)
        events += more
    await contracts.save(connection, before, contract)
    for event in events:
        await outbox.append(connection, event, ORIGIN)
    return contract


def _accepted(contract: Contract, clock: Clock) -> tuple[Contract, list[ContractEvent]]:
    [line] = contract.lines
    delivery = Delivery(
        line_number=1,
        quantity=line.agreed.quantity,
        delivered_on=contract.ends_on,
        place="厚街镇",
        attendance=None,
    )
    contract, delivered = report_delivery(contract, delivery, today=clock.today())
    acceptance = Acceptance(
        line_number=1,
        quantity=line.agreed.quantity,
        accepted_on=contract.ends_on,
        recipients_invited=80,
        sample_size=60,
        responses=54,
    )
    contract, accepted = accept_delivery(
        contract, acceptance, delivered_by_then=line.agreed.quantity, today=clock.today()
    )
    return contract, [delivered, accepted]


def _paid(
    contract: Contract, row: Row, city: City, clock: Clock
) -> tuple[Contract, list[ContractEvent]]:
    """As far as it was paid."""
    if not row["paid_on"]:
        return contract, []
    number, paid_on = int(row["number"]), date.fromisoformat(row["paid_on"])
    verdict = None
    if row["condition"] != Condition.SIGNING:
        stage = Stage(row["condition"])
        result = city.results[row["contract_no"], stage]
        verdict = Verdict(deduction=_deduction(contract, result, stage), is_open=False)
    contract, approved = approve_instalment(
        contract,
        instalment_number=number,
        verdict=verdict,
        approved_by=APPROVER,
        approved_on=paid_on,
    )
    contract, paid = pay_instalment(
        contract,
        instalment_number=number,
        amount=contract.instalment(number).payable,
        paid_on=paid_on,
        bank_reference=row["bank_reference"],
        paid_by=PAYER,
        today=clock.today(),
    )
    return contract, [approved, paid]


def _deduction(contract: Contract, result: Result, stage: Stage) -> Money:
    final = contract.final_instalment()
    if stage is not Stage.FINAL or final is None:
        return Money.of(0)
    amount_minor = final.amount.amount_minor
    return Money.of(SCHEME.deduction_minor(result.grade, amount_minor=amount_minor))


def _terms(row: Row, instalments: Iterable[Row]) -> Terms:
    days = ("signed_on", "published_on", "filed_on", "starts_on", "ends_on")
    texts = ("title", "service_area", "people_served", "town")
    return Terms(
        number=row["contract_no"],
        purchase_mode=PurchaseMode(row["purchase_mode"]),
        payer_level=Level(row["payer_level"]),
        posts=int(row["posts"]) if row["posts"] else None,
        ceiling=Money.parse(row["amount"]),
        instalments=[
            ScheduledInstalment(
                number=int(i["number"]),
                due_on=date.fromisoformat(i["due_on"]),
                amount=Money.parse(i["amount"]),
                condition=Condition(i["condition"]),
            )
            for i in instalments
        ],
        **{name: date.fromisoformat(row[name]) for name in days},  # pyright: ignore[reportArgumentType]  # by name
        **{name: row[name] for name in texts},
    )


def _result(row: Row) -> Result:
    columns = {
        Dimension.PROFESSIONAL: "professional_score",
        Dimension.BUYER: "buyer_score",
        Dimension.SELF: "self_score",
        Dimension.RECIPIENTS: "recipient_score",
    }
    weighted = sum(
        WEIGHTS[dimension] * points_from_text(row[column]) for dimension, column in columns.items()
    )
    points = Fraction(weighted, BASIS_POINTS)
    return Result(
        evaluated_on=date.fromisoformat(row["evaluated_on"]),
        score_micro=micro_from_points(points),
        grade=SCHEME.grade(points),
    )


def _rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))
