"""Donors' contacts are kept sealed: AES-256-GCM by field, and keyed hashes to find them by.

A sealed text opens only in the row and the field that it was written for: both are its associated
data. Its form is the nonce of 12 bytes, the ciphertext and the tag of 16 bytes; the id of its key
stands in the row.
"""

import hmac
import os
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from donations_svc.domain.contact import ContactField, normalise
from donations_svc.domain.contact_keys import ContactKey

NONCE_BYTES: Final = 12
FINGERPRINTS: Final = b"fundmix idempotency fingerprints"


class UnknownKeyError(Exception):
    """Something is sealed with a key that is not on the ring."""

    code = "contact_key_unknown"


class SealBrokenError(Exception):
    """It was sealed with another key, or for another row or field, or was changed."""

    code = "contact_seal_broken"


class KeyRing:
    """Seals with the current key, which is the first, and opens with whichever it was."""

    def __init__(self, keys: Sequence[ContactKey]) -> None:
        assert keys, "a key ring has a current key"
        self.current_id: Final = keys[0].key_id
        self._ciphers: Final = {key.key_id: AESGCM(key.encryption) for key in keys}
        self._hashing: Final = {key.key_id: key.hashing for key in keys}

    @property
    def key_ids(self) -> set[str]:
        return set(self._ciphers)

    @property
    def fingerprint_key(self) -> bytes:
        """For what is kept of requests with contacts in them, to know these again."""
        return hmac.digest(self._hashing[self.current_id], FINGERPRINTS, "sha256")

    def seal(self, text: str, *, row_id: UUID, field: ContactField) -> bytes:
        """With the current key."""
        nonce = os.urandom(NONCE_BYTES)
        cipher = self._ciphers[self.current_id]
        return nonce + cipher.encrypt(nonce, text.encode(), _place(row_id, field))

    def open(self, sealed: bytes, *, key_id: str, row_id: UUID, field: ContactField) -> str:
        """Raises UnknownKeyError and SealBrokenError."""
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise UnknownKeyError(f"the key {key_id} is not on the ring")
        nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            return cipher.decrypt(nonce, ciphertext, _place(row_id, field)).decode()
        except (InvalidTag, ValueError) as error:
            raise SealBrokenError(
                f"{field} of {row_id} does not open with the key {key_id}"
            ) from error

    def hash_of(self, text: str, *, agency: str, field: ContactField, key_id: str) -> bytes:
        """Of the normalised text, another for each agency: equal hashes tell of no two agencies.

        Raises ContactDetailsError.
        """
        said = "\n".join((agency, field, normalise(field, text)))
        return hmac.digest(self._hashing[key_id], said.encode(), "sha256")

    def hashes_of(self, text: str, *, agency: str, field: ContactField) -> list[bytes]:
        """One with each key: rows that wait for a new key are found too.

        Raises ContactDetailsError.
        """
        return [
            self.hash_of(text, agency=agency, field=field, key_id=key_id)
            for key_id in self._hashing
        ]


def _place(row_id: UUID, field: ContactField) -> bytes:
    return f"donor_contact/{row_id}/{field}".encode()
