"""Whether a kind fits the code's first two characters (GB 32100-2015): a warning, never a refusal.

What an office registered an organisation as is not always what it is here, and codes of new forms
come up; a person is told, and decides.
"""

from dataclasses import dataclass
from typing import Final

from fundmix_events.credit_code import KIND_BY_PREFIX
from fundmix_events.registry import Organisation, OrganisationKind

# A university may be public, private non-profit or private; an agency may be an association.
KINDS_BY_FORM: Final = {
    "government": {OrganisationKind.BUYER},
    "public_institution": {OrganisationKind.BUYER, OrganisationKind.UNIVERSITY},
    "social_group": {OrganisationKind.SOCIAL_GROUP, OrganisationKind.AGENCY},
    "agency": {OrganisationKind.AGENCY, OrganisationKind.UNIVERSITY},
    "foundation": {OrganisationKind.FOUNDATION},
    "enterprise": {OrganisationKind.ENTERPRISE, OrganisationKind.UNIVERSITY},
}
ANY_KIND: Final = frozenset(OrganisationKind)


@dataclass(frozen=True, kw_only=True, slots=True)
class Doubt:
    pointer: str
    code: str
    detail: str


def doubts_about(organisation: Organisation) -> list[Doubt]:
    """Of a form that we do not know, a code says nothing about the kind."""
    form = KIND_BY_PREFIX.get(organisation.code[:2])
    if organisation.kind in KINDS_BY_FORM.get(form or "", ANY_KIND):
        return []
    detail = f"{organisation.code} is the code of a {form}, which is seldom a {organisation.kind}"
    return [Doubt(pointer="/kind", code="implausible_kind", detail=detail)]
