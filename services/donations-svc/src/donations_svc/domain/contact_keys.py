"""The keys of donors' contacts, as an operator writes them: several, of which one is current."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

KEY_BYTES: Final = 32
KEYS_MAX: Final = 16
KEY_ID: Final = re.compile(r"[A-Za-z0-9_.-]{1,32}")
HEX: Final = re.compile(rf"[0-9a-fA-F]{{{2 * KEY_BYTES}}}")


class KeyRingError(ValueError):
    """The text is no key ring. The message names keys by their ids and never shows one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ContactKey:
    """One key to encrypt with and another to hash with, exchanged together."""

    key_id: str
    encryption: bytes = field(repr=False)
    hashing: bytes = field(repr=False)


def parse_key_ring(text: str) -> Sequence[ContactKey]:
    """Keys as `ID:ENCRYPTION:HASHING`, each of 64 hex digits, between commas, blanks or lines.

    The first one is current. Raises KeyRingError.
    """
    keys = [_key(number, part) for number, part in enumerate(re.split(r"[\s,]+", text.strip()), 1)]
    if len(keys) > KEYS_MAX:
        raise KeyRingError(f"a key ring has at most {KEYS_MAX} keys")
    if len({key.key_id for key in keys}) < len(keys):
        raise KeyRingError("two keys have the same id")
    if len({secret for key in keys for secret in (key.encryption, key.hashing)}) < 2 * len(keys):
        raise KeyRingError("one key is used for two things")
    return keys


def _key(number: int, part: str) -> ContactKey:
    key_id, _, secrets = part.partition(":")
    if not KEY_ID.fullmatch(key_id):
        raise KeyRingError(f"key {number} is not ID:ENCRYPTION:HASHING with an id of 1 to 32 signs")
    encryption, _, hashing = secrets.partition(":")
    if not (HEX.fullmatch(encryption) and HEX.fullmatch(hashing)):
        raise KeyRingError(f"key {number} is not ID:ENCRYPTION:HASHING with 64 hex digits each")
    return ContactKey(
        key_id=key_id, encryption=bytes.fromhex(encryption), hashing=bytes.fromhex(hashing)
    )
