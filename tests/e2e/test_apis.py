"""The running APIs: what one service has accepted, the next one knows; nothing makes one fail."""

from collections.abc import Generator
from typing import Any, Final
from uuid import uuid4

import httpx2
import pytest
import schemathesis
from fundmix_events.credit_code import check_character
from hypothesis import HealthCheck, Phase, given, settings

from tests.e2e.fundmix import Fundmix

AGENCIES: Final = 20
ANSWER_TIME_S_MAX: Final = 60.0
# Its types are generic in ways that strict checking cannot follow.
api: Final[Any] = schemathesis
CHECKS: Final[list[Any]] = [api.checks.not_a_server_error]
CALLS: Final = settings(
    max_examples=6,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


class Running:
    """An installation of its own: what is sent here must not be found in the sample city."""

    def __init__(self, fundmix: Fundmix) -> None:
        self._fundmix = fundmix
        self.urls: dict[str, str] = fundmix.json("status")["urls"]

    def token(self, role: str, *, org: str | None = None) -> str:
        of_org = () if org is None else (f"--org={org}",)
        return self._fundmix.run("token", role, *of_org).strip()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Generator[Running]:
    fundmix = Fundmix(home=tmp_path_factory.mktemp("apis"))
    fundmix.run("up", "-d")
    try:
        yield Running(fundmix)
    finally:
        fundmix.run("down")


def code_of(prefix: str, number: int) -> str:
    """A credit code that nobody has, with its right check character."""
    first = f"{prefix}441900{number:09d}"
    return first + check_character(first)


def headers(token: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid4()), **more}


def contract(number: str, *, buyer: str, agency: str) -> dict[str, Any]:
    amount = {"amount": "12000.00", "currency": "CNY"}
    return {
        "number": number,
        "title": "社区综合服务项目",
        "buyer": buyer,
        "agency": agency,
        "purchase_mode": "project",
        "service_area": "社区综合服务",
        "people_served": "社区居民",
        "town": "厚街镇",
        "payer_level": "town",
        "signed_on": "2025-01-06",
        "starts_on": "2025-01-10",
        "ends_on": "2025-12-20",
        "ceiling": amount,
        "instalments": [
            {"number": 1, "due_on": "2025-02-01", "amount": amount, "condition": "signing"}
        ],
    }


def test_who_is_registered_can_sign_at_once(running: Running) -> None:
    """Again and again, without a pause: never refused because a replica lags."""
    urls = running.urls
    registrar = running.token("finance_officer")
    buyer = code_of("11", 1)
    officer = running.token("finance_officer", org=buyer)
    with httpx2.Client(timeout=ANSWER_TIME_S_MAX) as client:

        def register(code: str, kind: str) -> str:
            body = {"code": code, "name": f"测试单位{code[-9:]}", "kind": kind}
            url = f"{urls['registry']}/v1/organisations"
            answer = client.post(url, json=body, headers=headers(registrar))
            assert answer.status_code == 201, answer.text
            return answer.headers["Fundmix-Position"]

        known = [register(buyer, "buyer")]
        for number in range(AGENCIES):
            agency = code_of("52", number)
            after = ", ".join([*known, register(agency, "agency")])
            signed = client.post(
                f"{urls['contracts']}/v1/contracts",
                json=contract(f"T-{number}", buyer=buyer, agency=agency),
                headers=headers(officer, **{"Fundmix-After": after}),
            )
            assert signed.status_code == 201, signed.text


@pytest.mark.parametrize(
    ("service", "role", "org"),
    [
        ("registry", "finance_officer", None),
        ("contracts", "finance_officer", code_of("11", 7)),
        ("donations", "agency", code_of("52", 7)),
        ("donations", "donor", code_of("91", 7)),
        ("ledger", "auditor", None),
        ("ledger", "admin", None),
    ],
)
def test_nothing_that_is_sent_makes_a_service_fail(
    running: Running, service: str, role: str, org: str | None
) -> None:
    """Requests made from the service's own OpenAPI document, right and wrong ones."""
    base = running.urls[service]
    schema = api.openapi.from_url(f"{base}/openapi.json")
    token = running.token(role, org=org)
    operations = [found.ok() for found in schema.get_all_operations()]
    assert operations, "the document names operations"
    for operation in operations:

        @CALLS
        @given(case=operation.as_strategy())
        def call(case: Any) -> None:
            case.call_and_validate(base_url=base, headers=headers(token), checks=CHECKS)

        call()
