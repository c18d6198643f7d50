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

# Two persons of the agency itself: one prepares, another reviews.
KEEPERS: Final[Rule] = {Role.AGENCY: Scope.OWN}
# What other services set aside: also for an officer who undoes an import of the city.
HOLDERS: Final[Rule] = {**KEEPERS, Role.FINANCE_OFFICER: Scope.ANY}
# Closing is for the books of the whole city.
CLOSERS: Final[Rule] = {Role.FINANCE_OFFICER: Scope.ANY, Role.ADMIN: Scope.ANY}
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
        ("POST", "/v1/expenditures"): KEEPERS,
        ("POST", "/v1/income"): KEEPERS,
        ("POST", "/v1/manual-entries"): KEEPERS,
        ("POST", "/v1/opening-balances"): KEEPERS,
        ("POST", "/v1/reversals"): KEEPERS,
        ("GET", "/v1/requests"): READERS,
        ("GET", "/v1/requests/{request_id}"): READERS,
        ("POST", "/v1/requests/{request_id}/approve"): KEEPERS,
        ("POST", "/v1/requests/{request_id}/reject"): KEEPERS,
        ("POST", "/v1/requests/{request_id}/withdraw"): KEEPERS,
        ("POST", "/v1/batches/{batch_id}/approve"): KEEPERS,
        ("POST", "/v1/batches/{batch_id}/reject"): KEEPERS,
        ("POST", "/v1/batches/{batch_id}/withdraw"): KEEPERS,
        ("POST", "/v1/closes"): CLOSERS,
        ("GET", "/v1/closes"): {**CLOSERS, Role.AUDITOR: Scope.ANY},
        ("POST", "/v1/closes/{request_id}/approve"): CLOSERS,
        ("POST", "/v1/closes/{request_id}/reject"): CLOSERS,
        ("POST", "/v1/closes/{request_id}/withdraw"): CLOSERS,
        ("GET", "/v1/funds"): READERS,
        ("GET", "/v1/lots"): READERS,
        ("GET", "/v1/gifts"): {**READERS, Role.DONOR: Scope.OWN},
        ("GET", "/v1/gift-totals"): {**READERS, Role.DONOR: Scope.OWN},
        ("GET", "/v1/advances"): READERS,
        ("GET", "/v1/spending-limits"): READERS,
        ("POST", "/v1/imports"): KEEPERS,
        ("PUT", "/v1/import-mappings"): KEEPERS,
        ("GET", "/v1/import-mappings"): READERS,
        ("GET", "/v1/holds"): READERS,
        ("POST", "/v1/holds"): HOLDERS,
        ("POST", "/v1/holds/release"): HOLDERS,
        ("PUT", "/v1/holds/{hold_id}"): KEEPERS,
        ("GET", "/v1/holds/{hold_id}"): READERS,
        ("POST", "/v1/holds/{hold_id}/release"): KEEPERS,
        ("GET", "/v1/todo"): {
            Role.AGENCY: Scope.OWN,
            Role.FINANCE_OFFICER: Scope.ANY,
            Role.ADMIN: Scope.ANY,
        },
        ("GET", "/v1/exports/{format}"): READERS,
        ("GET", "/v1/trial-balance"): READERS,
        ("GET", "/v1/accounts/{account_id}/entries"): READERS,
        ("GET", "/v1/cut-off"): READERS,
        ("GET", "/v1/statements/balance-sheet"): READERS,
        ("GET", "/v1/statements/activities"): READERS,
        ("GET", "/v1/flow"): READERS,
        ("GET", "/v1/why"): READERS,
        ("GET", "/v1/lot-movements"): READERS,
        ("POST", "/v1/goals"): GOAL_SETTERS,
        ("POST", "/v1/goals/{goal_id}/versions"): GOAL_SETTERS,
        ("GET", "/v1/goals"): GOAL_READERS,
        ("GET", "/v1/goals/{goal_id}"): GOAL_READERS,
        ("GET", "/v1/goals/{goal_id}/reading"): READERS,
        ("GET", "/v1/reading"): READERS,
        ("GET", "/v1/ranking"): READERS,
        ("GET", "/v1/expiry-cliff"): READERS,
        ("GET", "/v1/due-instalments"): READERS,
        ("GET", "/v1/procurement-growth"): READERS,
        **OPERATIONS_POLICY,
        **QUARANTINE_POLICY,
    }
)
