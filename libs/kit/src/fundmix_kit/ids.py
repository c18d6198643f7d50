"""Identifiers that sort by the time they were made (RFC 9562, version 7)."""

from uuid import UUID

import uuid_utils
from fundmix_events.ids import read_uuid


def uuid7() -> UUID:
    return read_uuid(uuid_utils.uuid7().bytes)
