"""Who may do what in contracts-svc. A route without a row here is closed."""

from typing import Final

from fundmix_events.roles import Role
from fundmix_kit.operations import OPERATIONS_POLICY, QUARANTINE_POLICY
from fundmix_kit.policy import Policy, Rule, Scope

READERS: Final[Rule] = {
    Role.FINANCE_OFFICER: Scope.OWN,
    Role.AGENCY: Scope.OWN,
    Role.AUDITOR: Scope.ANY,
    Role.ADMIN: Scope.ANY,
}
OFFICERS: Final[Rule] = {Role.FINANCE_OFFICER: Scope.OWN}

POLICY: Final = Policy(
    {
        ("POST", "/v1/contracts"): OFFICERS,
        ("GET", "/v1/contracts"): READERS,
        ("GET", "/v1/contracts/{contract_id}"): READERS,
        ("POST", "/v1/contracts/{contract_id}/instalments/{number}/approve"): OFFICERS,
        ("POST", "/v1/contracts/{contract_id}/instalments/{number}/pay"): OFFICERS,
        ("GET", "/v1/todo"): OFFICERS,
        **OPERATIONS_POLICY,
        **QUARANTINE_POLICY,
    }
)
