"""Refusals of registry-svc.

RegistryError
├── OrganisationNotFoundError    no organisation has that code
├── AlreadyRegisteredError       it is in the register already
├── NameConflictError            it is in the register already, under another name
├── ImplausibleKindError         the code is that of another kind of organisation
└── FutureDateError              a day that has not come yet
"""

from typing import ClassVar


class RegistryError(Exception):
    """`pointer` names the field of the request, where one is at fault."""

    code: ClassVar[str] = "registry"

    def __init__(self, detail: str, *, pointer: str | None = None) -> None:
        super().__init__(detail)
        self.pointer = pointer


class OrganisationNotFoundError(RegistryError):
    code = "organisation_not_found"


class AlreadyRegisteredError(RegistryError):
    code = "already_registered"


class NameConflictError(RegistryError):
    code = "name_conflict"


class ImplausibleKindError(RegistryError):
    code = "implausible_kind"


class FutureDateError(RegistryError):
    code = "future_date"
