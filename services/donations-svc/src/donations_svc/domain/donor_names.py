"""How a donor is named: on its receipt, and to whoever checks one."""

from typing import Final

from fundmix_events.donations import Donor

from donations_svc.domain.parties import Register

KIND_PERSON: Final = "爱心人士"
HIDDEN: Final = "＊＊＊＊"
SHOWN_AT_EACH_END: Final = 2


def donor_name_on_receipt(donor: Donor, register: Register) -> str:
    """The one place where this is decided.

    An organisation is named as the register has it now, also where it is not named to the public:
    the receipt is its own, and it needs it. Of a person nothing is known here but that it gave.
    """
    if donor.code is None:
        return KIND_PERSON
    return register[donor.code].name


def masked(donor: Donor, name: str, *, is_anonymous: bool) -> str:
    """What somebody who checks a receipt is told: enough to compare with the paper."""
    if donor.code is None:
        return KIND_PERSON
    if is_anonymous:
        return HIDDEN
    if len(name) <= 2 * SHOWN_AT_EACH_END:
        return name[:1] + HIDDEN
    return name[:SHOWN_AT_EACH_END] + HIDDEN + name[-SHOWN_AT_EACH_END:]
