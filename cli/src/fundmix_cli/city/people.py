"""The persons who act when a city is loaded: as many as the rules ask for, each with a name."""

from typing import Final

from fundmix_events import registry
from fundmix_events.roles import Role

from fundmix_cli.claims import Claims, Level

REGISTRAR: Final = Claims(role=Role.FINANCE_OFFICER, subject="loading-registrar", level=Level.CITY)


def approver(buyer: str, level: registry.Level) -> Claims:
    return _officer("approver", buyer, level)


def payer(buyer: str, level: registry.Level) -> Claims:
    """Somebody else than the approver: nobody pays what he approved himself."""
    return _officer("payer", buyer, level)


def treasurer(agency: str) -> Claims:
    return Claims(role=Role.AGENCY, org=agency, subject=f"treasurer@{agency}")


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
