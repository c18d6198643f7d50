"""Who may read what in ledger-svc. A route without a row here is closed."""

from typing import Final

from fundmix_events.roles import Role
from fundmix_kit.operations import OPERATIONS_POLICY, QUARANTINE_POLICY
from fundmix_kit.policy import Policy, Rule, Scope

# A finance officer sees an agency's books with the grant to read the whole city only.
READERS: Final[Rule] = {
    Role.FINANCE_OFFICER: Scope.OWN,
    Role.AGENCY: Scope.OWN,
    Role.AUDITOR: Scope.ANY,
    Role.ADMIN: Scope.ANY,
}

POLICY: Final = Policy(
    {
        ("GET", "/v1/mix"): READERS,
        ("GET", "/v1/entries"): READERS,
        ("GET", "/v1/entries/{seq}"): READERS,
        ("GET", "/v1/balances"): READERS,
        ("GET", "/v1/period-balances"): READERS,
        ("GET", "/v1/exports/{format}"): READERS,
        ("GET", "/v1/todo"): {Role.ADMIN: Scope.ANY},
        **OPERATIONS_POLICY,
        **QUARANTINE_POLICY,
    }
)
