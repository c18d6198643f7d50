"""The keys an issuer publishes (RFC 7517): fetched, kept, and asked for again when one is unknown.

An issuer that is away is a passing failure and never a reason to accept: known keys are used until
they are too old, and what cannot be decided meanwhile is answered with 503.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import httpx2
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OctKey, OKPKey, RSAKey
from pydantic import BaseModel, ValidationError

from fundmix_kit.clock import Clock
from fundmix_kit.problems import RETRY_AFTER_S, ProblemError

# After this time the keys are asked for again; a key the issuer took back ends then.
KEYS_FRESH_S: Final = 300.0
# An issuer may be away for this long before tokens of known keys are no longer accepted.
KEYS_AGE_S_MAX: Final = 3600.0
# Tokens with invented key ids must not turn into requests to the issuer.
COOL_DOWN_S: Final = 5.0
COOL_DOWN_AFTER_FAILURE_S: Final = 1.0
FETCH_TIME_S_MAX: Final = 2.0
RSA_BITS_MIN: Final = 2048

log = structlog.get_logger()


class IssuerUnavailableError(ProblemError):
    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "issuer_unavailable",
            "The keys of the token's issuer cannot be fetched for now.",
            headers={"Retry-After": str(RETRY_AFTER_S)},
        )


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A public key and the one algorithm it may be used with: the token has no say in it."""

    key: RSAKey | ECKey | OKPKey
    algorithm: str
    published: dict[str, Any]


class KeySetDocument(BaseModel):
    keys: list[dict[str, Any]]


class IssuerKeys:
    def __init__(self, url: str, *, clock: Clock, client: httpx2.AsyncClient) -> None:
        self._url = url
        self._clock = clock
        self._client = client
        self._keys: dict[str, VerificationKey] = {}
        self._fetched_at = self._tried_at = float("-inf")
        self._has_failed = False
        self._refreshing = asyncio.Lock()

    def holds(self, key: VerificationKey, *, now: float) -> bool:
        """Whether a key found earlier still stands, without asking the issuer."""
        return now - self._fetched_at < KEYS_FRESH_S and any(
            held is key for held in self._keys.values()
        )

    async def find(self, key_id: str) -> VerificationKey | None:
        """Raises IssuerUnavailableError when that cannot be known for now."""
        now = self._clock.now().timestamp()
        key = self._keys.get(key_id)
        age = now - self._fetched_at
        is_refreshed_by_another = self._refreshing.locked() and age < KEYS_AGE_S_MAX
        if key is not None and (age < KEYS_FRESH_S or is_refreshed_by_another):
            return key
        async with self._refreshing:
            if self._is_due(key_id, now=now):
                await self._refresh(now=now)
        key = self._keys.get(key_id)
        if now - self._fetched_at >= KEYS_AGE_S_MAX or (key is None and self._has_failed):
            raise IssuerUnavailableError
        return key

    def _is_due(self, key_id: str, *, now: float) -> bool:
        cool_down_s = COOL_DOWN_AFTER_FAILURE_S if self._has_failed else COOL_DOWN_S
        if now - self._tried_at < cool_down_s:
            return False
        return key_id not in self._keys or now - self._fetched_at >= KEYS_FRESH_S

    async def _refresh(self, *, now: float) -> None:
        self._tried_at = now
        try:
            response = await self._fetch()
            response.raise_for_status()
            document = KeySetDocument.model_validate_json(response.content)
        except (httpx2.HTTPError, ValidationError) as error:
            self._has_failed = True
            log.warning("issuer_keys_unavailable", url=self._url, reason=type(error).__name__)
            return
        # A key that did not change stays the same object, so that what it verified stays known.
        self._keys = {
            key_id: held
            if (held := self._keys.get(key_id)) and held.published == key.published
            else key
            for key_id, key in _usable_keys(document.keys)
        }
        self._has_failed = False
        self._fetched_at = now

    async def _fetch(self) -> httpx2.Response:
        """Asked once more when time ran out: it also runs while this process stands still."""
        try:
            return await self._client.get(self._url, timeout=FETCH_TIME_S_MAX)
        except httpx2.TimeoutException:
            return await self._client.get(self._url, timeout=FETCH_TIME_S_MAX)


def _usable_keys(published: Iterable[dict[str, Any]]) -> Iterable[tuple[str, VerificationKey]]:
    """The signing keys we may use; others are for somebody else (RFC 7517, section 5)."""
    for document in published:
        key_id = document.get("kid")
        if not isinstance(key_id, str) or document.get("use", "sig") != "sig":
            continue
        try:
            key = JWKRegistry.import_key(document)
        except (JoseError, ValueError, TypeError, KeyError):
            log.warning("issuer_key_unusable", kid=key_id)
            continue
        algorithm = _algorithm_of(key)
        if algorithm is None or document.get("alg", algorithm) != algorithm:
            continue
        assert not isinstance(key, OctKey)
        yield key_id, VerificationKey(key, algorithm, document)


def _algorithm_of(key: OctKey | RSAKey | ECKey | OKPKey) -> str | None:
    match key:
        case RSAKey() if key.public_key.key_size >= RSA_BITS_MIN:
            return "RS256"
        case ECKey() if key.curve_name == "P-256":
            return "ES256"
        case OKPKey() if key.curve_name == "Ed25519":
            return "EdDSA"
        case _:
            return None
