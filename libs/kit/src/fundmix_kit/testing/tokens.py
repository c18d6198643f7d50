"""A key of the tests' own, and tokens signed with it: right ones and wrong ones alike."""

import time
import warnings
from collections.abc import Sequence
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import OKPKey

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
