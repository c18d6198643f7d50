"""Who may do what in donations-svc. A route without a row here is closed."""

from typing import Final

from fundmix_events.roles import Role
from fundmix_kit.operations import OPERATIONS_POLICY, QUARANTINE_POLICY
from fundmix_kit.policy import PUBLIC, Policy, Rule, Scope

DONORS: Final[Rule] = {Role.DONOR: Scope.OWN}
AGENCIES: Final[Rule] = {Role.AGENCY: Scope.OWN}
PARTIES: Final[Rule] = {**DONORS, **AGENCIES}
# Who looks after the agency's bank account says what has reached it; an officer for it, with a
# reason that is recorded.
RECEIVERS: Final[Rule] = {**AGENCIES, Role.FINANCE_OFFICER: Scope.ANY}
# No grant opens them, and nobody but the agency reads them: not even who looks after everything.
CONTACT_KEEPERS: Final[Rule] = {Role.AGENCY: Scope.PRIVATE}
# An officer sees the city's gifts with the grant to read the whole city only.
READERS: Final[Rule] = {
    **PARTIES,
    Role.FINANCE_OFFICER: Scope.OWN,
    Role.AUDITOR: Scope.ANY,
    Role.ADMIN: Scope.ANY,
}
KEEPERS: Final[Rule] = {**AGENCIES, Role.AUDITOR: Scope.ANY, Role.ADMIN: Scope.ANY}

IMPORT_READERS: Final[Rule] = {
    **AGENCIES,
    Role.FINANCE_OFFICER: Scope.OWN,
    Role.AUDITOR: Scope.ANY,
    Role.ADMIN: Scope.ANY,
}

POLICY: Final = Policy(
    {
        ("POST", "/v1/pledges"): PARTIES,
        ("POST", "/v1/pledges/{pledge_id}/cancel"): PARTIES,
        ("GET", "/v1/pledges"): READERS,
        ("GET", "/v1/pledges/{pledge_id}"): READERS,
        ("POST", "/v1/announcements"): DONORS,
        ("GET", "/v1/announcements"): READERS,
        ("GET", "/v1/announcements/{announcement_id}"): READERS,
        ("POST", "/v1/announcements/{announcement_id}/confirm"): RECEIVERS,
        ("POST", "/v1/announcements/{announcement_id}/reject"): RECEIVERS,
        ("POST", "/v1/announcements/{announcement_id}/withdraw"): DONORS,
        ("POST", "/v1/donations"): RECEIVERS,
        ("POST", "/v1/deposits"): RECEIVERS,
        ("GET", "/v1/donations"): READERS,
        ("GET", "/v1/donations/{donation_id}"): READERS,
        ("POST", "/v1/donations/{donation_id}/reverse"): AGENCIES,
        ("PUT", "/v1/donations/{donation_id}/goods"): AGENCIES,
        ("POST", "/v1/donation-imports"): RECEIVERS,
        ("GET", "/v1/donation-imports"): IMPORT_READERS,
        ("GET", "/v1/donation-imports/{batch_id}"): IMPORT_READERS,
        ("PUT", "/v1/donation-import-columns"): RECEIVERS,
        ("GET", "/v1/donation-import-columns"): RECEIVERS,
        ("POST", "/v1/donation-imports/{batch_id}/reverse"): RECEIVERS,
        ("POST", "/v1/refunds"): AGENCIES,
        ("POST", "/v1/refunds/{refund_id}/pay"): AGENCIES,
        ("POST", "/v1/refunds/{refund_id}/cancel"): AGENCIES,
        ("GET", "/v1/refunds"): READERS,
        ("GET", "/v1/refunds/{refund_id}"): READERS,
        ("POST", "/v1/purpose-changes"): AGENCIES,
        ("GET", "/v1/purpose-changes"): READERS,
        ("GET", "/v1/statements"): READERS,
        ("GET", "/v1/todo"): PARTIES,
        ("POST", "/v1/receipts"): AGENCIES,
        ("POST", "/v1/receipts/bulk"): AGENCIES,
        ("GET", "/v1/receipts"): READERS,
        ("GET", "/v1/receipts/gaps"): KEEPERS,
        ("GET", "/v1/receipts/{receipt_id}"): READERS,
        ("GET", "/v1/receipts/{receipt_id}/pdf"): READERS,
        ("POST", "/v1/receipts/{receipt_id}/issue"): AGENCIES,
        ("POST", "/v1/receipts/{receipt_id}/official-bill"): AGENCIES,
        ("POST", "/v1/receipts/{receipt_id}/withdraw"): AGENCIES,
        ("GET", "/v1/jobs"): KEEPERS,
        ("GET", "/v1/jobs/{job_id}"): KEEPERS,
        # Whoever holds the paper: without its check code the answer says nothing.
        ("GET", "/v1/public/receipts/{number}"): PUBLIC,
        ("POST", "/v1/donor-contacts"): CONTACT_KEEPERS,
        ("POST", "/v1/donor-contacts/search"): CONTACT_KEEPERS,
        ("GET", "/v1/donor-contacts/{contact_id}"): CONTACT_KEEPERS,
        ("PUT", "/v1/donor-contacts/{contact_id}"): CONTACT_KEEPERS,
        ("POST", "/v1/donor-contacts/{contact_id}/erase"): CONTACT_KEEPERS,
        ("GET", "/v1/donations/{donation_id}/contact"): CONTACT_KEEPERS,
        ("PUT", "/v1/donations/{donation_id}/contact"): CONTACT_KEEPERS,
        ("GET", "/v1/contact-accesses"): {Role.AGENCY: Scope.OWN, Role.AUDITOR: Scope.ANY},
        ("GET", "/v1/public/donations"): PUBLIC,
        ("GET", "/v1/public/donations/unnamed"): PUBLIC,
        ("GET", "/v1/public/360giving.json"): PUBLIC,
        ("GET", "/v1/public/360giving.csv"): PUBLIC,
        **OPERATIONS_POLICY,
        **QUARANTINE_POLICY,
    }
)
