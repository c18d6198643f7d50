"""What is told of evaluations: before it is published, only to those who make it."""

from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from fundmix_events.evaluations import Dimension, Stage
from fundmix_events.roles import Role
from fundmix_kit.database import Connection, Database
from fundmix_kit.paging import PageParams
from fundmix_kit.policy import Access

from contracts_svc.domain.contract import Contract
from contracts_svc.domain.errors import EvaluationNotFoundError
from contracts_svc.domain.evaluation import Evaluation
from contracts_svc.domain.scheme import Scheme
from contracts_svc.storage import contracts, evaluations, schemes

MAKERS: Final = frozenset({Role.EVALUATOR, Role.AUDITOR, Role.ADMIN})


@dataclass(frozen=True, kw_only=True, slots=True)
class SeenEvaluation:
    """An evaluation as somebody may see it."""

    evaluation: Evaluation
    scheme: Scheme
    # Who gave which score is told to those who make the evaluation, and to nobody else.
    has_scorers: bool


async def read_evaluation(
    database: Database, contract_id: UUID, stage: Stage, *, version: int | None, access: Access
) -> SeenEvaluation:
    """That version; or the last one, which is a published one for those who do not make it.

    Raises ContractNotFoundError, ForeignRowError, EvaluationNotFoundError.
    """
    async with database.reading() as connection:
        contract = await _contract(connection, contract_id, access)
        if version is None:
            found = await evaluations.read_last_two(connection, contract_id, stage)
        else:
            found = await evaluations.read_version(connection, contract_id, stage, version)
        seen = [e for e in found if not e.is_open or _sees_open(contract, access)]
        if not seen:
            raise EvaluationNotFoundError(f"there is no {stage} evaluation to be seen")
        # The agency reads what is published rather than its own part of what will amend it.
        is_maker = _is_maker(contract, access)
        evaluation = next((e for e in seen if is_maker or not e.is_open), seen[0])
        scheme = await schemes.read(connection, evaluation.scheme_version)
    return seen_by(access, contract, evaluation, scheme)


async def list_evaluations(
    database: Database, contract_id: UUID, *, access: Access, page: PageParams
) -> list[SeenEvaluation]:
    """All stages and versions that this caller may see; one more than the page shows.

    Raises ContractNotFoundError, ForeignRowError.
    """
    after = page.after(tuple[str, int])
    async with database.reading() as connection:
        contract = await _contract(connection, contract_id, access)
        found = await evaluations.list_rows(
            connection,
            contract_id,
            has_open=_sees_open(contract, access),
            after=after or ("", 0),
            rows_max=page.rows_to_read,
        )
        versions = {evaluation.scheme_version for evaluation in found}
        scheme_by_version = {v: await schemes.read(connection, v) for v in versions}
    return [seen_by(access, contract, e, scheme_by_version[e.scheme_version]) for e in found]


async def read_scheme(database: Database, version: int) -> Scheme:
    """Raises SchemeNotFoundError."""
    async with database.reading() as connection:
        return await schemes.read(connection, version)


async def list_schemes(database: Database, *, page: PageParams) -> list[Scheme]:
    """From the first; one more than the page shows."""
    after = page.after(tuple[int])
    async with database.reading() as connection:
        return await schemes.list_rows(
            connection, after=after[0] if after else 0, rows_max=page.rows_to_read
        )


def seen_by(
    access: Access, contract: Contract, evaluation: Evaluation, scheme: Scheme
) -> SeenEvaluation:
    """Of one in the making the agency sees its own part, and nothing else."""
    is_maker = _is_maker(contract, access)
    if evaluation.is_open and not is_maker:
        own = tuple(evaluation.scores_of(Dimension.SELF))
        evaluation = replace(evaluation, scores=own, surveys=())
    return SeenEvaluation(evaluation=evaluation, scheme=scheme, has_scorers=is_maker)


def _sees_open(contract: Contract, access: Access) -> bool:
    principal = access.principal
    is_evaluated = principal.role == Role.AGENCY and principal.org == contract.agency
    return is_evaluated or _is_maker(contract, access)


def _is_maker(contract: Contract, access: Access) -> bool:
    """The grant of reading all makes nobody a maker: it is for what is published."""
    principal = access.principal
    is_of_buyer = principal.role == Role.FINANCE_OFFICER and principal.org == contract.buyer
    return is_of_buyer or principal.role in MAKERS


async def _contract(connection: Connection, contract_id: UUID, access: Access) -> Contract:
    _, contract = await contracts.read(connection, contract_id)
    access.require_own(contract.buyer, contract.agency)
    return contract
