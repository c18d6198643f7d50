"""The key of the dev issuer, and the tokens it signs. Only for an installation on loopback."""

import json
import time
import warnings
from pathlib import Path
from typing import Any, Final, Self
from uuid import uuid4

from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import OKPKey

from fundmix_cli.claims import AUDIENCE, ISSUER, LIFETIME_S, Claims
from fundmix_cli.installation import write_private

KEY_ID_START: Final = "fundmix-dev-"


class IssuerKey:
    def __init__(self, key: OKPKey) -> None:
        self._key = key

    @classmethod
    def open(cls, home: Path) -> Self:
        """The key of the installation in this folder; a new one if there is none."""
        file = home / "issuer" / "key.json"
        if not file.exists():
            key_id = f"{KEY_ID_START}{uuid4().hex[:8]}"
            key = OKPKey.generate_key("Ed25519", {"kid": key_id, "use": "sig", "alg": "EdDSA"})
            write_private(file, json.dumps(key.as_dict(private=True)))
        return cls(OKPKey.import_key(json.loads(file.read_text())))

    @property
    def jwks(self) -> dict[str, Any]:
        return {"keys": [self._key.as_dict(private=False)]}

    def token(self, claims: Claims, *, lifetime_s: int = LIFETIME_S) -> str:
        now = int(time.time())
        stated: dict[str, Any] = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": claims.subject or claims.role.value,
            "iat": now,
            "exp": now + lifetime_s,
            "role": claims.role.value,
            "grants": list(claims.grants),
        }
        if claims.org:
            stated["org"] = claims.org
        if claims.level:
            stated["level"] = claims.level.value
        header = {"alg": "EdDSA", "kid": self._key.kid, "typ": "JWT"}
        with warnings.catch_warnings():
            # RFC 9864 prefers the name Ed25519, which issuers do not use yet.
            warnings.simplefilter("ignore", SecurityWarning)
            return jwt.encode(header, stated, self._key, algorithms=["EdDSA"])
