"""Refusals of registry-svc.

RegistryError
├── OrganisationNotFoundError    no organisation has that code, or had it on that day
├── AlreadyRegisteredError       it is in the register already
├── NameConflictError            it is in the register already, under another name
├── FutureDateError              a day that has not come yet, or is too far away
├── DayOrderError                one day comes before another that it must follow
├── ChangeRequestNeededError     a name is not changed by one person alone
├── ChangeRequestNotFoundError   there is no such change request
├── NoChangeError                what is asked for is so already
├── ChangeRequestOpenError       another request for the same field waits for its decision
├── ChangeRequestDecidedError    the request was approved or rejected before
├── ChangeOutdatedError          the field is no longer as it was when the change was asked for
├── SamePersonError              who asks for a change does not decide on it
├── AlreadySuspendedError        it is suspended already
├── NotSuspendedError            it is not suspended
├── AlreadyListedError           it is on the list of abnormal activities already
├── NotListedError               it is not on that list
├── StandingFullError            more findings than the register keeps of one organisation
└── ImportUnreadableError        a file that is none we can read rows from
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


class FutureDateError(RegistryError):
    code = "future_date"


class DayOrderError(RegistryError):
    code = "day_order"


class ChangeRequestNeededError(RegistryError):
    code = "change_request_needed"


class ChangeRequestNotFoundError(RegistryError):
    code = "change_request_not_found"


class NoChangeError(RegistryError):
    code = "no_change"


class ChangeRequestOpenError(RegistryError):
    code = "change_request_open"


class ChangeRequestDecidedError(RegistryError):
    code = "change_request_decided"


class ChangeOutdatedError(RegistryError):
    code = "change_outdated"


class SamePersonError(RegistryError):
    code = "same_person"


class AlreadySuspendedError(RegistryError):
    code = "already_suspended"


class NotSuspendedError(RegistryError):
    code = "not_suspended"


class AlreadyListedError(RegistryError):
    code = "already_listed"


class NotListedError(RegistryError):
    code = "not_listed"


class StandingFullError(RegistryError):
    code = "standing_full"


class ImportUnreadableError(RegistryError):
    code = "import_unreadable"
