"""What contracts-svc does when asked: each function inside one transaction of its caller."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date
from typing import Final
from uuid import UUID

from fundmix_events.contracts import Condition, ContractEvent, ContractSigned
from fundmix_events.evaluations import Stage
from fundmix_events.money import Money
from fundmix_events.registry import Organisation
from fundmix_kit.clock import Clock
from fundmix_kit.database import Connection
from fundmix_kit.etag import check_version
from fundmix_kit.ids import uuid7
from fundmix_kit.origin import Origin
from fundmix_kit.outbox import Outbox
from fundmix_kit.policy import Access

from contracts_svc.domain import amending, delivery, paying
from contracts_svc.domain import signing as rules
from contracts_svc.domain.amending import Amendment, Termination
from contracts_svc.domain.contract import Contract
from contracts_svc.domain.delivery import Acceptance, Delivery
from contracts_svc.domain.errors import (
    ContractNumberTakenError,
    ContractsError,
    UnknownOrganisationError,
)
from contracts_svc.domain.paying import Verdict
from contracts_svc.domain.signing import Terms
from contracts_svc.storage import contract_records, contracts, evaluations, organisations

STAGE_BY_CONDITION: Final = {Condition.MIDTERM: Stage.MIDTERM, Condition.FINAL: Stage.FINAL}


Signed = tuple[Contract, Organisation]
"""The contract, and its agency as the register knows it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Signing:
    """What is to be signed, and by whom; the contract takes the id of its draft, if it had one."""

    terms: Terms
    buyer: str
    agency: str
    contract_id: UUID | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """The contract a command is about, who asks, and the version that was seen before."""

    contract_id: UUID
    access: Access
    expected_version: int | None


class Commands:
    """The commands, with what they all need.

    All raise ContractNotFoundError, ForeignRowError and VersionMismatchError, and what the rules of
    the domain refuse.
    """

    def __init__(self, *, outbox: Outbox, clock: Clock) -> None:
        self._outbox = outbox
        self._clock = clock

    async def sign_contract(
        self, connection: Connection, origin: Origin, signing: Signing
    ) -> Signed:
        """Raises UnknownOrganisationError, ContractNumberTakenError, and the domain's refusals."""
        [outcome] = await self.sign_contracts(connection, [(origin, signing)])
        if isinstance(outcome, ContractsError):
            raise outcome
        return outcome

    async def sign_contracts(
        self, connection: Connection, signings: Sequence[tuple[Origin, Signing]]
    ) -> Sequence[Signed | ContractsError]:
        """All that may be signed, by one statement of each kind; of the others why they may not.

        The scheme of evaluation is the one in force.
        """
        codes = {code for _, signing in signings for code in (signing.buyer, signing.agency)}
        parties, scheme_version = await organisations.read_for_signing(connection, sorted(codes))
        today, now = self._clock.today(), self._clock.now()
        outcomes: list[Signed | ContractsError] = []
        written: list[tuple[Contract, Terms]] = []
        events: list[tuple[ContractSigned, Origin]] = []
        for origin, signing in signings:
            try:
                terms = signing.terms
                if terms.scheme_version != scheme_version:
                    terms = replace(terms, scheme_version=scheme_version)
                agency = _party(parties, signing.agency, pointer="/agency")
                contract, event = rules.sign_contract(
                    terms,
                    contract_id=signing.contract_id or uuid7(),
                    buyer=_party(parties, signing.buyer, pointer="/buyer"),
                    agency=agency,
                    today=today,
                )
            except ContractsError as refusal:
                outcomes.append(refusal)
                continue
            outcomes.append((contract, agency))
            written.append((contract, terms))
            events.append((event, origin))
        new = await contracts.insert_all(connection, written, recorded_at=now)
        await self._outbox.append_all(
            connection, [(event, of) for event, of in events if event.contract_id in new]
        )
        return [_unless_taken(outcome, new) for outcome in outcomes]

    async def amend_contract(
        self, connection: Connection, origin: Origin, target: Target, amendment: Amendment
    ) -> Contract:
        before = await of_buyer(connection, target)
        after, event = amending.amend_contract(before, amendment, today=self._clock.today())
        await self._save(connection, origin, before, after, event)
        await contract_records.add_amendment(
            connection,
            event,
            recorded_by=origin.actor.subject,
            recorded_at=self._clock.now(),
        )
        return after

    async def terminate_contract(
        self, connection: Connection, origin: Origin, target: Target, termination: Termination
    ) -> Contract:
        before = await of_buyer(connection, target)
        after, event = amending.terminate_contract(
            before,
            termination,
            worked_until=await contract_records.last_worked_on(connection, before.contract_id),
            today=self._clock.today(),
        )
        await contracts.save(connection, before, after, termination_reason=termination.reason)
        await self._outbox.append(connection, event, origin)
        return after

    async def report_delivery(
        self, connection: Connection, origin: Origin, target: Target, reported: Delivery
    ) -> Contract:
        before = await of_agency(connection, target)
        after, event = delivery.report_delivery(before, reported, today=self._clock.today())
        await self._save(connection, origin, before, after, event)
        await contract_records.add_delivery(
            connection,
            after.contract_id,
            reported,
            number=event.delivery_number,
            recorded_by=origin.actor.subject,
            recorded_at=self._clock.now(),
        )
        return after

    async def accept_delivery(
        self, connection: Connection, origin: Origin, target: Target, acceptance: Acceptance
    ) -> Contract:
        before = await of_buyer(connection, target)
        after, event = delivery.accept_delivery(
            before,
            acceptance,
            delivered_by_then=await contract_records.count_delivered(
                connection,
                before.contract_id,
                line_number=acceptance.line_number,
                until=acceptance.accepted_on,
            ),
            today=self._clock.today(),
        )
        await self._save(connection, origin, before, after, event)
        await contract_records.add_acceptance(
            connection,
            after.contract_id,
            acceptance,
            number=event.acceptance_number,
            recorded_by=origin.actor.subject,
            recorded_at=self._clock.now(),
        )
        return after

    async def record_invoice(
        self,
        connection: Connection,
        origin: Origin,
        target: Target,
        *,
        instalment_number: int,
        invoice_number: str,
        invoiced_on: date,
    ) -> Contract:
        before = await of_agency(connection, target)
        after, event = paying.record_invoice(
            before,
            instalment_number=instalment_number,
            invoice_number=invoice_number,
            invoiced_on=invoiced_on,
            today=self._clock.today(),
        )
        return await self._save(connection, origin, before, after, event)

    async def approve_instalment(
        self,
        connection: Connection,
        origin: Origin,
        target: Target,
        *,
        instalment_number: int,
        expected: Money | None,
    ) -> Contract:
        before = await of_buyer(connection, target)
        verdict = await self._verdict(connection, before, instalment_number)
        after, event = paying.approve_instalment(
            before,
            instalment_number=instalment_number,
            verdict=verdict,
            approved_by=origin.actor.subject,
            approved_on=self._clock.today(),
            expected=expected,
        )
        return await self._save(connection, origin, before, after, event)

    async def pay_instalment(
        self,
        connection: Connection,
        origin: Origin,
        target: Target,
        *,
        instalment_number: int,
        amount: Money,
        paid_on: date,
        bank_reference: str,
    ) -> Contract:
        """Raises BankReferenceUsedError."""
        before = await of_buyer(connection, target)
        after, event = paying.pay_instalment(
            before,
            instalment_number=instalment_number,
            amount=amount,
            paid_on=paid_on,
            bank_reference=bank_reference,
            paid_by=origin.actor.subject,
            today=self._clock.today(),
        )
        return await self._save(connection, origin, before, after, event)

    async def confirm_payment(
        self,
        connection: Connection,
        origin: Origin,
        target: Target,
        *,
        instalment_number: int,
        arrived_on: date,
    ) -> Contract:
        before = await of_agency(connection, target)
        after, event = paying.confirm_payment(
            before,
            instalment_number=instalment_number,
            arrived_on=arrived_on,
            confirmed_by=origin.actor.subject,
            today=self._clock.today(),
        )
        return await self._save(connection, origin, before, after, event)

    async def reverse_payment(
        self,
        connection: Connection,
        origin: Origin,
        target: Target,
        *,
        instalment_number: int,
        reason: str,
    ) -> Contract:
        before = await of_buyer(connection, target)
        after, event = paying.reverse_payment(
            before,
            instalment_number=instalment_number,
            reason=reason,
            reversed_by=origin.actor.subject,
            reversed_on=self._clock.today(),
        )
        await self._save(connection, origin, before, after, event)
        paid_by = before.instalment(instalment_number).paid_by
        assert paid_by is not None, "only what somebody paid is reversed"
        await contract_records.add_reversal(
            connection, event, paid_by=paid_by, reversed_by=origin.actor.subject
        )
        return after

    async def receive_recovery(
        self,
        connection: Connection,
        origin: Origin,
        target: Target,
        *,
        recovery_number: int,
        amount: Money,
        received_on: date,
        bank_reference: str,
    ) -> Contract:
        before = await of_buyer(connection, target)
        after, event = paying.receive_recovery(
            before,
            recovery_number=recovery_number,
            amount=amount,
            received_on=received_on,
            bank_reference=bank_reference,
            today=self._clock.today(),
        )
        return await self._save(connection, origin, before, after, event)

    async def _verdict(
        self, connection: Connection, contract: Contract, instalment_number: int
    ) -> Verdict | None:
        """What the evaluation that the instalment waits for has decided; None without one."""
        stage = STAGE_BY_CONDITION.get(contract.instalment(instalment_number).condition)
        if stage is None:
            return None
        outcome = await evaluations.read_outcome(
            connection, contract.contract_id, stage, self._clock.today()
        )
        return outcome and Verdict(deduction=outcome.deduction, is_open=outcome.is_open)

    async def _save(
        self,
        connection: Connection,
        origin: Origin,
        before: Contract,
        after: Contract,
        event: ContractEvent,
    ) -> Contract:
        await contracts.save(connection, before, after)
        await self._outbox.append(connection, event, origin)
        return after


async def of_buyer(connection: Connection, target: Target) -> Contract:
    """An officer's: of the buyer, and of the level that pays."""
    contract = await contracts.load_for_update(connection, target.contract_id)
    target.access.require_own(contract.buyer)
    target.access.require_level(contract.payer_level)
    check_version(contract.version, expected=target.expected_version)
    return contract


async def of_agency(connection: Connection, target: Target) -> Contract:
    contract = await contracts.load_for_update(connection, target.contract_id)
    target.access.require_own(contract.agency)
    check_version(contract.version, expected=target.expected_version)
    return contract


def _unless_taken(
    outcome: Signed | ContractsError, new: AbstractSet[UUID]
) -> Signed | ContractsError:
    if isinstance(outcome, ContractsError) or outcome[0].contract_id in new:
        return outcome
    number = outcome[0].number
    return ContractNumberTakenError(f"there is a contract {number} already", pointer="/number")


def _party(parties: dict[str, Organisation], code: str, *, pointer: str) -> Organisation:
    if code not in parties:
        raise UnknownOrganisationError(f"{code} is not in the register", pointer=pointer)
    return parties[code]
