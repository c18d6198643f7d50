"""The check code of a receipt: who holds the paper has it, and nobody can make it up."""

import hmac
from hashlib import sha256
from typing import Final

# Crockford's base 32: no letter that is taken for a digit, and none of them twice.
ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH: Final = 12
BITS: Final = 5
READ_AS: Final = str.maketrans("OIL", "011", " -")


def check_code(key: bytes, number: str) -> str:
    """Sixty bits of an HMAC-SHA256 over the receipt's number."""
    digest = int.from_bytes(hmac.digest(key, number.encode(), sha256))
    top = digest >> (sha256().digest_size * 8 - LENGTH * BITS)
    return "".join(
        ALPHABET[top >> (BITS * place) & (len(ALPHABET) - 1)] for place in reversed(range(LENGTH))
    )


def is_code_of(key: bytes, number: str, stated: str) -> bool:
    """As somebody types it from paper; takes as long for a wrong code as for the right one."""
    plain = stated.upper().translate(READ_AS)
    return hmac.compare_digest(check_code(key, number).encode(), plain.encode())


def in_groups(code: str) -> str:
    """As it is printed: 9K3M 7QXW 2FHT."""
    return " ".join(code[start : start + 4] for start in range(0, len(code), 4))
