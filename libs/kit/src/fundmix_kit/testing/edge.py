"""Calling an application in the test's own process, and the keys its verifier asks for."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx2
from pydantic import HttpUrl
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from fundmix_kit.auth import TokenVerifier
from fundmix_kit.clock import Clock, SystemClock
from fundmix_kit.settings import AuthSettings
from fundmix_kit.testing.tokens import TokenSigner

KEYS_URL: Final = HttpUrl("https://issuer.test/.well-known/jwks.json")


class Issuer:
    """What publishes keys; a test changes them, or takes it away."""

    def __init__(self, *keys: dict[str, Any]) -> None:
        self.document: object = {"keys": list(keys)}
        self.is_away = False
        self.requests = 0

    def publish(self, *keys: dict[str, Any]) -> None:
        self.document = {"keys": list(keys)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.requests += 1
        answer = Response(status_code=502) if self.is_away else JSONResponse(self.document)
        await answer(scope, receive, send)

    def verifier(self, settings: AuthSettings, *, clock: Clock) -> TokenVerifier:
        return TokenVerifier(settings, clock=clock, transport=httpx2.ASGITransport(self))


def verifier_of(tokens: TokenSigner) -> TokenVerifier:
    """Accepts the tokens of a signer; nothing listens anywhere."""
    settings = AuthSettings(issuer=tokens.issuer, jwks_url=KEYS_URL, audience=tokens.audience)
    return Issuer(*tokens.jwks["keys"]).verifier(settings, clock=SystemClock())


@asynccontextmanager
async def calling(app: ASGIApp) -> AsyncGenerator[httpx2.AsyncClient]:
    """A client of `app`; its lifespan is not run."""
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://service.test") as client:
        yield client
