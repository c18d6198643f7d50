"""An issuer that does not answer in time."""

import httpx2
import pytest
from fundmix_kit.auth import TokenVerifier
from fundmix_kit.clock import SystemClock
from fundmix_kit.jwks import IssuerUnavailableError
from fundmix_kit.settings import AuthSettings
from fundmix_kit.testing.edge import KEYS_URL, Issuer
from fundmix_kit.testing.tokens import TokenSigner


class LateTransport(httpx2.ASGITransport):
    """Answers nothing in time for its first requests, as when a machine stands still."""

    def __init__(self, issuer: Issuer, *, late_requests: int) -> None:
        super().__init__(issuer)
        self.late_requests = late_requests

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if self.late_requests:
            self.late_requests -= 1
            raise httpx2.ConnectTimeout("too late", request=request)
        return await super().handle_async_request(request)


def a_verifier(tokens: TokenSigner, *, late_requests: int) -> TokenVerifier:
    return TokenVerifier(
        AuthSettings(issuer=tokens.issuer, jwks_url=KEYS_URL, audience=tokens.audience),
        clock=SystemClock(),
        transport=LateTransport(Issuer(*tokens.jwks["keys"]), late_requests=late_requests),
    )


async def test_an_issuer_that_is_late_is_asked_once_more(tokens: TokenSigner) -> None:
    verifier = a_verifier(tokens, late_requests=1)

    assert (await verifier.verify(tokens.token("donor"))).role == "donor"


async def test_an_issuer_that_is_late_again_is_away(tokens: TokenSigner) -> None:
    verifier = a_verifier(tokens, late_requests=2)

    with pytest.raises(IssuerUnavailableError):
        await verifier.verify(tokens.token("donor"))
