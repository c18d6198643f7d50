"""Who may say what has reached an agency: its treasurer, or somebody else who says why."""

from fundmix_events.roles import Role
from fundmix_kit.policy import Access

from donations_svc.domain.errors import DelegationError


def check_receiver(access: Access, *agencies: str, delegation: str | None) -> None:
    """Raises ForeignRowError, DelegationError."""
    for agency in agencies:
        access.require_own(agency)
    is_agency = access.principal.role == Role.AGENCY
    if is_agency and delegation is not None:
        raise DelegationError("an agency records for itself", pointer="/delegation")
    if not is_agency and delegation is None:
        raise DelegationError("who records for an agency says why", pointer="/delegation")
