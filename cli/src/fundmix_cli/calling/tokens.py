"""Tokens from the dev issuer, one for each person who acts, kept while they are valid."""

import json
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from fundmix_cli.calling.errors import TokenRefusedError
from fundmix_cli.calling.sending import Outgoing, Sender
from fundmix_cli.claims import Claims

# A token is renewed before a request that waits for its turn can find it expired.
LEFT_S_MIN: Final = 120.0


class Tokens:
    def __init__(
        self, sender: Sender, issuer_url: str, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._sender = sender
        self._url = f"{issuer_url}/token"
        self._monotonic = monotonic
        self._kept: dict[Claims, tuple[str, float]] = {}

    async def token(self, claims: Claims) -> str:
        """Raises ServiceAwayError and TokenRefusedError."""
        token, valid_until = self._kept.get(claims, ("", 0.0))
        if valid_until - self._monotonic() > LEFT_S_MIN:
            return token
        wanted = {
            "role": claims.role,
            "org": claims.org,
            "level": claims.level,
            "subject": claims.subject,
            "grants": list(claims.grants),
        }
        asked_at = self._monotonic()
        response = await self._sender.send(
            Outgoing(
                method="POST",
                url=self._url,
                headers={"Content-Type": "application/json"},
                content=json.dumps(wanted).encode(),
            )
        )
        if response.status_code != HTTPStatus.OK:
            raise TokenRefusedError(claims, response.status_code)
        answer: Any = response.json()
        token = str(answer["access_token"])
        self._kept[claims] = (token, asked_at + float(answer["expires_in"]))
        return token
