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

# The limits are policy: an officer sets and reads them, the figures behind them are the agencies'.
GOAL_SETTERS: Final[Rule] = {Role.FINANCE_OFFICER: Scope.ANY, Role.ADMIN: Scope.ANY}
GOAL_READERS: Final[Rule] = {**READERS, Role.FINANCE_OFFICER: Scope.ANY}

POLICY: Final = Policy(
    {
        ("GET", "/v1/mix"): READERS,
        ("GET", "/v1/entries"): READERS,
        ("GET", "/v1/entries/{seq}"): READERS,
        ("GET", "/v1/balances"): READERS,
        ("GET", "/v1/period-balances"): READERS,
        ("POST", "/v1/goals"): GOAL_SETTERS,
        ("POST", "/v1/goals/{goal_id}/versions"): GOAL_SETTERS,
        ("GET", "/v1/goals"): GOAL_READERS,
        ("GET", "/v1/goals/{goal_id}"): GOAL_READERS,
        ("GET", "/v1/goals/{goal_id}/reading"): READERS,
        ("GET", "/v1/reading"): READERS,
        ("GET", "/v1/ranking"): READERS,
        ("GET", "/v1/expiry-cliff"): READERS,
        ("GET", "/v1/procurement-growth"): READERS,
        ("GET", "/v1/todo"): {Role.ADMIN: Scope.ANY},
        **OPERATIONS_POLICY,
        **QUARANTINE_POLICY,
    }
)
