"""What the agency has done of each line, and what of it the buyer accepts as done."""

from dataclasses import dataclass, replace
from datetime import date

from fundmix_events.contracts import DeliveryAccepted, DeliveryReported

from contracts_svc.domain.contract import (
    Contract,
    Line,
    changed,
    identity,
    recognition,
    require_in_force,
)
from contracts_svc.domain.errors import DeliveryError, FutureDateError


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """`attendance` counts the people who came, where people came together."""

    line_number: int
    quantity: int
    delivered_on: date
    place: str
    attendance: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Acceptance:
    """`responses` of the `sample_size` people served who were asked among those invited."""

    line_number: int
    quantity: int
    accepted_on: date
    recipients_invited: int
    sample_size: int
    responses: int


def report_delivery(
    contract: Contract, delivery: Delivery, *, today: date
) -> tuple[Contract, DeliveryReported]:
    """Raises LineNotFoundError, DeliveryError, ContractClosedError, FutureDateError."""
    require_in_force(contract)
    line = contract.line(delivery.line_number)
    if delivery.delivered_on > today:
        raise FutureDateError(f"{delivery.delivered_on} is not yet", pointer="/delivered_on")
    if delivery.delivered_on < contract.signed_on:
        raise DeliveryError("nothing is delivered before signing", pointer="/delivered_on")
    delivered = line.delivered + delivery.quantity
    if delivered > line.agreed.quantity:
        raise DeliveryError(
            f"{delivery.quantity} are too many: of {line.agreed.quantity} agreed"
            f" {line.delivered} were delivered before",
            pointer="/quantity",
        )
    after = _with_line(
        contract,
        replace(line, delivered=delivered),
        delivery_count=contract.delivery_count + 1,
    )
    return after, DeliveryReported(
        **identity(after),
        delivery_number=after.delivery_count,
        line_number=delivery.line_number,
        quantity=delivery.quantity,
        delivered_on=delivery.delivered_on,
        place=delivery.place,
        attendance=delivery.attendance,
    )


def accept_delivery(
    contract: Contract, acceptance: Acceptance, *, delivered_by_then: int, today: date
) -> tuple[Contract, DeliveryAccepted]:
    """`delivered_by_then`: of the line, up to the day of the acceptance.

    Raises LineNotFoundError, DeliveryError, ContractClosedError, FutureDateError.
    """
    require_in_force(contract)
    line = contract.line(acceptance.line_number)
    if acceptance.accepted_on > today:
        raise FutureDateError(f"{acceptance.accepted_on} is not yet", pointer="/accepted_on")
    if acceptance.accepted_on < contract.signed_on:
        raise DeliveryError("nothing is accepted before signing", pointer="/accepted_on")
    _check_sample(acceptance)
    accepted = line.accepted + acceptance.quantity
    if accepted > line.delivered:
        raise DeliveryError(
            f"{acceptance.quantity} are too many: of {line.delivered} delivered"
            f" {line.accepted} were accepted before",
            pointer="/quantity",
        )
    if accepted > delivered_by_then:
        raise DeliveryError(
            f"until {acceptance.accepted_on} only {delivered_by_then} were delivered",
            pointer="/accepted_on",
        )
    after = _with_line(
        contract,
        replace(line, accepted=accepted),
        acceptance_count=contract.acceptance_count + 1,
    )
    return after, DeliveryAccepted(
        **identity(after),
        acceptance_number=after.acceptance_count,
        line_number=acceptance.line_number,
        quantity=acceptance.quantity,
        accepted_on=acceptance.accepted_on,
        recipients_invited=acceptance.recipients_invited,
        sample_size=acceptance.sample_size,
        responses=acceptance.responses,
        recognition=recognition(contract, after),
    )


def _check_sample(acceptance: Acceptance) -> None:
    if acceptance.sample_size > acceptance.recipients_invited:
        raise DeliveryError("more were asked than were invited", pointer="/sample_size")
    if acceptance.responses > acceptance.sample_size:
        raise DeliveryError("more have answered than were asked", pointer="/responses")


def _with_line(contract: Contract, line: Line, **counts: int) -> Contract:
    lines = tuple(line if other.number == line.number else other for other in contract.lines)
    return changed(contract, lines=lines, **counts)
