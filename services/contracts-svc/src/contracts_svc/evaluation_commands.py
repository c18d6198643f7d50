"""What is done with evaluations when asked: each function inside one transaction of its caller.

Every change, also a score that no event tells, locks the row of the contract: nobody scores while
another one publishes, and nobody publishes while an officer approves the instalment that waits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from fundmix_events.evaluations import Dimension, EvaluationEvent, Grade, Stage
from fundmix_events.money import Money
from fundmix_events.roles import Role
from fundmix_kit.clock import Clock
from fundmix_kit.database import Connection
from fundmix_kit.etag import check_version
from fundmix_kit.origin import Origin
from fundmix_kit.outbox import Outbox
from fundmix_kit.policy import Access

from contracts_svc.domain import evaluation as rules
from contracts_svc.domain import objection
from contracts_svc.domain.contract import Contract
from contracts_svc.domain.evaluation import Evaluation, Rating
from contracts_svc.domain.scheme import Bands, Scheme, adopt_scheme
from contracts_svc.storage import contracts, evaluations, schemes


@dataclass(frozen=True, kw_only=True, slots=True)
class EvaluationTarget:
    """The stage a command is about, who asks, and the revision of it that was seen before."""

    contract_id: UUID
    stage: Stage
    access: Access
    expected_revision: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluated:
    """Where a stage and its contract stand before or after a command."""

    contract: Contract
    evaluation: Evaluation
    scheme: Scheme


class EvaluationCommands:
    """The commands, with what they all need.

    Those of an evaluation raise ContractNotFoundError, ForeignRowError and VersionMismatchError,
    and what the rules of the domain refuse.
    """

    def __init__(self, *, outbox: Outbox, clock: Clock, recipients_weight_bps_min: int) -> None:
        self._outbox = outbox
        self._clock = clock
        self._recipients_weight_bps_min = recipients_weight_bps_min

    async def adopt_scheme(
        self,
        connection: Connection,
        origin: Origin,
        *,
        weights: Mapping[Dimension, int],
        bands: Bands,
        deduction_bps: Mapping[Grade, int],
        objection_working_days: int,
    ) -> Scheme:
        """Raises SchemeError."""
        scheme = adopt_scheme(
            version=await schemes.lock_next_version(connection),
            weights=weights,
            bands=bands,
            deduction_bps=deduction_bps,
            objection_working_days=objection_working_days,
            recipients_weight_bps_min=self._recipients_weight_bps_min,
        )
        await schemes.insert(
            connection, scheme, adopted_by=origin.actor.subject, adopted_at=self._clock.now()
        )
        return scheme

    async def score(
        self,
        connection: Connection,
        origin: Origin,
        target: EvaluationTarget,
        *,
        dimension: Dimension,
        points: int,
    ) -> Evaluated:
        """The first score or rating of a stage opens its evaluation."""
        before = await self._open(connection, origin, target)
        after = rules.score(
            before.contract,
            before.evaluation,
            before.scheme,
            dimension=dimension,
            points=points,
            actor=origin.actor,
        )
        await evaluations.save_score(connection, after, scorer=origin.actor.subject)
        return Evaluated(contract=before.contract, evaluation=after, scheme=before.scheme)

    async def rate(
        self,
        connection: Connection,
        origin: Origin,
        target: EvaluationTarget,
        *,
        ratings: Sequence[Rating],
    ) -> Evaluated:
        before = await self._open(connection, origin, target)
        after = rules.rate(before.contract, before.evaluation, ratings=ratings, actor=origin.actor)
        await evaluations.save_survey(connection, after, submitted_by=origin.actor.subject)
        return Evaluated(contract=before.contract, evaluation=after, scheme=before.scheme)

    async def publish(
        self,
        connection: Connection,
        origin: Origin,
        target: EvaluationTarget,
        *,
        evaluated_on: date,
        published_on: date | None,
    ) -> Evaluated:
        """Raises EvaluationNotFoundError, as do those that follow."""
        before = await _load(connection, target)
        contract, after, event = rules.publish(
            before.contract,
            before.evaluation,
            before.scheme,
            evaluated_on=evaluated_on,
            published_on=published_on,
            published_by=origin.actor.subject,
            today=self._clock.today(),
        )
        done = Evaluated(contract=contract, evaluation=after, scheme=before.scheme)
        return await self._save(connection, origin, done, event)

    async def amend(
        self, connection: Connection, origin: Origin, target: EvaluationTarget, *, reason: str
    ) -> Evaluated:
        """The reason is told when the amended version is published."""
        before = await _load(connection, target)
        after = rules.amend(before.contract, before.evaluation, reason=reason)
        await evaluations.insert(
            connection, after, opened_by=origin.actor.subject, opened_at=self._clock.now()
        )
        return Evaluated(contract=before.contract, evaluation=after, scheme=before.scheme)

    async def raise_objection(
        self, connection: Connection, origin: Origin, target: EvaluationTarget, *, grounds: str
    ) -> Evaluated:
        before = await _load(connection, target)
        contract, after, event = objection.raise_objection(
            before.contract,
            before.evaluation,
            grounds=grounds,
            objected_by=origin.actor.subject,
            today=self._clock.today(),
        )
        done = Evaluated(contract=contract, evaluation=after, scheme=before.scheme)
        return await self._save(connection, origin, done, event)

    async def accept_result(
        self, connection: Connection, origin: Origin, target: EvaluationTarget
    ) -> Evaluated:
        before = await _load(connection, target)
        contract, after, event = objection.accept_result(
            before.contract,
            before.evaluation,
            accepted_by=origin.actor.subject,
            today=self._clock.today(),
        )
        done = Evaluated(contract=contract, evaluation=after, scheme=before.scheme)
        return await self._save(connection, origin, done, event)

    async def decide_deduction(
        self,
        connection: Connection,
        origin: Origin,
        target: EvaluationTarget,
        *,
        deduction: Money,
        reason: str,
    ) -> Evaluated:
        before = await _load(connection, target)
        contract, after, event = objection.decide_deduction(
            before.contract,
            before.evaluation,
            deduction=deduction,
            reason=reason,
            decided_by=origin.actor.subject,
            today=self._clock.today(),
        )
        done = Evaluated(contract=contract, evaluation=after, scheme=before.scheme)
        return await self._save(connection, origin, done, event)

    async def _save(
        self,
        connection: Connection,
        origin: Origin,
        done: Evaluated,
        event: EvaluationEvent,
    ) -> Evaluated:
        await evaluations.save(connection, done.evaluation)
        await evaluations.save_version(connection, done.contract)
        await self._outbox.append(connection, event, origin)
        return done

    async def _open(
        self, connection: Connection, origin: Origin, target: EvaluationTarget
    ) -> Evaluated:
        """The latest version of the stage; the first one is opened by whoever scores first."""
        contract = await _lock_contract(connection, target)
        evaluation = await evaluations.find_latest(connection, target.contract_id, target.stage)
        if evaluation is None:
            evaluation = rules.open_evaluation(contract, target.stage)
            await evaluations.insert(
                connection, evaluation, opened_by=origin.actor.subject, opened_at=self._clock.now()
            )
        return await _checked(connection, target, contract, evaluation)


async def _load(connection: Connection, target: EvaluationTarget) -> Evaluated:
    contract = await _lock_contract(connection, target)
    evaluation = await evaluations.load_latest(connection, target.contract_id, target.stage)
    return await _checked(connection, target, contract, evaluation)


async def _lock_contract(connection: Connection, target: EvaluationTarget) -> Contract:
    contract = await contracts.load_for_update(connection, target.contract_id)
    access = target.access
    if access.principal.role == Role.AGENCY:
        access.require_own(contract.agency)
    else:
        access.require_own(contract.buyer)
        access.require_level(contract.payer_level)
    return contract


async def _checked(
    connection: Connection, target: EvaluationTarget, contract: Contract, evaluation: Evaluation
) -> Evaluated:
    check_version(evaluation.revision, expected=target.expected_revision)
    scheme = await schemes.read(connection, evaluation.scheme_version)
    return Evaluated(contract=contract, evaluation=evaluation, scheme=scheme)
