"""What the public is shown of a contract: no person, no bank reference."""

from collections.abc import Sequence
from datetime import date

from fundmix_events.contracts import Condition, PurchaseMode, YearShare
from fundmix_events.evaluations import Grade, Stage
from fundmix_events.money import Currency, Money
from fundmix_events.registry import Level
from pydantic import BaseModel, computed_field

from contracts_svc.domain.contract import ContractState, InstalmentState, Line
from contracts_svc.domain.points import text_from_micro
from contracts_svc.public_queries import ProjectDetail
from contracts_svc.storage.overlaps import Overlap
from contracts_svc.storage.public_projects import Project, PublishedEvaluation


class ProjectOut(BaseModel):
    """`grade` is that of the final evaluation, once it is published."""

    number: str
    title: str
    state: ContractState
    buyer: str
    buyer_name: str | None
    agency: str
    agency_name: str | None
    purchase_mode: PurchaseMode
    is_post_based: bool
    posts: int | None
    service_area: str
    people_served: str
    town: str
    payer_level: Level
    signed_on: date
    starts_on: date
    ends_on: date
    ceiling: Money
    paid: Money
    grade: Grade | None
    line_count: int
    accepted_line_count: int


class PublicLineOut(BaseModel):
    number: int
    title: str
    unit: str
    quantity: int
    amount: Money
    accepted: int


class PublicInstalmentOut(BaseModel):
    """`payable` is what is left of `amount` after the deduction."""

    number: int
    due_on: date
    condition: Condition
    amount: Money
    deduction: Money
    payable: Money
    state: InstalmentState
    paid_on: date | None


class PublicAmendmentOut(BaseModel):
    number: int
    reason: str
    amended_on: date
    delta: Money
    ceiling: Money
    ends_on: date
    published_on: date | None


class PublicAcceptanceOut(BaseModel):
    """What the buyer accepted, and how many of the people served were asked and answered."""

    number: int
    line_number: int
    quantity: int
    accepted_on: date
    recipients_invited: int
    sample_size: int
    responses: int
    published_on: date | None

    @computed_field
    @property
    def response_rate_bps(self) -> int | None:
        return self.responses * 10_000 // self.sample_size if self.sample_size else None


class PublicEvaluationOut(BaseModel):
    """`deduction` is what was decided after an objection; else it is what was proposed."""

    stage: Stage
    version: int
    reason: str | None
    evaluated_on: date
    published_on: date
    score: str
    grade: Grade
    proposed_deduction: Money
    objected_on: date | None
    decided_on: date | None
    deduction: Money | None
    decision_reason: str | None


class ProjectDetailOut(ProjectOut):
    original_ceiling: Money
    published_on: date | None
    filed_on: date | None
    term_reason: str | None
    terminated_on: date | None
    termination_reason: str | None
    years: list[YearShare]
    lines: list[PublicLineOut]
    instalments: list[PublicInstalmentOut]
    amendments: list[PublicAmendmentOut]
    acceptances: list[PublicAcceptanceOut]
    evaluations: list[PublicEvaluationOut]


class OverlappingOut(BaseModel):
    number: str
    title: str
    agency: str
    purchase_mode: PurchaseMode
    is_post_based: bool
    service_area: str
    starts_on: date
    ends_on: date


class OverlapOut(BaseModel):
    """Two contracts for the same people in the same town, from `starts_on` to `ends_on`.

    That is a question, not a finding: they may well do different things.
    """

    town: str
    people_served: str
    starts_on: date
    ends_on: date
    days: int
    has_posts: bool
    is_same_service_area: bool
    is_same_agency: bool
    earlier: OverlappingOut
    later: OverlappingOut


def project_out(project: Project) -> ProjectOut:
    return ProjectOut(
        number=project.number,
        title=project.title,
        state=ContractState(project.state),
        buyer=project.buyer,
        buyer_name=project.buyer_name,
        agency=project.agency,
        agency_name=project.agency_name,
        purchase_mode=PurchaseMode(project.purchase_mode),
        is_post_based=_is_post_based(project.purchase_mode),
        posts=project.posts,
        service_area=project.service_area,
        people_served=project.people_served,
        town=project.town,
        payer_level=Level(project.payer_level),
        signed_on=project.signed_on,
        starts_on=project.starts_on,
        ends_on=project.ends_on,
        ceiling=_money(project.ceiling_minor, project.currency),
        paid=_money(project.paid_minor, project.currency),
        grade=None if project.grade is None else Grade(project.grade),
        line_count=project.line_count,
        accepted_line_count=project.accepted_line_count,
    )


def project_detail(found: ProjectDetail) -> ProjectDetailOut:
    row, contract = found.contract
    return ProjectDetailOut(
        **dict(project_out(found.project)),
        original_ceiling=contract.original_ceiling,
        published_on=row.published_on,
        filed_on=row.filed_on,
        term_reason=row.term_reason,
        terminated_on=row.terminated_on,
        termination_reason=row.termination_reason,
        years=list(contract.years),
        lines=_lines(contract.lines),
        instalments=[
            PublicInstalmentOut.model_validate(i, from_attributes=True)
            for i in contract.instalments
        ],
        amendments=[
            PublicAmendmentOut(
                number=a.number,
                reason=a.reason,
                amended_on=a.amended_on,
                delta=_money(a.delta_minor, row.currency),
                ceiling=_money(a.ceiling_minor, row.currency),
                ends_on=a.ends_on,
                published_on=a.published_on,
            )
            for a in found.amendments
        ],
        acceptances=[
            PublicAcceptanceOut.model_validate(a, from_attributes=True) for a in found.acceptances
        ],
        evaluations=[_evaluation_out(e) for e in found.evaluations],
    )


def overlap_out(overlap: Overlap) -> OverlapOut:
    earlier = OverlappingOut(
        number=overlap.earlier_number,
        title=overlap.earlier_title,
        agency=overlap.earlier_agency,
        purchase_mode=PurchaseMode(overlap.earlier_purchase_mode),
        is_post_based=_is_post_based(overlap.earlier_purchase_mode),
        service_area=overlap.earlier_service_area,
        starts_on=overlap.earlier_starts_on,
        ends_on=overlap.earlier_last_day,
    )
    later = OverlappingOut(
        number=overlap.number,
        title=overlap.title,
        agency=overlap.agency,
        purchase_mode=PurchaseMode(overlap.purchase_mode),
        is_post_based=_is_post_based(overlap.purchase_mode),
        service_area=overlap.service_area,
        starts_on=overlap.starts_on,
        ends_on=overlap.later_last_day,
    )
    return OverlapOut(
        town=overlap.town,
        people_served=overlap.people_served,
        starts_on=overlap.starts_on,
        ends_on=overlap.ends_on,
        days=overlap.days,
        has_posts=earlier.is_post_based or later.is_post_based,
        is_same_service_area=earlier.service_area == later.service_area,
        is_same_agency=earlier.agency == later.agency,
        earlier=earlier,
        later=later,
    )


def _evaluation_out(evaluation: PublishedEvaluation) -> PublicEvaluationOut:
    decided_minor = evaluation.deduction_minor
    return PublicEvaluationOut(
        stage=Stage(evaluation.stage),
        version=evaluation.version,
        reason=evaluation.reason,
        evaluated_on=evaluation.evaluated_on,
        published_on=evaluation.published_on,
        score=text_from_micro(evaluation.score_micro),
        grade=Grade(evaluation.grade),
        proposed_deduction=_money(evaluation.proposed_deduction_minor, evaluation.currency),
        objected_on=evaluation.objected_on,
        decided_on=evaluation.decided_on,
        deduction=None if decided_minor is None else _money(decided_minor, evaluation.currency),
        decision_reason=evaluation.decision_reason,
    )


def _lines(lines: Sequence[Line]) -> list[PublicLineOut]:
    return [PublicLineOut(**dict(line.agreed), accepted=line.accepted) for line in lines]


def _is_post_based(purchase_mode: str) -> bool:
    return purchase_mode == PurchaseMode.POST


def _money(amount_minor: int, currency: str) -> Money:
    return Money.of(amount_minor, Currency(currency))
