"""Tokens of the test signer are what a verifier expects."""

import json
import warnings
from typing import Any

import httpx2
from fundmix_kit.testing import TokenSigner
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import KeySet


def claims(token: str, jwks: Any) -> dict[str, Any]:
    with warnings.catch_warnings():
        # RFC 9864 prefers the name Ed25519, which issuers do not use yet.
        warnings.simplefilter("ignore", SecurityWarning)
        return jwt.decode(token, KeySet.import_key_set(jwks), algorithms=["EdDSA"]).claims


async def test_the_published_key_verifies_a_token(tokens: TokenSigner, jwks_url: str) -> None:
    async with httpx2.AsyncClient() as client:
        published: Any = json.loads((await client.get(jwks_url)).text)

    verified = claims(tokens.token("donor", org="91ABC"), published)

    assert verified["role"] == "donor"
    assert verified["org"] == "91ABC"
    assert "level" not in verified


def test_a_claim_can_be_taken_out(tokens: TokenSigner) -> None:
    assert "exp" not in claims(tokens.token("donor", exp=None), tokens.jwks)
