"""Who may do what in donations-svc. A route without a row here is closed."""

from typing import Final

from fundmix_events.roles import Role
from fundmix_kit.operations import OPERATIONS_POLICY, QUARANTINE_POLICY
from fundmix_kit.policy import Policy, Rule, Scope

PARTIES: Final[Rule] = {Role.DONOR: Scope.OWN, Role.AGENCY: Scope.OWN}
# Only who looks after the agency's bank account can say what has reached it.
RECEIVERS: Final[Rule] = {Role.AGENCY: Scope.OWN}
READERS: Final[Rule] = {**PARTIES, Role.AUDITOR: Scope.ANY, Role.ADMIN: Scope.ANY}

POLICY: Final = Policy(
    {
        ("POST", "/v1/pledges"): PARTIES,
        ("GET", "/v1/pledges"): READERS,
        ("GET", "/v1/pledges/{pledge_id}"): READERS,
        ("POST", "/v1/donations"): RECEIVERS,
        ("GET", "/v1/donations"): READERS,
        ("GET", "/v1/donations/{donation_id}"): READERS,
        ("GET", "/v1/todo"): PARTIES,
        **OPERATIONS_POLICY,
        **QUARANTINE_POLICY,
    }
)
