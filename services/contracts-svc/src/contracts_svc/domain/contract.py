"""A contract as it stands: paid and approved never pass its ceiling, and all parts sum to it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from fundmix_events.channel import Channel
from fundmix_events.contracts import (
    Condition,
    ContractLine,
    Recognition,
    Recovery,
    ScheduledInstalment,
    YearShare,
)
from fundmix_events.money import Currency, Money
from fundmix_events.registry import Level

from contracts_svc.domain.errors import (
    ContractClosedError,
    InstalmentNotFoundError,
    InstalmentStateError,
    LineNotFoundError,
    RecoveryNotFoundError,
)


class InstalmentState(StrEnum):
    SCHEDULED = "scheduled"
    APPROVED = "approved"
    PAID = "paid"
    CANCELLED = "cancelled"


class ContractState(StrEnum):
    """A draft is kept apart: it binds nobody. See `drafts`."""

    SIGNED = "signed"
    ACTIVE = "active"
    COMPLETED = "completed"
    TERMINATED = "terminated"


@dataclass(frozen=True, kw_only=True, slots=True)
class Instalment:
    number: int
    due_on: date
    amount: Money
    condition: Condition
    state: InstalmentState = InstalmentState.SCHEDULED
    deduction: Money
    invoice_number: str | None = None
    invoiced_on: date | None = None
    pay_by: date | None = None
    approved_by: str | None = None
    approved_on: date | None = None
    paid_by: str | None = None
    paid_on: date | None = None
    bank_reference: str | None = None
    confirmed_by: str | None = None
    arrived_on: date | None = None

    @property
    def payable(self) -> Money:
        return self.amount - self.deduction

    @property
    def is_cancelled(self) -> bool:
        return self.state is InstalmentState.CANCELLED

    @property
    def is_committed(self) -> bool:
        """Approved or paid: what cannot be promised again."""
        return self.state in (InstalmentState.APPROVED, InstalmentState.PAID)

    @property
    def is_paid(self) -> bool:
        return self.state is InstalmentState.PAID

    @property
    def agreed(self) -> ScheduledInstalment:
        return ScheduledInstalment(
            number=self.number, due_on=self.due_on, amount=self.amount, condition=self.condition
        )

    @classmethod
    def scheduled(cls, agreed: ScheduledInstalment) -> "Instalment":
        return cls(
            number=agreed.number,
            due_on=agreed.due_on,
            amount=agreed.amount,
            condition=agreed.condition,
            deduction=Money.of(0, agreed.amount.currency),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """What is bought, and how much of it was delivered and accepted."""

    agreed: ContractLine
    delivered: int = 0
    accepted: int = 0

    def __post_init__(self) -> None:
        assert 0 <= self.accepted <= self.delivered <= self.agreed.quantity, f"line {self.number}"

    @property
    def number(self) -> int:
        return self.agreed.number

    @property
    def earned_minor(self) -> int:
        """Rounded down: the last unit brings what is left, and never is more earned than agreed."""
        return self.agreed.amount.amount_minor * self.accepted // self.agreed.quantity


@dataclass(frozen=True, kw_only=True, slots=True)
class RecoveryClaim:
    """What the agency has to pay back, and whether it has."""

    agreed: Recovery
    received_on: date | None = None
    bank_reference: str | None = None

    @property
    def number(self) -> int:
        return self.agreed.number

    @property
    def is_received(self) -> bool:
        return self.received_on is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Contract:
    contract_id: UUID
    version: int
    number: str
    buyer: str
    agency: str
    channel: Channel
    payer_level: Level
    signed_on: date
    starts_on: date
    ends_on: date
    terminated_on: date | None = None
    ceiling: Money
    original_ceiling: Money
    # All that amendments have added, without what they took off: the law limits the sum.
    supplemented: Money
    scheme_version: int
    has_deduction_clause: bool
    amendment_count: int = 0
    delivery_count: int = 0
    acceptance_count: int = 0
    instalments: tuple[Instalment, ...]
    lines: tuple[Line, ...]
    years: tuple[YearShare, ...]
    recoveries: tuple[RecoveryClaim, ...] = ()

    def __post_init__(self) -> None:
        whole = self.ceiling.amount_minor
        scheduled = self.scheduled.amount_minor
        assert scheduled == whole, f"{self.number}: instalments do not sum to ceiling"
        assert self.committed.amount_minor <= whole, f"{self.number}: overdrawn"
        if not self.is_terminated:
            agreed = sum(line.agreed.amount.amount_minor for line in self.lines)
            assert agreed == whole, f"{self.number}: lines do not sum to ceiling"
            shares = sum(share.amount.amount_minor for share in self.years)
            assert shares == whole, f"{self.number}: years do not sum to ceiling"

    @property
    def scheduled(self) -> Money:
        """All instalments there are, less what is to be paid back."""
        instalments = sum_of(i.amount for i in self.instalments if not i.is_cancelled)
        return instalments - self.to_recover

    @property
    def to_recover(self) -> Money:
        return sum_of(r.agreed.amount for r in self.recoveries)

    @property
    def committed(self) -> Money:
        """Approved or paid, less what is to be paid back."""
        return sum_of(i.payable for i in self.instalments if i.is_committed) - self.to_recover

    @property
    def paid_ever(self) -> Money:
        return sum_of(i.payable for i in self.instalments if i.is_paid)

    @property
    def paid(self) -> Money:
        """What the agency has had and not paid back."""
        return self.paid_ever - sum_of(r.agreed.amount for r in self.recoveries if r.is_received)

    @property
    def promised(self) -> Money:
        """Instalments that are not paid yet."""
        return sum_of(i.amount for i in self.instalments if not i.is_cancelled and not i.is_paid)

    @property
    def deducted(self) -> Money:
        return sum_of(i.deduction for i in self.instalments if i.is_committed)

    @property
    def recognised(self) -> Money:
        """What the agency has earned: the price of what was accepted, less what was deducted.

        A termination settles everything: from then on the agency has earned what is due to it.
        """
        due_minor = self.ceiling.amount_minor - self.deducted.amount_minor
        if self.is_terminated:
            return Money.of(due_minor, self.ceiling.currency)
        earned_minor = sum(line.earned_minor for line in self.lines)
        return Money.of(min(earned_minor, due_minor), self.ceiling.currency)

    @property
    def receivable(self) -> Money:
        return at_least_nothing(self.recognised - self.paid)

    @property
    def advance_received(self) -> Money:
        return at_least_nothing(self.paid - self.recognised)

    @property
    def is_terminated(self) -> bool:
        return self.terminated_on is not None

    @property
    def is_settled(self) -> bool:
        """Nothing is to be paid any more, in either direction."""
        is_paid = all(i.is_paid or i.is_cancelled for i in self.instalments)
        return is_paid and all(r.is_received for r in self.recoveries)

    def state(self, *, today: date) -> ContractState:
        if self.is_terminated:
            return ContractState.TERMINATED
        if self.is_settled:
            return ContractState.COMPLETED
        return ContractState.ACTIVE if today >= self.starts_on else ContractState.SIGNED

    def instalment(self, number: int) -> Instalment:
        """Raises InstalmentNotFoundError."""
        for instalment in self.instalments:
            if instalment.number == number:
                return instalment
        raise InstalmentNotFoundError(f"contract {self.number} has no instalment {number}")

    def final_instalment(self) -> Instalment | None:
        """The one that the final evaluation decides about; no contract has two."""
        finals = (i for i in self.instalments if i.condition is Condition.FINAL)
        return next((i for i in finals if not i.is_cancelled), None)

    def line(self, number: int) -> Line:
        """Raises LineNotFoundError."""
        for line in self.lines:
            if line.number == number:
                return line
        raise LineNotFoundError(
            f"contract {self.number} has no line {number}", pointer="/line_number"
        )

    def recovery(self, number: int) -> RecoveryClaim:
        """Raises RecoveryNotFoundError."""
        for recovery in self.recoveries:
            if recovery.number == number:
                return recovery
        raise RecoveryNotFoundError(f"contract {self.number} has no recovery {number}")


def changed(contract: Contract, **changes: Any) -> Contract:
    return replace(contract, version=contract.version + 1, **changes)


def with_instalment(contract: Contract, instalment: Instalment) -> Contract:
    instalments = tuple(
        instalment if i.number == instalment.number else i for i in contract.instalments
    )
    return changed(contract, instalments=instalments)


def require_state(contract: Contract, instalment: Instalment, wanted: InstalmentState) -> None:
    """Raises InstalmentStateError."""
    if instalment.state is not wanted:
        raise InstalmentStateError(
            f"instalment {instalment.number} of {contract.number} is {instalment.state},"
            f" not {wanted}"
        )


def require_in_force(contract: Contract) -> None:
    """Raises ContractClosedError."""
    if contract.is_terminated:
        raise ContractClosedError(
            f"contract {contract.number} was terminated on {contract.terminated_on}"
        )


def recognition(before: Contract, after: Contract) -> Recognition:
    return Recognition(
        income=after.recognised - before.recognised,
        receivable=after.receivable - before.receivable,
        advance_received=after.advance_received - before.advance_received,
    )


def identity(contract: Contract) -> dict[str, Any]:
    """What every event of a contract states."""
    return {
        "aggregate_version": contract.version,
        "contract_id": contract.contract_id,
        "contract_number": contract.number,
        "buyer": contract.buyer,
        "agency": contract.agency,
        "channel": contract.channel,
    }


def sum_of(amounts: Iterable[Money]) -> Money:
    """Of plain numbers: on its way a sum may be more than an amount can be."""
    return Money.of(sum(amount.amount_minor for amount in amounts), Currency.CNY)


def at_least_nothing(money: Money) -> Money:
    return money if money.amount_minor > 0 else Money.of(0, money.currency)
