"""Who is calling: JSON Web Tokens (RFC 7519), verified with the keys their issuer publishes."""

from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from typing import Annotated, Any, Final

import httpx2
from joserfc import jwa, jws
from joserfc.errors import JoseError
from pydantic import BaseModel, Field, StringConstraints, ValidationError

from fundmix_kit.clock import Clock
from fundmix_kit.jwks import IssuerKeys, VerificationKey
from fundmix_kit.problems import ProblemError
from fundmix_kit.settings import AuthSettings, UnsafeBindingError

DEV_ISSUER: Final = "urn:fundmix:dev-issuer"
DEV_KEY_ID_PREFIX: Final = "fundmix-dev-"
ALGORITHMS: Final = frozenset({"RS256", "ES256", "EdDSA"})
TOKEN_TYPES: Final = frozenset({"jwt", "at+jwt"})

# Clocks of issuer and service may differ by this much.
LEEWAY_S: Final = 30.0
TOKEN_CHARACTERS_MAX: Final = 8_192
VERIFIED_TOKENS_MAX: Final = 1_024

Word = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x20\x7f]{1,100}$", strict=True)]
Instant = Annotated[float, Field(strict=True, allow_inf_nan=False)]


class UnauthenticatedError(ProblemError):
    def __init__(self, detail: str, *, code: str = "unauthenticated") -> None:
        super().__init__(
            HTTPStatus.UNAUTHORIZED,
            code,
            detail,
            headers={"WWW-Authenticate": 'Bearer realm="fundmix", error="invalid_token"'},
        )


class TokenMissingError(ProblemError):
    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.UNAUTHORIZED,
            "unauthenticated",
            "The request carries no bearer token.",
            # Without an error code: the caller has not tried yet (RFC 6750, section 3).
            headers={"WWW-Authenticate": 'Bearer realm="fundmix"'},
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Principal:
    subject: str
    role: str
    org: str | None = None
    level: str | None = None
    grants: frozenset[str] = frozenset()


class Claims(BaseModel):
    iss: str
    aud: str | list[str]
    sub: Word
    exp: Instant
    iat: Instant
    nbf: Instant | None = None
    role: Word
    org: Word | None = None
    level: Word | None = None
    grants: list[Word] = Field(default=[], max_length=50)

    def principal(self) -> Principal:
        return Principal(
            subject=self.sub,
            role=self.role,
            org=self.org,
            level=self.level,
            grants=frozenset(self.grants),
        )


@dataclass(frozen=True, slots=True)
class Verified:
    principal: Principal
    key: VerificationKey
    expires_at: float


class AllowedAlgorithms(jws.JWSRegistry):
    """Without joserfc's warning at each use of EdDSA, which RFC 9864 calls Ed25519 from now on."""

    def get_alg(self, name: str) -> jwa.JWSAlgModel:
        assert name in ALGORITHMS
        return self.algorithms[name]


# Header parameters that we do not know are ignored, except critical ones (RFC 7515, section 4).
REGISTRY: Final = AllowedAlgorithms(algorithms=ALGORITHMS, strict_check_header=False)


def require_safe_binding(auth: AuthSettings, *, host: str) -> None:
    """Raises UnsafeBindingError unless only this machine can present a token of the dev issuer."""
    if auth.is_dev_issuer_allowed and not _is_loopback(host):
        raise UnsafeBindingError(
            f"the dev issuer is allowed, so the service binds to loopback only, not to {host}"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class TokenVerifier:
    def __init__(
        self,
        settings: AuthSettings,
        *,
        clock: Clock,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self.settings = settings
        self._clock = clock
        self._client = httpx2.AsyncClient(transport=transport)
        self._keys = IssuerKeys(str(settings.jwks_url), clock=clock, client=self._client)
        # Verifying costs more than everything else at the edge, and callers reuse their tokens.
        self._verified: dict[str, Verified] = {}

    async def close(self) -> None:
        await self._client.aclose()

    async def verify(self, token: str) -> Principal:
        """Raises UnauthenticatedError, or IssuerUnavailableError."""
        now = self._clock.now().timestamp()
        known = self._verified.get(token)
        if known and now < known.expires_at and self._keys.holds(known.key, now=now):
            return known.principal
        self._verified.pop(token, None)
        verified = await self._verify(token, now=now)
        if len(self._verified) >= VERIFIED_TOKENS_MAX:
            del self._verified[next(iter(self._verified))]
        self._verified[token] = verified
        return verified.principal

    async def _verify(self, token: str, *, now: float) -> Verified:
        signature, header = _parse(token)
        key_id = header.get("kid")
        if not isinstance(key_id, str):
            raise UnauthenticatedError("The token does not name its key.")
        is_dev_allowed = self.settings.is_dev_issuer_allowed
        if key_id.startswith(DEV_KEY_ID_PREFIX) and not is_dev_allowed:
            raise DevIssuerRefusedError
        key = await self._keys.find(key_id)
        if key is None:
            raise UnauthenticatedError("The issuer has no such key.")
        if header["alg"] != key.algorithm or not _is_signed(signature, key):
            raise UnauthenticatedError("The signature of the token is wrong.")
        claims = _parse_claims(signature.payload)
        if claims.iss == DEV_ISSUER and not is_dev_allowed:
            raise DevIssuerRefusedError
        self._check(claims, now=now)
        return Verified(claims.principal(), key, claims.exp + LEEWAY_S)

    def _check(self, claims: Claims, *, now: float) -> None:
        audiences = [claims.aud] if isinstance(claims.aud, str) else claims.aud
        if claims.iss != self.settings.issuer:
            raise UnauthenticatedError("The token is from another issuer.")
        if self.settings.audience not in audiences:
            raise UnauthenticatedError("The token is for another audience.")
        if now >= claims.exp + LEEWAY_S:
            raise UnauthenticatedError("The token has expired.")
        if max(claims.iat, claims.nbf or claims.iat) > now + LEEWAY_S:
            raise UnauthenticatedError("The token is not valid yet.")


class DevIssuerRefusedError(UnauthenticatedError):
    def __init__(self) -> None:
        super().__init__(
            "Tokens of the development issuer are not accepted here.", code="dev_issuer_refused"
        )


def _parse(token: str) -> tuple[jws.CompactSignature, dict[str, Any]]:
    if len(token) > TOKEN_CHARACTERS_MAX or not token.isascii():
        raise UnauthenticatedError("The token is not a JSON Web Token.")
    try:
        signature = jws.extract_compact(token.encode(), registry=REGISTRY)
        header = signature.headers()
        REGISTRY.check_header(header)
    except (JoseError, AttributeError, TypeError, ValueError) as error:
        raise UnauthenticatedError("The token is not a JSON Web Token.") from error
    if header["alg"] not in ALGORITHMS:
        raise UnauthenticatedError("The algorithm of the token is not allowed.")
    if str(header.get("typ", "JWT")).lower() not in TOKEN_TYPES:
        raise UnauthenticatedError("The token is of another type.")
    return signature, header


def _is_signed(signature: jws.CompactSignature, key: VerificationKey) -> bool:
    try:
        return jws.validate_compact(signature, key.key, registry=REGISTRY)
    except (JoseError, ValueError):
        return False


def _parse_claims(payload: bytes) -> Claims:
    try:
        return Claims.model_validate_json(payload)
    except ValidationError as error:
        names = ", ".join(
            sorted({str(detail["loc"][0]) for detail in error.errors() if detail["loc"]})
        )
        raise UnauthenticatedError(
            f"The claims of the token do not fit: {names or 'no object'}."
        ) from error
