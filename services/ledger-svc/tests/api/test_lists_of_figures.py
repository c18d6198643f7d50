"""Lists of figures say what they count, as single figures do."""

from dataclasses import replace
from typing import Any, Final

from fundmix_events.testing import samples
from fundmix_events.testing.samples import AGENCY
from fundmix_kit.testing.api import Api
from fundmix_kit.testing.inlet import Inlet, incoming
from ledger_svc.apply import Prepared

ON: Final = "2024-12-31"


async def test_lists_of_figures_say_what_they_count_and_what_waits(
    api: Api, inlet: Inlet[Prepared]
) -> None:
    await inlet.post(samples.donation_received("100.00"))
    await inlet.deliver([replace(incoming(samples.pledge_made("1.00"), number=2), value=b"{")])
    whose = {"agency": AGENCY}
    paths: list[tuple[str, dict[str, Any]]] = [
        ("/v1/balances", {}),
        ("/v1/balances", {"on": ON}),
        ("/v1/period-balances", {"year": 2024}),
        ("/v1/funds", {}),
        ("/v1/lots", {**whose, "fund_code": "general"}),
        ("/v1/advances", {}),
        ("/v1/cut-off", {"around": ON}),
        ("/v1/spending-limits", {**whose, "year": 2024}),
    ]

    auditor = api.caller("auditor")
    answers = [(await auditor.get(path, **query)).json() for path, query in paths]

    assert [(a["seq"], a["quarantined"]) for a in answers] == [(1, 1)] * len(paths)
