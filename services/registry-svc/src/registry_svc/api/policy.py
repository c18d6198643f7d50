"""Who may do what in registry-svc. A route without a row here is closed."""

from typing import Final

from fundmix_events.roles import Role
from fundmix_kit.operations import OPERATIONS_POLICY
from fundmix_kit.policy import PUBLIC, Policy, Rule, Scope

# The register is public knowledge among those who work with it.
EVERYBODY: Final[Rule] = dict.fromkeys(Role, Scope.ANY)
REGISTRARS: Final[Rule] = {Role.FINANCE_OFFICER: Scope.ANY, Role.ADMIN: Scope.ANY}
CONCERNED: Final[Rule] = {**REGISTRARS, Role.AGENCY: Scope.OWN}
# How an entry came about: for those who answer for it, and for who checks them.
READERS: Final[Rule] = {**CONCERNED, Role.AUDITOR: Scope.ANY}

POLICY: Final = Policy(
    {
        ("POST", "/v1/organisations"): REGISTRARS,
        ("POST", "/v1/organisations/import"): REGISTRARS,
        ("GET", "/v1/organisations"): EVERYBODY,
        ("GET", "/v1/organisations/{code}"): EVERYBODY,
        ("PATCH", "/v1/organisations/{code}"): CONCERNED,
        ("GET", "/v1/organisations/{code}/history"): READERS,
        ("POST", "/v1/organisations/{code}/change-requests"): CONCERNED,
        ("GET", "/v1/change-requests"): READERS,
        ("GET", "/v1/change-requests/{request_id}"): READERS,
        ("POST", "/v1/change-requests/{request_id}/approve"): REGISTRARS,
        ("POST", "/v1/change-requests/{request_id}/reject"): REGISTRARS,
        ("GET", "/v1/todo"): REGISTRARS,
        ("POST", "/v1/organisations/{code}/suspend"): REGISTRARS,
        ("POST", "/v1/organisations/{code}/reinstate"): REGISTRARS,
        ("POST", "/v1/organisations/{code}/abnormal-listings"): REGISTRARS,
        ("POST", "/v1/organisations/{code}/abnormal-listings/remove"): REGISTRARS,
        ("POST", "/v1/organisations/{code}/charity-status"): REGISTRARS,
        ("POST", "/v1/organisations/{code}/tax-qualifications"): REGISTRARS,
        ("POST", "/v1/organisations/{code}/tax-qualifications/withdraw"): REGISTRARS,
        ("GET", "/v1/public/organisations"): PUBLIC,
        ("GET", "/v1/public/organisations/{code}"): PUBLIC,
        **OPERATIONS_POLICY,
    }
)
