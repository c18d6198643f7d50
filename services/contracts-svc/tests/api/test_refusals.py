"""Whatever is wrong is refused with the right problem, and leaves nothing behind."""

from typing import Any, Final
from uuid import UUID

import pytest
from fundmix_kit.ids import uuid7
from fundmix_kit.testing.api import Api, Caller, refusal
from fundmix_kit.testing.contents import nothing_written

BUYER: Final = "11441900AHP4983MNR"
AGENCY: Final = "52441900AJC6XAY6DW"
ENTERPRISE: Final = "91441900LX8R25H7GP"
# Of the right form, but of nobody in the register.
UNKNOWN: Final = "52441900MLJE5F680K"
NOBODYS: Final = UUID(int=1)


def yuan(amount: Any) -> dict[str, Any]:
    return {"amount": amount, "currency": "CNY"}


def scheduled(*amounts: Any) -> list[dict[str, Any]]:
    return [
        {"number": n, "due_on": "2024-03-12", "amount": yuan(amount), "condition": "signing"}
        for n, amount in enumerate(amounts, 1)
    ]


AMOUNTS: Final = [
    ("0.001", "amount_too_precise"),
    ("1000.000", "amount_too_precise"),
    ("-1000.00", "amount_not_positive"),
    ("0.00", "amount_not_positive"),
    ("100000000000.01", "amount_too_large"),
    ("1e3", "amount_not_a_number"),
    ("1,000.00", "amount_not_a_number"),
    ("１０００.00", "amount_not_a_number"),
    ("NaN", "amount_not_a_number"),
    ("", "amount_not_a_number"),
    (1000.0, "amount_not_text"),
    (1000, "amount_not_text"),
]

# What is sent in place of what is right, where it is wrong, and how that is called.
MISFITS: Final[list[tuple[dict[str, Any], str, str]]] = [
    *(({"ceiling": yuan(amount)}, "/ceiling", code) for amount, code in AMOUNTS),
    *(
        ({"instalments": [*scheduled("600.00"), *scheduled(amount)]}, "/instalments/1/amount", code)
        for amount, code in AMOUNTS
    ),
    ({"ceiling": {"amount": "1.00"}}, "/ceiling", "currency_missing"),
    ({"ceiling": {"amount": "1.00", "currency": "USD"}}, "/ceiling/currency", "enum"),
    ({"ceiling": {"amount_minor": 100}}, "/ceiling", "amount_missing"),
    ({"agency": "52441900AJC6XAY6DX"}, "/agency", "credit_code_check"),
    ({"buyer": "11441900AHP4983MN"}, "/buyer", "credit_code_length"),
    ({"buyer": "11441900AHP4983MIR"}, "/buyer", "credit_code_character"),
    ({"number": "DG\u0007"}, "/number", "text_control_character"),
    ({"title": "购买\u0000服务"}, "/title", "text_control_character"),
    ({"title": "购买\n服务"}, "/title", "text_control_character"),
    ({"town": "\u202e镇"}, "/town", "text_control_character"),
    ({"title": "x" * 201}, "/title", "string_too_long"),
    ({"number": " "}, "/number", "string_too_short"),
    ({"signed_on": "2024-02-30"}, "/signed_on", "date_from_datetime_parsing"),
    ({"signed_on": 0}, "/signed_on", "day_not_written_so"),
    ({"signed_on": "0001-01-01"}, "/signed_on", "day_too_early"),
    ({"purchase_mode": "gift"}, "/purchase_mode", "enum"),
    ({"posts": 0}, "/posts", "greater_than_equal"),
    ({"instalments": []}, "/instalments", "too_short"),
    ({"instalments": scheduled(*["1.00"] * 100)}, "/instalments", "too_long"),
    ({"paid": yuan("0.00")}, "/paid", "extra_forbidden"),
]

# What fits in itself, but not to the rest or to the rules.
CONTRADICTIONS: Final[list[tuple[dict[str, Any], str, str]]] = [
    ({"instalments": scheduled("600.00", "400.01")}, "/instalments", "contradictory_terms"),
    ({"instalments": scheduled("600.00", "399.99")}, "/instalments", "contradictory_terms"),
    (
        {"instalments": scheduled("100000000000.00", "100000000000.00")},
        "/instalments",
        "contradictory_terms",
    ),
    (
        {"instalments": [{**scheduled("1000.00")[0], "number": 2}]},
        "/instalments/0/number",
        "contradictory_terms",
    ),
    ({"ends_on": "2024-03-01"}, "/ends_on", "contradictory_terms"),
    ({"ends_on": "2027-03-02"}, "/ends_on", "contradictory_terms"),
    ({"starts_on": "9999-12-30", "ends_on": "9999-12-29"}, "/ends_on", "contradictory_terms"),
    ({"purchase_mode": "project"}, "/posts", "contradictory_terms"),
    ({"published_on": "2024-02-20"}, "/published_on", "contradictory_terms"),
    ({"filed_on": "2024-02-20"}, "/filed_on", "contradictory_terms"),
    ({"signed_on": "9999-01-01"}, "/signed_on", "future_date"),
    ({"published_on": "9999-01-01"}, "/published_on", "future_date"),
    ({"filed_on": "9999-01-01"}, "/filed_on", "future_date"),
    ({"agency": UNKNOWN}, "/agency", "unknown_organisation"),
    ({"agency": ENTERPRISE}, "/agency", "wrong_party"),
]


@pytest.fixture(scope="module")
def signer(shared_api: Api) -> Caller:
    return shared_api.caller("finance_officer", subject="li.na", org=BUYER)


@pytest.fixture(scope="module")
def payer(shared_api: Api) -> Caller:
    return shared_api.caller("finance_officer", subject="wang.wei", org=BUYER)


@pytest.fixture
async def contract(signer: Caller, terms: dict[str, Any]) -> str:
    """The path of a contract, whose second instalment is approved by the signer."""
    answer = await signer.post("/v1/contracts", terms | {"number": str(uuid7())})
    path: str = answer.headers["location"]
    assert (await signer.post(f"{path}/instalments/2/approve", {})).is_success
    return path


def payment(**values: Any) -> dict[str, Any]:
    usual = {"amount": yuan("400.00"), "paid_on": "2024-12-18", "bank_reference": str(uuid7())}
    return usual | values


@pytest.mark.parametrize(("wrong", "pointer", "code"), MISFITS)
async def test_terms_that_do_not_fit_are_refused_at_their_field(
    wrong: dict[str, Any],
    pointer: str,
    code: str,
    shared_api: Api,
    signer: Caller,
    terms: dict[str, Any],
) -> None:
    async with nothing_written(shared_api.database):
        answer = await signer.post("/v1/contracts", terms | wrong)

    assert refusal(answer) == (422, "invalid_request", {pointer: code})


@pytest.mark.parametrize(("wrong", "pointer", "code"), CONTRADICTIONS)
async def test_terms_against_the_rules_are_refused_at_their_field(
    wrong: dict[str, Any],
    pointer: str,
    code: str,
    shared_api: Api,
    signer: Caller,
    terms: dict[str, Any],
) -> None:
    async with nothing_written(shared_api.database):
        answer = await signer.post("/v1/contracts", terms | wrong)

    assert refusal(answer) == (422, code, {pointer: code})


async def test_all_that_does_not_fit_is_told_at_once(signer: Caller, terms: dict[str, Any]) -> None:
    wrong = {"agency": "x", "title": "", "ceiling": yuan("0.001")}

    answer = await signer.post("/v1/contracts", terms | wrong)

    assert refusal(answer).errors == {
        "/agency": "credit_code_length",
        "/title": "string_too_short",
        "/ceiling": "amount_too_precise",
    }


async def test_a_buyer_that_is_not_in_the_register_is_refused(
    shared_api: Api, terms: dict[str, Any]
) -> None:
    stranger = shared_api.caller("finance_officer", org=UNKNOWN)

    async with nothing_written(shared_api.database):
        answer = await stranger.post("/v1/contracts", terms | {"buyer": UNKNOWN})

    assert refusal(answer) == (422, "unknown_organisation", {"/buyer": "unknown_organisation"})


async def test_an_agency_does_not_buy(shared_api: Api, terms: dict[str, Any]) -> None:
    officer = shared_api.caller("finance_officer", org=AGENCY)

    async with nothing_written(shared_api.database):
        answer = await officer.post("/v1/contracts", terms | {"buyer": AGENCY})

    assert refusal(answer) == (422, "wrong_party", {"/buyer": "wrong_party"})


async def test_an_officer_of_one_level_does_not_act_for_the_other(
    shared_api: Api, contract: str, terms: dict[str, Any]
) -> None:
    officer = shared_api.caller("finance_officer", org=BUYER, level="city")

    async with nothing_written(shared_api.database):
        signed = await officer.post("/v1/contracts", terms)
        approved = await officer.post(f"{contract}/instalments/1/approve", {})

    assert refusal(signed) == refusal(approved) == (403, "foreign_level", {})


async def test_a_number_is_used_for_one_contract(
    shared_api: Api, signer: Caller, contract: str, terms: dict[str, Any]
) -> None:
    number = (await signer.get(contract)).json()["number"]

    async with nothing_written(shared_api.database):
        answer = await signer.post("/v1/contracts", terms | {"number": number})

    assert refusal(answer) == (409, "contract_number_taken", {"/number": "contract_number_taken"})


async def test_an_officer_approves_the_amount_he_expects(
    shared_api: Api, signer: Caller, contract: str
) -> None:
    async with nothing_written(shared_api.database):
        answer = await signer.post(f"{contract}/instalments/1/approve", {"payable": yuan("599.99")})

    assert refusal(answer) == (422, "payment_mismatch", {"/payable/amount": "payment_mismatch"})


async def test_an_instalment_is_approved_only_once(
    shared_api: Api, signer: Caller, contract: str
) -> None:
    async with nothing_written(shared_api.database):
        answer = await signer.post(f"{contract}/instalments/2/approve", {})

    assert refusal(answer) == (409, "instalment_state", {})


async def test_an_instalment_is_paid_only_after_its_approval(
    shared_api: Api, payer: Caller, contract: str
) -> None:
    async with nothing_written(shared_api.database):
        answer = await payer.post(f"{contract}/instalments/1/pay", payment(amount=yuan("600.00")))

    assert refusal(answer) == (409, "instalment_state", {})


async def test_an_instalment_is_paid_only_once(
    shared_api: Api, payer: Caller, contract: str
) -> None:
    assert (await payer.post(f"{contract}/instalments/2/pay", payment())).is_success

    async with nothing_written(shared_api.database):
        answer = await payer.post(f"{contract}/instalments/2/pay", payment())

    assert refusal(answer) == (409, "instalment_state", {})


async def test_who_approved_does_not_pay(shared_api: Api, signer: Caller, contract: str) -> None:
    async with nothing_written(shared_api.database):
        answer = await signer.post(f"{contract}/instalments/2/pay", payment())

    assert refusal(answer) == (409, "same_person", {})


@pytest.mark.parametrize("amount", ["399.99", "400.01", "0.00"])
async def test_nothing_else_is_paid_than_was_approved(
    amount: str, shared_api: Api, payer: Caller, contract: str
) -> None:
    async with nothing_written(shared_api.database):
        answer = await payer.post(f"{contract}/instalments/2/pay", payment(amount=yuan(amount)))

    assert refusal(answer) == (422, "payment_mismatch", {"/amount/amount": "payment_mismatch"})


async def test_a_bank_has_not_paid_on_a_day_to_come(
    shared_api: Api, payer: Caller, contract: str
) -> None:
    async with nothing_written(shared_api.database):
        answer = await payer.post(f"{contract}/instalments/2/pay", payment(paid_on="9999-01-01"))

    assert refusal(answer) == (422, "future_date", {"/paid_on": "future_date"})


async def test_a_bank_reference_pays_one_instalment(
    shared_api: Api, signer: Caller, payer: Caller, contract: str
) -> None:
    paid = payment()
    assert (await payer.post(f"{contract}/instalments/2/pay", paid)).is_success
    assert (await signer.post(f"{contract}/instalments/1/approve", {})).is_success

    async with nothing_written(shared_api.database):
        answer = await payer.post(
            f"{contract}/instalments/1/pay", paid | {"amount": yuan("600.00")}
        )

    assert refusal(answer) == (
        409,
        "bank_reference_used",
        {"/bank_reference": "bank_reference_used"},
    )


@pytest.mark.parametrize("action", ["approve", "pay"])
async def test_an_action_on_another_version_than_the_one_read_is_refused(
    action: str, shared_api: Api, payer: Caller, contract: str
) -> None:
    body = payment() if action == "pay" else {}

    async with nothing_written(shared_api.database):
        answer = await payer.post(
            f"{contract}/instalments/2/{action}", body, headers={"If-Match": '"1"'}
        )

    assert refusal(answer) == (412, "version_mismatch", {})
    assert answer.headers["etag"] == '"2"'


async def test_a_version_that_is_none_is_refused(
    shared_api: Api, signer: Caller, contract: str
) -> None:
    async with nothing_written(shared_api.database):
        answer = await signer.post(
            f"{contract}/instalments/1/approve", {}, headers={"If-Match": "2"}
        )

    assert refusal(answer)[:2] == (400, "if_match_invalid")


async def test_an_unknown_contract_or_instalment_is_not_found(
    shared_api: Api, signer: Caller, contract: str
) -> None:
    unknown = f"/v1/contracts/{NOBODYS}"

    async with nothing_written(shared_api.database):
        read = await signer.get(unknown)
        approved = await signer.post(f"{unknown}/instalments/1/approve", {})
        paid = await signer.post(f"{contract}/instalments/3/pay", payment())

    assert refusal(read) == refusal(approved) == (404, "contract_not_found", {})
    assert refusal(paid) == (404, "instalment_not_found", {})


@pytest.mark.parametrize(
    ("path", "pointer", "code"),
    [
        ("/v1/contracts/17/instalments/1/approve", "#path/contract_id", "uuid_parsing"),
        (f"/v1/contracts/{NOBODYS}/instalments/0/approve", "#path/number", "greater_than_equal"),
        (f"/v1/contracts/{NOBODYS}/instalments/100/approve", "#path/number", "less_than_equal"),
        (f"/v1/contracts/{NOBODYS}/instalments/x/approve", "#path/number", "int_parsing"),
    ],
)
async def test_a_path_that_can_be_none_is_told_from_an_unknown_one(
    path: str, pointer: str, code: str, signer: Caller
) -> None:
    assert refusal(await signer.post(path, {})) == (422, "invalid_request", {pointer: code})


@pytest.mark.parametrize(
    ("path", "query", "pointer", "code"),
    [
        ("/v1/contracts", {"limit": 201}, "#query/limit", "less_than_equal"),
        ("/v1/contracts", {"buyer": "x"}, "#query/buyer", "credit_code_length"),
        ("/v1/contracts", {"number": "\u0000"}, "#query/number", "text_control_character"),
        ("/v1/contracts", {"cursor": "WyJ4Il0"}, "#query/cursor", "cursor_invalid"),
        # ["2024-01-01", "00000000-0000-0000-0000-000000000000", "pay", 1000000000000]: no integer
        # of PostgreSQL's.
        *(
            (
                path,
                {
                    "cursor": "WyIyMDI0LTAxLTAxIiwiMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAt"
                    "MDAwMDAwMDAwMDAwIiwicGF5IiwxMDAwMDAwMDAwMDAwXQ"
                },
                "#query/cursor",
                "cursor_invalid",
            )
            for path in ("/v1/todo", "/v1/obligations")
        ),
    ],
)
async def test_a_list_refuses_what_it_does_not_understand(
    path: str, query: dict[str, Any], pointer: str, code: str, signer: Caller
) -> None:
    answer = await signer.get(path, **query)

    assert refusal(answer) == (422, "invalid_request", {pointer: code})


async def test_a_body_too_large_is_refused_unread(
    shared_api: Api, signer: Caller, terms: dict[str, Any]
) -> None:
    async with nothing_written(shared_api.database):
        answer = await signer.post("/v1/contracts", terms | {"title": "x" * 1_100_000})

    assert refusal(answer) == (413, "body_too_large", {})


async def test_a_key_used_for_another_contract_is_refused(
    shared_api: Api, signer: Caller, terms: dict[str, Any]
) -> None:
    body = terms | {"number": str(uuid7())}
    assert (await signer.post("/v1/contracts", body, key="once")).is_success

    async with nothing_written(shared_api.database):
        answer = await signer.post("/v1/contracts", body | {"title": "别的服务"}, key="once")

    assert refusal(answer) == (422, "idempotency_key_reused", {})


@pytest.mark.parametrize(
    ("path", "content", "code"),
    [
        ("/v1/contracts", "{", "malformed_json"),
        ("/v1/contracts", b"\xff", "malformed_json"),
        ("/v1/contracts", "[" * 5_000, "malformed_json"),
    ],
)
async def test_what_is_no_json_is_refused(
    path: str, content: str | bytes, code: str, shared_api: Api
) -> None:
    headers = shared_api.tokens.headers("finance_officer", org=BUYER) | {
        "Idempotency-Key": str(uuid7()),
        "Content-Type": "application/json",
    }

    async with nothing_written(shared_api.database):
        answer = await shared_api.client.post(path, content=content, headers=headers)

    assert refusal(answer)[:2] == (400, code)


async def test_a_command_must_have_a_key(shared_api: Api, terms: dict[str, Any]) -> None:
    headers = shared_api.tokens.headers("finance_officer", org=BUYER)

    async with nothing_written(shared_api.database):
        answer = await shared_api.client.post("/v1/contracts", json=terms, headers=headers)

    assert refusal(answer) == (400, "idempotency_key_missing", {})
