"""How a donor, or somebody who speaks for one, can be reached: kept apart from what was given.

Nothing in here shows what it holds: no representation and no refusal repeats a name or a number.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from donations_svc.domain.errors import ContactDetailsError

# GB 11643: the weights of the first 17 digits of a citizen's number, and the check characters.
IDENTITY_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
IDENTITY_CHECKS: Final = "10X98765432"
IDENTITY_OF_CITIZEN: Final = re.compile(r"[0-9]{17}[0-9X]")

PHONE: Final = re.compile(r"\+?[0-9]{5,20}")
EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")
IDENTITY: Final = re.compile(r"[0-9A-Z]{5,32}")
# What people write between the digits, and before a number that is dialled within China.
BETWEEN_DIGITS: Final = re.compile(r"[\s().\-\u2010-\u2015]")
CHINESE_PREFIX: Final = re.compile(r"^(\+86|0086|86(?=1[0-9]{10}$))?0?")


class ContactField(StrEnum):
    NAME = "name"
    PHONE = "phone"
    EMAIL = "email"
    ADDRESS = "address"
    IDENTITY_NUMBER = "identity_number"


SEARCHABLE: Final = (ContactField.PHONE, ContactField.EMAIL, ContactField.IDENTITY_NUMBER)


class ErasureReason(StrEnum):
    """A closed list: free text would be the next place where a name is kept."""

    ASKED_BY_PERSON = "asked_by_person"
    """个人信息保护法 第四十七条."""
    NO_LONGER_NEEDED = "no_longer_needed"
    RECORDED_IN_ERROR = "recorded_in_error"


class ContactAct(StrEnum):
    """What somebody did with a contact."""

    RECORDED = "recorded"
    FOUND = "found"
    READ = "read"
    CHANGED = "changed"
    LINKED = "linked"
    ERASED = "erased"


@dataclass(frozen=True, kw_only=True, slots=True)
class ContactDetails:
    name: str = field(repr=False)
    phone: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    address: str | None = field(default=None, repr=False)
    identity_number: str | None = field(default=None, repr=False)

    def by_field(self) -> Mapping[ContactField, str | None]:
        return {
            ContactField.NAME: self.name,
            ContactField.PHONE: self.phone,
            ContactField.EMAIL: self.email,
            ContactField.ADDRESS: self.address,
            ContactField.IDENTITY_NUMBER: self.identity_number,
        }


def check_details(details: ContactDetails) -> None:
    """Raises ContactDetailsError."""
    for found in SEARCHABLE:
        text = details.by_field()[found]
        if text is not None:
            normalise(found, text)


def normalise(searched: ContactField, text: str) -> str:
    """The one form in which it is looked for, however it was written.

    Raises ContactDetailsError.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    match searched:
        case ContactField.PHONE:
            number = CHINESE_PREFIX.sub("", BETWEEN_DIGITS.sub("", plain))
            return _fitting(PHONE, number, searched)
        case ContactField.EMAIL:
            return _fitting(EMAIL, plain.casefold(), searched)
        case ContactField.IDENTITY_NUMBER:
            number = _fitting(IDENTITY, BETWEEN_DIGITS.sub("", plain).upper(), searched)
            if IDENTITY_OF_CITIZEN.fullmatch(number) and not _has_its_check(number):
                raise ContactDetailsError(
                    "the check character of the identity number is not its own",
                    pointer=f"/{searched}",
                )
            return number
        case ContactField.NAME | ContactField.ADDRESS:
            raise AssertionError(f"nobody is looked for by {searched}")


def _fitting(pattern: re.Pattern[str], text: str, searched: ContactField) -> str:
    if not pattern.fullmatch(text):
        raise ContactDetailsError(f"this is no {searched}", pointer=f"/{searched}")
    return text


def _has_its_check(number: str) -> bool:
    weighed = sum(int(d) * w for d, w in zip(number[:17], IDENTITY_WEIGHTS, strict=True))
    return IDENTITY_CHECKS[weighed % 11] == number[17]
