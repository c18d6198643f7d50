"""Channels: where income comes from (筹资渠道), apart from how it is booked."""

from enum import StrEnum


class Channel(StrEnum):
    GOVERNMENT = "government"
    ENTERPRISE = "enterprise"
    FOUNDATION = "foundation"
    UNIVERSITY = "university"
    INDIVIDUAL = "individual"
    OWN = "own"
    OTHER = "other"
