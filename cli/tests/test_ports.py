"""Two installations on one machine do not get in each other's way."""

from pathlib import Path

import pytest
from fundmix_cli.ports import NoPortFreeError, PortClaims

# Away from what other tests and other installations on this machine use.
PREFERRED = 28_010


def test_the_second_installation_gets_the_next_port(tmp_path: Path) -> None:
    with PortClaims(tmp_path) as first, PortClaims(tmp_path) as second:
        one = first.claim_all({"api": PREFERRED}, kept={})
        other = second.claim_all({"api": PREFERRED}, kept={})

    assert (other["api"] - one["api"]) % 100 == 0
    assert other != one


def test_a_claim_ends_with_its_holder(tmp_path: Path) -> None:
    with PortClaims(tmp_path) as first:
        one = first.claim_all({"api": PREFERRED}, kept={})
    with PortClaims(tmp_path) as second:
        other = second.claim_all({"api": PREFERRED}, kept={})

    assert other == one


def test_a_kept_port_is_kept_while_it_is_free(tmp_path: Path) -> None:
    with PortClaims(tmp_path) as claims:
        ports = claims.claim_all({"api": PREFERRED}, kept={"api": PREFERRED + 300})

    assert ports == {"api": PREFERRED + 300}


def test_a_search_ends(tmp_path: Path) -> None:
    with PortClaims(tmp_path) as claims:
        claims.claim_all({"api": 65_500}, kept={})
        with pytest.raises(NoPortFreeError):
            claims.claim_all({"api": 65_500}, kept={})
