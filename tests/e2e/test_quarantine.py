"""A message that can never work: seen, counted, retried in vain, and dismissed by a person."""

from typing import Final

import pytest

from tests.e2e.fundmix import Fundmix
from tests.e2e.nonsense import send_nonsense, the_quarantined

REASON: Final = "sent by hand"

pytestmark = pytest.mark.timeout(900)


async def test_nonsense_is_put_aside_until_a_person_decides(demonstrated: Fundmix) -> None:
    before = demonstrated.json("mix", "--year=2024")
    await send_nonsense(demonstrated)

    item = the_quarantined(demonstrated)
    number = str(item["id"])

    assert (item["service"], item["topic"], item["state"]) == (
        "ledger",
        "fundmix.contracts",
        "open",
    )
    assert "oops" in demonstrated.run("quarantine", "show", number)
    assert item["reason"] in demonstrated.run("quarantine", "list")
    assert demonstrated.json("mix", "--year=2024") == before | {"quarantined": 1}
    assert "1 event is in quarantine" in demonstrated.run("mix", "--year=2024")
    assert "still_poison" in demonstrated.run("quarantine", "retry", number, exit_code=1)

    dismissed = demonstrated.json("quarantine", "dismiss", number, f"--reason={REASON}")

    assert (dismissed["state"], dismissed["decision"]) == ("dismissed", REASON)
    assert "already_decided" in demonstrated.run(
        "quarantine", "dismiss", number, "--reason=again", exit_code=1
    )
    assert demonstrated.run("quarantine", "list").strip() == "the quarantine is empty"
    assert REASON in demonstrated.run("quarantine", "show", number)
    assert demonstrated.json("mix", "--year=2024") == before


def test_what_is_not_in_quarantine_cannot_be_shown(demonstrated: Fundmix) -> None:
    told = demonstrated.run("quarantine", "show", "99999", "--service=contracts", exit_code=1)

    assert "not_quarantined" in told
