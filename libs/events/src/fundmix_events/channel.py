"""Channels: where income comes from (筹资渠道), apart from how it is booked."""

from enum import StrEnum
from typing import Final


class Channel(StrEnum):
    GOVERNMENT = "government"
    ENTERPRISE = "enterprise"
    FOUNDATION = "foundation"
    UNIVERSITY = "university"
    INDIVIDUAL = "individual"
    OWN = "own"
    OTHER = "other"


# Counts the changes of the list above: what is measured against it says which list it was.
CHANNEL_LIST_VERSION: Final = 1
