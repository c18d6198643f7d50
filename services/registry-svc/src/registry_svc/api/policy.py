"""Who may do what in registry-svc. A route without a row here is closed."""

from typing import Final

from fundmix_events.roles import Role
from fundmix_kit.operations import OPERATIONS_POLICY
from fundmix_kit.policy import Policy, Rule, Scope

# The register is public knowledge among those who work with it.
EVERYBODY: Final[Rule] = dict.fromkeys(Role, Scope.ANY)
REGISTRARS: Final[Rule] = {Role.FINANCE_OFFICER: Scope.ANY, Role.ADMIN: Scope.ANY}

POLICY: Final = Policy(
    {
        ("POST", "/v1/organisations"): REGISTRARS,
        ("GET", "/v1/organisations"): EVERYBODY,
        ("GET", "/v1/organisations/{code}"): EVERYBODY,
        ("PATCH", "/v1/organisations/{code}"): {**REGISTRARS, Role.AGENCY: Scope.OWN},
        **OPERATIONS_POLICY,
    }
)
