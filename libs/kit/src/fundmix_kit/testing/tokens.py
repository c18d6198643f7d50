"""A key of the tests' own, and tokens signed with it: right ones and wrong ones alike."""

import base64
import hmac
import json
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import OKPKey

from fundmix_kit.auth import DEV_ISSUER, DEV_KEY_ID_PREFIX

ISSUER: Final = "https://issuer.test"
AUDIENCE: Final = "fundmix"
KEY_ID: Final = "test-1"


class TokenSigner:
    """Signs with Ed25519. `jwks` is what a verifier needs to know."""

    def __init__(
        self, *, issuer: str = ISSUER, audience: str = AUDIENCE, key_id: str = KEY_ID
    ) -> None:
        self.issuer = issuer
        self.audience = audience
        self._key_id = key_id
        self._key = OKPKey.generate_key("Ed25519", {"kid": key_id, "alg": "EdDSA", "use": "sig"})

    @property
    def jwks(self) -> dict[str, Any]:
        return {"keys": [self._key.as_dict(private=False)]}

    def token(
        self,
        role: str,
        *,
        subject: str = "tester",
        org: str | None = None,
        level: str | None = None,
        grants: Sequence[str] = (),
        lifetime_s: int = 3600,
        **claims: Any,
    ) -> str:
        """A token as an issuer would make it; `claims` add to it or replace, None takes out."""
        now = int(time.time())
        usual = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": subject,
            "iat": now,
            "exp": now + lifetime_s,
            "role": role,
            "org": org,
            "level": level,
            "grants": list(grants),
        }
        return self.sign({k: v for k, v in (usual | claims).items() if v is not None})

    def sign(self, claims: dict[str, Any]) -> str:
        """A token with exactly these claims."""
        header = {"alg": "EdDSA", "kid": self._key_id, "typ": "JWT"}
        with warnings.catch_warnings():
            # RFC 9864 prefers the name Ed25519, which issuers do not use yet.
            warnings.simplefilter("ignore", SecurityWarning)
            return jwt.encode(header, claims, self._key, algorithms=["EdDSA"])

    def headers(self, role: str, **claims: Any) -> dict[str, str]:
        """The header of an HTTP request that carries `token(role, **claims)`."""
        return {"Authorization": f"Bearer {self.token(role, **claims)}"}

    def unsigned(self, role: str, **claims: Any) -> str:
        """A token that says of itself that nobody has signed it."""
        header = {"alg": "none", "kid": self._key_id, "typ": "JWT"}
        return f"{_encoded(header)}.{self.token(role, **claims).split('.')[1]}."

    def confused(self, role: str, **claims: Any) -> str:
        """A token signed with the published key, as if it were a secret both sides share."""
        header = {"alg": "HS256", "kid": self._key_id, "typ": "JWT"}
        signed = f"{_encoded(header)}.{self.token(role, **claims).split('.')[1]}"
        digest = hmac.digest(
            self._key.as_bytes(encoding="PEM", private=False), signed.encode(), sha256
        )
        return f"{signed}.{_base64(digest)}"


def _encoded(part: object) -> str:
    return _base64(json.dumps(part).encode())


def _base64(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


# Tokens that no service may accept, whatever they claim; each from the signer it does accept.
WRONG_TOKENS: Final[Mapping[str, Callable[[TokenSigner, str], str]]] = {
    "malformed": lambda _, __: "x.y.z",
    "expired": lambda signer, role: signer.token(role, lifetime_s=-3600),
    "of_another_issuer": lambda signer, role: signer.token(role, iss="https://other.test"),
    "for_another_audience": lambda signer, role: signer.token(role, aud="elsewhere"),
    "signed_with_another_key": lambda _, role: TokenSigner().token(role),
    "signed_with_no_key": lambda signer, role: signer.unsigned(role),
    "signed_with_the_published_key": lambda signer, role: signer.confused(role),
    "of_the_dev_issuer": lambda signer, role: signer.token(role, iss=DEV_ISSUER),
    "signed_with_the_dev_key": lambda _, role: TokenSigner(
        issuer=DEV_ISSUER, key_id=f"{DEV_KEY_ID_PREFIX}1"
    ).token(role),
}
