"""The clocks that the law sets running, and what stops them."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from fundmix_events.obligations import ObligationKind, ObligationMet, ObligationOverdue

from contracts_svc.domain.contract import Contract, changed, identity
from contracts_svc.domain.errors import FutureDateError, ObligationMetError, ObligationNotFoundError
from contracts_svc.domain.working_days import working_days_after

# Regulation for the Implementation of the Government Procurement Law, article 50: a contract is
# published within two working days; and so is what changes it.
PUBLISH_WORKING_DAYS: Final = 2
# Government Procurement Law, article 47: a copy is filed within seven working days.
FILE_WORKING_DAYS: Final = 7
# The Regulation, article 45, has the result of an acceptance published and names no day: the same
# two working days are ours.
PUBLISH_ACCEPTANCE_WORKING_DAYS: Final = 2

# What is met by saying so. An instalment is paid and a recovery received, which meets theirs.
DECLARED: Final = frozenset(
    {
        ObligationKind.PUBLISH_CONTRACT,
        ObligationKind.FILE_CONTRACT,
        ObligationKind.PUBLISH_AMENDMENT,
        ObligationKind.PUBLISH_ACCEPTANCE,
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Obligation:
    """`arose_on` is the day that set the clock running."""

    kind: ObligationKind
    reference: int
    arose_on: date
    due_on: date
    met_on: date | None

    def is_overdue(self, *, today: date) -> bool:
        return self.met_on is None and self.due_on < today

    @property
    def is_late(self) -> bool:
        """Met, and after its day."""
        return self.met_on is not None and self.met_on > self.due_on


def publish_by(day: date) -> date:
    return working_days_after(day, PUBLISH_WORKING_DAYS)


def file_by(day: date) -> date:
    return working_days_after(day, FILE_WORKING_DAYS)


def publish_acceptance_by(day: date) -> date:
    return working_days_after(day, PUBLISH_ACCEPTANCE_WORKING_DAYS)


def meet_obligation(
    contract: Contract, obligation: Obligation, *, met_on: date, today: date
) -> tuple[Contract, Obligation, ObligationMet]:
    """Raises ObligationMetError, ObligationNotFoundError, FutureDateError."""
    if obligation.kind not in DECLARED:
        raise ObligationNotFoundError(
            f"{obligation.kind} is met by the payment itself", pointer="/kind"
        )
    if obligation.met_on is not None:
        raise ObligationMetError(f"this was done on {obligation.met_on}")
    if met_on > today:
        raise FutureDateError(f"{met_on} is not yet", pointer="/met_on")
    if met_on < obligation.arose_on:
        raise ObligationMetError(
            f"there was nothing to do before {obligation.arose_on}", pointer="/met_on"
        )
    after = changed(contract)
    event = ObligationMet(
        **identity(after),
        kind=obligation.kind,
        reference=obligation.reference,
        due_on=obligation.due_on,
        met_on=met_on,
    )
    return after, replace(obligation, met_on=met_on), event


def announce_overdue(
    contract: Contract, obligation: Obligation
) -> tuple[Contract, ObligationOverdue]:
    after = changed(contract)
    return after, ObligationOverdue(
        **identity(after),
        kind=obligation.kind,
        reference=obligation.reference,
        due_on=obligation.due_on,
    )
