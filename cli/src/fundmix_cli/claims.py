"""What a token of the dev issuer states."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fundmix_events.roles import Role

# Services know this name and refuse its tokens unless told otherwise.
ISSUER: Final = "urn:fundmix:dev-issuer"
AUDIENCE: Final = "fundmix"
LIFETIME_S: Final = 3_600
LIFETIME_S_MAX: Final = 30 * 24 * 3_600


class Level(StrEnum):
    CITY = "city"
    TOWN = "town"


@dataclass(frozen=True, kw_only=True)
class Claims:
    role: Role
    org: str | None = None
    level: Level | None = None
    # The name of the person; without one, that of the role.
    subject: str | None = None
    grants: Sequence[str] = ()
