"""The dev issuer signs for this machine, and for nobody else."""

import stat
import warnings
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from fundmix_cli.claims import Claims
from fundmix_cli.issuer import build_app
from fundmix_cli.issuer_key import IssuerKey
from fundmix_events.roles import Role
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import KeySet


def a_client(home: Path, *, peer: str = "127.0.0.1", host: str = "127.0.0.1") -> TestClient:
    app = build_app(IssuerKey.open(home))
    return TestClient(app, base_url=f"http://{host}", client=(peer, 50_000))


def verified(token: str, jwks: Any) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        return jwt.decode(token, KeySet.import_key_set(jwks), algorithms=["EdDSA"]).claims


def test_a_token_states_what_was_asked_and_its_key_is_published(tmp_path: Path) -> None:
    client = a_client(tmp_path)
    wanted = {"role": "agency", "org": "52441900MJL1234567", "level": "city", "lifetime_s": 60}

    answer: Any = client.post("/token", json=wanted | {"grants": ["read:city"]}).json()

    jwks: Any = client.get("/.well-known/jwks.json").json()
    claims = verified(answer["access_token"], jwks)
    assert claims | wanted == claims | {"lifetime_s": 60}
    assert claims["grants"] == ["read:city"]
    assert claims["iss"] == "urn:fundmix:dev-issuer"
    assert claims["aud"] == "fundmix"
    assert claims["exp"] - claims["iat"] == answer["expires_in"] == 60
    assert jwks["keys"][0]["kid"].startswith("fundmix-dev-")
    assert "d" not in jwks["keys"][0]


@pytest.mark.parametrize("wrong", [{"role": "king"}, {"role": "donor", "extra": 1}, {}])
def test_a_wrong_request_gets_no_token(tmp_path: Path, wrong: dict[str, object]) -> None:
    assert a_client(tmp_path).post("/token", json=wrong).status_code == 422


def test_another_machine_gets_no_token(tmp_path: Path) -> None:
    client = a_client(tmp_path, peer="192.0.2.7")

    assert client.post("/token", json={"role": "admin"}).status_code == 403


def test_a_web_page_under_another_host_name_gets_no_token(tmp_path: Path) -> None:
    client = a_client(tmp_path, host="evil.example")

    assert client.post("/token", json={"role": "admin"}).status_code == 400


def test_the_key_is_kept_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    token = IssuerKey.open(tmp_path).token(Claims(role=Role.AUDITOR))

    assert verified(token, IssuerKey.open(tmp_path).jwks)["sub"] == "auditor"
    assert stat.S_IMODE((tmp_path / "issuer" / "key.json").stat().st_mode) == 0o600
