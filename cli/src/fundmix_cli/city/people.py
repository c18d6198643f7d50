"""The persons who act when a city is loaded: as many as the rules ask for, each with a name."""

from typing import Final

from fundmix_events import registry
from fundmix_events.roles import Role

from fundmix_cli.claims import Claims, Level

EVALUATOR: Final = Claims(role=Role.EVALUATOR, subject="loading-evaluator")
REGISTRAR: Final = Claims(role=Role.FINANCE_OFFICER, subject="loading-registrar", level=Level.CITY)


def approver(buyer: str, level: registry.Level) -> Claims:
    return _officer("approver", buyer, level)


def payer(buyer: str, level: registry.Level) -> Claims:
    """Somebody else than the approver: nobody pays what he approved himself."""
    return _officer("payer", buyer, level)


def supervisor(buyer: str, level: registry.Level) -> Claims:
    """Scores for the buyer, counts what the people served say, publishes, accepts deliveries."""
    return _officer("supervisor", buyer, level)


def manager(agency: str) -> Claims:
    """Reports what was done, and answers for it."""
    return Claims(role=Role.AGENCY, org=agency, subject=f"manager@{agency}")


def treasurer(agency: str) -> Claims:
    return Claims(role=Role.AGENCY, org=agency, subject=f"treasurer@{agency}")


def accountant(agency: str) -> Claims:
    """Reviews what the treasurer has prepared: nobody reviews what is his own."""
    return Claims(role=Role.AGENCY, org=agency, subject=f"accountant@{agency}")


def pledger(donor: str | None, *, agency: str) -> Claims:
    """An organisation pledges for itself; for a person the agency writes it down."""
    if donor is None:
        return treasurer(agency)
    return Claims(role=Role.DONOR, org=donor, subject=f"donor@{donor}")


def _officer(task: str, buyer: str, level: registry.Level) -> Claims:
    return Claims(
        role=Role.FINANCE_OFFICER,
        org=buyer,
        level=Level(level.value),
        subject=f"{task}@{buyer}",
    )
