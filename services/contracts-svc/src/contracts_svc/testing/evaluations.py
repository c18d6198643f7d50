"""Builders for tests of evaluations: a test says only what matters to it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from fundmix_events.contracts import Condition, PurchaseMode, ScheduledInstalment
from fundmix_events.envelope import Actor
from fundmix_events.evaluations import Dimension, EvaluationPublished, Grade, Stage
from fundmix_events.money import Money
from fundmix_events.registry import Level, Organisation, OrganisationKind

from contracts_svc.domain.contract import Contract
from contracts_svc.domain.evaluation import (
    Evaluation,
    Rating,
    open_evaluation,
    publish,
    rate,
    score,
)
from contracts_svc.domain.scheme import Bands, Scheme, adopt_scheme
from contracts_svc.domain.signing import Terms, sign_contract

BUYER: Final = "11441900AHP4983MNR"
AGENCY: Final = "52441900AJC6XAY6DW"
SIGNED_ON: Final = date(2024, 2, 21)
TODAY: Final = date(2024, 12, 16)

EVALUATOR: Final = Actor(subject="chen.jing", role="evaluator", org=None)
OFFICER: Final = Actor(subject="li.na", role="finance_officer", org=BUYER)
TREASURER: Final = Actor(subject="zhao.lei", role="agency", org=AGENCY)
ACTORS: Final = {
    Dimension.PROFESSIONAL: EVALUATOR,
    Dimension.BUYER: OFFICER,
    Dimension.SELF: TREASURER,
}
WEIGHTS: Final = {
    Dimension.PROFESSIONAL: 3000,
    Dimension.BUYER: 2000,
    Dimension.SELF: 1000,
    Dimension.RECIPIENTS: 4000,
}
BANDS: Final = Bands(excellent=9000, good=8000, passing=6000)


def a_scheme(**values: Any) -> Scheme:
    usual: dict[str, Any] = {
        "version": 1,
        "weights": WEIGHTS,
        "bands": BANDS,
        "deduction_bps": {Grade.FAIL: 5000},
        "objection_working_days": 10,
        "recipients_weight_bps_min": 4000,
    }
    return adopt_scheme(**usual | values)


SCHEME: Final = a_scheme()


def some_terms(final_minor: int = 40_000) -> Terms:
    """500.00 yuan on signing, 100.00 at midterm, and a final instalment of so many fen."""
    amounts = {Condition.SIGNING: 50_000, Condition.MIDTERM: 10_000, Condition.FINAL: final_minor}
    return Terms(
        number="DG-2024-0001",
        title="社区综合服务",
        purchase_mode=PurchaseMode.PROJECT,
        service_area="社区综合服务",
        people_served="社区居民",
        town="厚街镇",
        payer_level=Level.TOWN,
        posts=None,
        signed_on=SIGNED_ON,
        published_on=None,
        filed_on=None,
        starts_on=date(2024, 3, 2),
        ends_on=date(2024, 12, 20),
        ceiling=Money.of(sum(amounts.values())),
        instalments=[
            ScheduledInstalment(
                number=place + 1,
                due_on=date(2024, 3, 12),
                amount=Money.of(minor),
                condition=condition,
            )
            for place, (condition, minor) in enumerate(amounts.items())
        ],
    )


def a_contract(final_minor: int = 40_000, **values: Any) -> Contract:
    """It has had some changes: its version is 7."""
    signed, _ = sign_contract(
        some_terms(final_minor),
        contract_id=UUID(int=1),
        buyer=Organisation(code=BUYER, name="示例街道", kind=OrganisationKind.BUYER),
        agency=Organisation(code=AGENCY, name="示例甲", kind=OrganisationKind.AGENCY),
        today=TODAY,
    )
    return replace(signed, **{"version": 7, **values})


CONTRACT: Final = a_contract()


def scored(
    evaluation: Evaluation, points: Mapping[Dimension, int], *, contract: Contract = CONTRACT
) -> Evaluation:
    """One score in each dimension, and one rating of the people served."""
    for dimension, given in points.items():
        if dimension is Dimension.RECIPIENTS:
            evaluation = rate(
                contract, evaluation, ratings=[Rating(points=given, count=1)], actor=OFFICER
            )
        else:
            evaluation = score(
                contract,
                evaluation,
                SCHEME,
                dimension=dimension,
                points=given,
                actor=ACTORS[dimension],
            )
    return evaluation


def an_evaluation(
    points: int = 5990, *, stage: Stage = Stage.FINAL, contract: Contract = CONTRACT
) -> Evaluation:
    """Open, and scored the same in every dimension."""
    evaluation = open_evaluation(contract, stage)
    return scored(evaluation, dict.fromkeys(Dimension, points), contract=contract)


def published(
    evaluation: Evaluation, *, contract: Contract = CONTRACT, **values: Any
) -> tuple[Contract, Evaluation, EvaluationPublished]:
    usual: dict[str, Any] = {
        "evaluated_on": date(2024, 12, 15),
        "published_on": None,
        "published_by": "li.na",
        "today": TODAY,
    }
    return publish(contract, evaluation, values.pop("scheme", SCHEME), **usual | values)
