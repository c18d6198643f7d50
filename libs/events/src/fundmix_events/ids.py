"""UUIDs (RFC 9562), read and made in a fraction of the time that their own class takes."""

from hashlib import sha1
from typing import Final
from uuid import UUID

from pydantic_core import SchemaValidator, core_schema

READER: Final = SchemaValidator(core_schema.uuid_schema())
BYTES: Final = 16


def read_uuid(written: str | bytes) -> UUID:
    """Of its text, or of its 16 bytes. Raises ValidationError."""
    return READER.validate_python(written)


def uuid5(namespace: UUID, name: str) -> UUID:
    """The same for the same name in a namespace (section 5.5)."""
    digest = bytearray(sha1(namespace.bytes + name.encode(), usedforsecurity=False).digest())
    digest[6] = digest[6] & 0x0F | 0x50  # the version
    digest[8] = digest[8] & 0x3F | 0x80  # the variant
    return read_uuid(bytes(digest[:BYTES]))
