"""Tokens: what is accepted, what never is, and what happens while the issuer is away."""

import asyncio
import base64
import hmac
import json
import warnings
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fundmix_kit.auth import (
    DEV_ISSUER,
    LEEWAY_S,
    VERIFIED_TOKENS_MAX,
    DevIssuerRefusedError,
    Principal,
    TokenVerifier,
    UnauthenticatedError,
)
from fundmix_kit.jwks import (
    COOL_DOWN_AFTER_FAILURE_S,
    COOL_DOWN_S,
    KEYS_AGE_S_MAX,
    KEYS_FRESH_S,
    IssuerUnavailableError,
)
from fundmix_kit.settings import AuthSettings
from fundmix_kit.testing import FixedClock
from fundmix_kit.testing.edge import KEYS_URL, Issuer
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey

ISSUER: Final = "https://issuer.test"
SETTINGS: Final = AuthSettings(issuer=ISSUER, jwks_url=KEYS_URL)

RSA: Final = RSAKey.generate_key(2048, {"kid": "rsa"})
EC: Final = ECKey.generate_key("P-256", {"kid": "ec"})
ED: Final = OKPKey.generate_key("Ed25519", {"kid": "ed"})
ALGORITHM: Final = {"RSA": "RS256", "EC": "ES256", "OKP": "EdDSA"}


@pytest.fixture(autouse=True)
def quiet_signing() -> Iterator[None]:
    """Joserfc warns when a test signs with EdDSA or a deliberately weak key."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        yield


def public(*keys: Key) -> list[dict[str, Any]]:
    return [key.as_dict(private=False) for key in keys]


def token(
    key: Key, clock: FixedClock, *, header: dict[str, Any] | None = None, **claims: Any
) -> str:
    """A right token; `header` and `claims` replace parts of it, None takes one out."""
    now = int(clock.now().timestamp())
    usual = {
        "iss": ISSUER,
        "aud": "fundmix",
        "sub": "li.na",
        "role": "donor",
        "iat": now,
        "exp": now + 600,
    }
    wanted = {"alg": ALGORITHM.get(key.key_type), "kid": key.kid} | (header or {})
    sent = {name: value for name, value in (usual | claims).items() if value is not None}
    return jwt.encode(
        {name: value for name, value in wanted.items() if value is not None},
        sent,
        key,
        algorithms=[str(wanted["alg"])],
    )


def unsigned(header: object, payload: object, signature: str = "") -> str:
    parts = (encoded(json.dumps(part).encode()) for part in (header, payload))
    return ".".join([*parts, signature])


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def pass_time(clock: FixedClock, seconds: float) -> None:
    clock.advance(timedelta(seconds=seconds))


@pytest.fixture
def issuer() -> Issuer:
    return Issuer(*public(RSA, EC, ED))


@pytest.fixture
def verifier(issuer: Issuer, clock: FixedClock) -> TokenVerifier:
    return issuer.verifier(SETTINGS, clock=clock)


@pytest.mark.parametrize("key", [RSA, EC, ED], ids=["RS256", "ES256", "EdDSA"])
async def test_a_token_signed_with_a_published_key_names_its_principal(
    key: Key, verifier: TokenVerifier, clock: FixedClock
) -> None:
    sent = token(key, clock, org="52440300MJL0000000", level="town", grants=["read:city"])

    assert await verifier.verify(sent) == Principal(
        subject="li.na",
        role="donor",
        org="52440300MJL0000000",
        level="town",
        grants=frozenset({"read:city"}),
    )


async def test_an_audience_among_others_is_accepted(
    verifier: TokenVerifier, clock: FixedClock
) -> None:
    assert await verifier.verify(token(ED, clock, aud=["portal", "fundmix"]))


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://other.test"},
        {"iss": None},
        {"aud": "portal"},
        {"aud": []},
        {"aud": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 101},
        {"sub": "line\nbreak"},
        {"role": None},
        {"role": ["admin"]},
        {"org": 52},
        {"grants": "read:city"},
        {"grants": ["read:city"] * 51},
        {"exp": None},
        {"exp": "2099-01-01"},
        {"exp": True},
        {"exp": float("nan")},
        {"exp": float("inf")},
        {"iat": None},
    ],
    ids=str,
)
async def test_a_token_with_wrong_claims_is_refused(
    claims: dict[str, Any], verifier: TokenVerifier, clock: FixedClock
) -> None:
    with pytest.raises(UnauthenticatedError):
        await verifier.verify(token(ED, clock, **claims))


async def test_a_token_is_accepted_until_it_expires_and_the_leeway_has_passed(
    verifier: TokenVerifier, clock: FixedClock
) -> None:
    sent = token(ED, clock)

    pass_time(clock, 600 + LEEWAY_S - 1)
    assert await verifier.verify(sent)

    pass_time(clock, 1)
    with pytest.raises(UnauthenticatedError, match="expired"):
        await verifier.verify(sent)


@pytest.mark.parametrize("claim", ["nbf", "iat"])
async def test_a_token_of_the_future_is_not_valid_yet(
    claim: str, verifier: TokenVerifier, clock: FixedClock
) -> None:
    begins = clock.now().timestamp() + LEEWAY_S + 1
    claims: dict[str, Any] = {claim: begins}
    sent = token(ED, clock, **claims)

    with pytest.raises(UnauthenticatedError, match="not valid yet"):
        await verifier.verify(sent)

    pass_time(clock, 1)
    assert await verifier.verify(sent)


async def test_a_token_signed_with_another_key_of_the_same_id_is_refused(
    verifier: TokenVerifier, clock: FixedClock
) -> None:
    forged = OKPKey.generate_key("Ed25519", {"kid": "ed"})

    with pytest.raises(UnauthenticatedError, match="signature"):
        await verifier.verify(token(forged, clock))


async def test_a_changed_payload_is_refused(verifier: TokenVerifier, clock: FixedClock) -> None:
    head, _, signature = token(ED, clock).split(".")
    _, payload, _ = token(ED, clock, role="admin").split(".")

    with pytest.raises(UnauthenticatedError, match="signature"):
        await verifier.verify(f"{head}.{payload}.{signature}")


@pytest.mark.parametrize("algorithm", ["none", "None", "nOnE", "", None, 7])
async def test_a_token_without_signature_is_refused(
    algorithm: object, verifier: TokenVerifier, clock: FixedClock
) -> None:
    _, payload, _ = token(ED, clock).split(".")
    head, _, _ = unsigned({"alg": algorithm, "kid": "ed"}, {}).split(".")

    with pytest.raises(UnauthenticatedError):
        await verifier.verify(f"{head}.{payload}.")


async def test_a_public_key_is_no_shared_secret(verifier: TokenVerifier, clock: FixedClock) -> None:
    head = unsigned({"alg": "HS256", "kid": "rsa"}, {}).split(".")[0]
    signed = f"{head}.{token(RSA, clock).split('.')[1]}"
    signature = hmac.digest(RSA.as_pem(private=False), signed.encode(), "sha256")

    with pytest.raises(UnauthenticatedError, match="algorithm"):
        await verifier.verify(f"{signed}.{encoded(signature)}")


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
async def test_an_algorithm_outside_the_list_is_refused_for_a_right_key(
    algorithm: str, verifier: TokenVerifier, clock: FixedClock
) -> None:
    with pytest.raises(UnauthenticatedError, match="algorithm"):
        await verifier.verify(token(RSA, clock, header={"alg": algorithm}))


async def test_the_key_decides_the_algorithm_and_not_the_token(
    verifier: TokenVerifier, clock: FixedClock
) -> None:
    with pytest.raises(UnauthenticatedError, match="signature"):
        await verifier.verify(token(RSA, clock, header={"kid": "ec"}))


@pytest.mark.parametrize(
    "header",
    [{"kid": None}, {"kid": 7}, {"typ": "dpop+jwt"}, {"crit": ["exp2"], "exp2": 1}],
    ids=str,
)
async def test_a_header_we_cannot_follow_is_refused(
    header: dict[str, Any], verifier: TokenVerifier, clock: FixedClock
) -> None:
    head = {name: v for name, v in ({"alg": "EdDSA", "kid": "ed"} | header).items() if v}
    _, payload, signature = token(ED, clock).split(".")
    sent = unsigned(head, {}).split(".")[0]

    with pytest.raises(UnauthenticatedError):
        await verifier.verify(f"{sent}.{payload}.{signature}")


@pytest.mark.parametrize(
    "sent",
    [
        "",
        ".",
        "..",
        "....",
        "a.b.c",
        "Ж.Ж.Ж",
        "x" * 100_000,
        unsigned([], {}),
        unsigned(["alg"], {}),
        unsigned("alg", {}),
        unsigned(None, {}),
        unsigned({"alg": ["EdDSA"], "kid": "ed"}, {}),
        unsigned({"alg": "EdDSA", "kid": "ed", "crit": 7}, {}),
        unsigned({"alg": "EdDSA", "kid": "ed", "b64": False, "crit": ["b64"]}, {}),
        unsigned({"alg": "EdDSA", "kid": "ed", "jwk": 7}, {}),
    ],
)
async def test_what_is_no_token_is_refused(sent: str, verifier: TokenVerifier) -> None:
    with pytest.raises(UnauthenticatedError):
        await verifier.verify(sent)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
headers = json_values | st.fixed_dictionaries(
    {"alg": st.sampled_from(["EdDSA", "ES256", "RS256", "none"]), "kid": json_values},
    optional=dict.fromkeys(("crit", "typ", "b64", "x5c", "jku"), json_values),
)


@given(header=headers, payload=json_values, signature=st.text("abcAB_-=", max_size=90))
def test_no_invented_token_is_accepted_or_breaks_the_verifier(
    header: object, payload: object, signature: str
) -> None:
    verifier = Issuer(*public(ED)).verifier(SETTINGS, clock=FixedClock())

    with pytest.raises(UnauthenticatedError):
        asyncio.run(verifier.verify(unsigned(header, payload, signature)))


async def test_a_payload_that_is_no_object_is_refused_though_signed(
    verifier: TokenVerifier,
) -> None:
    head = unsigned({"alg": "EdDSA", "kid": "ed"}, {}).split(".")[0]
    signed = f"{head}.{encoded(json.dumps('admin').encode())}"
    private = ED.private_key
    assert isinstance(private, Ed25519PrivateKey)

    with pytest.raises(UnauthenticatedError, match="no object"):
        await verifier.verify(f"{signed}.{encoded(private.sign(signed.encode()))}")


async def test_the_keys_are_fetched_once_however_many_ask(
    verifier: TokenVerifier, issuer: Issuer, clock: FixedClock
) -> None:
    sent = [token(key, clock, sub=f"s{n}") for key in (RSA, EC, ED) for n in range(5)]

    await asyncio.gather(*map(verifier.verify, sent))

    assert issuer.requests == 1


async def test_a_new_key_is_found_by_one_refresh(
    verifier: TokenVerifier, issuer: Issuer, clock: FixedClock
) -> None:
    await verifier.verify(token(ED, clock))
    new = OKPKey.generate_key("Ed25519", {"kid": "new"})
    issuer.publish(*public(ED, new))
    pass_time(clock, COOL_DOWN_S)

    assert await verifier.verify(token(new, clock))
    assert issuer.requests == 2


async def test_invented_key_ids_do_not_become_requests_to_the_issuer(
    verifier: TokenVerifier, issuer: Issuer, clock: FixedClock
) -> None:
    for number in range(20):
        with pytest.raises(UnauthenticatedError, match="no such key"):
            await verifier.verify(token(ED, clock, header={"kid": f"invented-{number}"}))

    assert issuer.requests == 1


async def test_a_withdrawn_key_ends_with_the_next_refresh_also_for_tokens_seen_before(
    verifier: TokenVerifier, issuer: Issuer, clock: FixedClock
) -> None:
    sent = token(ED, clock, exp=int(clock.now().timestamp()) + 86_400)
    await verifier.verify(sent)
    issuer.publish(*public(RSA))

    pass_time(clock, KEYS_FRESH_S - 1)
    assert await verifier.verify(sent)

    pass_time(clock, 1)
    with pytest.raises(UnauthenticatedError, match="no such key"):
        await verifier.verify(sent)


async def test_a_replaced_key_of_the_same_id_ends_what_the_old_one_signed(
    verifier: TokenVerifier, issuer: Issuer, clock: FixedClock
) -> None:
    sent = token(ED, clock, exp=int(clock.now().timestamp()) + 86_400)
    await verifier.verify(sent)
    issuer.publish(*public(OKPKey.generate_key("Ed25519", {"kid": "ed"})))
    pass_time(clock, KEYS_FRESH_S)

    with pytest.raises(UnauthenticatedError, match="signature"):
        await verifier.verify(sent)


async def test_an_issuer_that_is_away_at_the_start_is_a_passing_failure(
    verifier: TokenVerifier, issuer: Issuer, clock: FixedClock
) -> None:
    issuer.is_away = True
    for _ in range(3):
        with pytest.raises(IssuerUnavailableError):
            await verifier.verify(token(ED, clock))
    assert issuer.requests == 1

    issuer.is_away = False
    pass_time(clock, COOL_DOWN_AFTER_FAILURE_S)

    assert await verifier.verify(token(ED, clock))


async def test_known_keys_outlast_an_issuer_that_is_away_but_not_for_ever(
    verifier: TokenVerifier, issuer: Issuer, clock: FixedClock
) -> None:
    sent = token(ED, clock, exp=int(clock.now().timestamp()) + 86_400)
    await verifier.verify(sent)
    issuer.is_away = True

    pass_time(clock, KEYS_AGE_S_MAX - 1)
    assert await verifier.verify(sent)

    pass_time(clock, 1)
    with pytest.raises(IssuerUnavailableError):
        await verifier.verify(sent)


async def test_an_unknown_key_cannot_be_judged_while_the_issuer_is_away(
    verifier: TokenVerifier, issuer: Issuer, clock: FixedClock
) -> None:
    await verifier.verify(token(ED, clock))
    issuer.is_away = True
    pass_time(clock, COOL_DOWN_S)

    for _ in range(2):
        with pytest.raises(IssuerUnavailableError):
            await verifier.verify(token(ED, clock, header={"kid": "new"}))


@pytest.mark.parametrize("document", [[], {}, {"keys": 1}, {"keys": [1]}, "x"], ids=str)
async def test_a_document_that_is_no_key_set_is_a_passing_failure(
    document: object, verifier: TokenVerifier, issuer: Issuer, clock: FixedClock
) -> None:
    issuer.document = document

    with pytest.raises(IssuerUnavailableError):
        await verifier.verify(token(ED, clock))


def weak_rsa() -> Key:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        return RSAKey.generate_key(1024, {"kid": "odd"})


@pytest.mark.parametrize(
    ("key", "published"),
    [
        (weak_rsa(), {}),
        (RSA, {"kid": "odd", "use": "enc"}),
        (RSA, {"kid": "odd", "alg": "PS256"}),
        (RSA, {"kid": "odd", "n": "!"}),
        (RSA, {"kid": "odd", "kty": "AKP"}),
        (ECKey.generate_key("P-384", {"kid": "odd"}), {}),
    ],
    ids=["too short", "for encryption", "other algorithm", "broken", "unknown type", "other curve"],
)
async def test_a_published_key_we_may_not_use_verifies_nothing_and_harms_no_other(
    key: Key, published: dict[str, Any], verifier: TokenVerifier, issuer: Issuer, clock: FixedClock
) -> None:
    issuer.publish(public(key)[0] | published, *public(ED))
    algorithm = "RS256" if key.key_type == "RSA" else "ES384"

    with pytest.raises(UnauthenticatedError):
        await verifier.verify(token(key, clock, header={"kid": "odd", "alg": algorithm}))
    assert await verifier.verify(token(ED, clock))


async def test_a_published_secret_verifies_nothing(
    verifier: TokenVerifier, issuer: Issuer, clock: FixedClock
) -> None:
    secret = OctKey.generate_key(256, {"kid": "secret"})
    issuer.publish(secret.as_dict(private=True))

    with pytest.raises(UnauthenticatedError):
        await verifier.verify(token(secret, clock, header={"alg": "HS256"}))


async def test_the_number_of_tokens_remembered_is_bounded(
    verifier: TokenVerifier, clock: FixedClock
) -> None:
    for number in range(VERIFIED_TOKENS_MAX + 10):
        await verifier.verify(token(ED, clock, sub=f"s{number}"))

    assert len(verifier._verified) == VERIFIED_TOKENS_MAX  # pyright: ignore[reportPrivateUsage]  # nothing outside shows it


DEV_KEY: Final = OKPKey.generate_key("Ed25519", {"kid": "fundmix-dev-1"})


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        (SETTINGS, DEV_KEY),
        (AuthSettings(issuer=DEV_ISSUER, jwks_url=KEYS_URL), ED),
    ],
    ids=["by its key", "by its name"],
)
async def test_the_dev_issuer_is_refused_where_it_is_not_allowed(
    settings: AuthSettings, key: Key, clock: FixedClock
) -> None:
    verifier = Issuer(*public(key)).verifier(settings, clock=clock)

    with pytest.raises(DevIssuerRefusedError):
        await verifier.verify(token(key, clock, iss=settings.issuer))


async def test_the_dev_issuer_is_accepted_where_it_is_allowed(clock: FixedClock) -> None:
    settings = AuthSettings(issuer=DEV_ISSUER, jwks_url=KEYS_URL, is_dev_issuer_allowed=True)
    verifier = Issuer(*public(DEV_KEY)).verifier(settings, clock=clock)

    assert await verifier.verify(token(DEV_KEY, clock, iss=DEV_ISSUER))
