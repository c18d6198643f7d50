"""Every route of the ledger with every role, on the books of the own agency and of another."""

from collections.abc import Callable
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from fundmix_events.goals import Basis
from fundmix_events.roles import Role
from fundmix_events.testing import samples
from fundmix_kit.ids import uuid7
from fundmix_kit.policy import Scope
from fundmix_kit.testing import FixedClock
from fundmix_kit.testing.api import Api
from fundmix_kit.testing.inlet import Inlet
from fundmix_kit.testing.policy import (
    Owner,
    PolicyRows,
    PolicyTrials,
    Trial,
    WrongTokenTrial,
    trials,
    wrong_token_trials,
)
from ledger_svc.api.policy import POLICY
from ledger_svc.apply import LedgerHandler
from ledger_svc.consumer import CODEC
from ledger_svc.domain.goal import Goal, Limits
from ledger_svc.storage import goals
from ledger_svc.testing import (
    Books,
    a_manual_entry,
    a_reversal,
    an_expenditure,
    an_income,
    an_opening_balance,
    cny,
)

AGENCY: Final = {Owner.OURS: samples.AGENCY, Owner.THEIRS: samples.OTHER_AGENCY}
# Accounts are numbered by agency first: two of its donation, two of its contract.
ACCOUNT: Final = {Owner.OURS: "1", Owner.THEIRS: "5"}
SEQ: Final = {Owner.OURS: "1", Owner.THEIRS: "2"}
AN_AMOUNT: Final = "1.00"
GOAL: Final = {owner: str(UUID(int=number)) for number, owner in enumerate(Owner, start=1)}
LIMITS: Final = {"government_share_max": "0.85"}
MONTHS: Final = {"from": "202401", "to": "202412"}
INTO_BATCH: Final = "UPDATE request SET batch_id = $2::uuid WHERE request_id = $1::uuid"

Json = dict[str, Any]


def of(owner: Owner, terms: Json) -> Json:
    return terms | {"agency": AGENCY[owner], "reference": str(uuid7())}


def a_hold(owner: Owner) -> Json:
    return {
        "agency": AGENCY[owner],
        "fund_code": "general",
        "amount": cny(AN_AMOUNT),
        "effective_on": "2024-12-01",
        "purpose": "batch_reversal",
        "document": "RF-1",
    }


def a_lot_hold(owner: Owner) -> Json:
    """Of a lot that is not there: who may ask is told that nothing is left of it."""
    hold = {**a_hold(owner), "hold_id": str(uuid7()), "lot_id": str(uuid7())}
    return {"purpose": hold.pop("purpose"), "holds": [hold]}


QUERIES: Final[dict[tuple[str, str], Callable[[Owner], dict[str, str]]]] = {
    ("GET", "/v1/mix"): lambda owner: {"year": "2024", "agency": AGENCY[owner]},
    ("GET", "/v1/period-balances"): lambda _: {"year": "2024"},
    ("GET", "/v1/reading"): lambda owner: {"year": "2024", "agency": AGENCY[owner]},
    ("GET", "/v1/ranking"): lambda _: {"year": "2024"},
    ("GET", "/v1/expiry-cliff"): lambda _: {"on": "2024-12-01"},
    ("GET", "/v1/due-instalments"): lambda _: {"on": "2024-12-31"},
    ("GET", "/v1/procurement-growth"): lambda owner: {
        "year": "2024",
        "agency": AGENCY[owner],
    },
    ("GET", "/v1/exports/{format}"): lambda owner: {"agency": AGENCY[owner]},
    ("POST", "/v1/imports"): lambda owner: {"agency": AGENCY[owner]},
    ("GET", "/v1/import-mappings"): lambda owner: {"agency": AGENCY[owner]},
    ("GET", "/v1/lots"): lambda owner: {
        "agency": AGENCY[owner],
        "fund_code": "general",
    },
    ("GET", "/v1/lot-movements"): lambda owner: {
        "agency": AGENCY[owner],
        "lot_id": str(uuid7()),
        "side": "received",
    },
    ("GET", "/v1/gifts"): lambda owner: {"donor": AGENCY[owner], "agency": AGENCY[owner]},
    ("GET", "/v1/gift-totals"): lambda owner: {
        "donor": AGENCY[owner],
        "agency": AGENCY[owner],
    },
    ("GET", "/v1/spending-limits"): lambda owner: {
        "agency": AGENCY[owner],
        "year": "2024",
    },
    ("GET", "/v1/trial-balance"): lambda owner: MONTHS | {"agency": AGENCY[owner]},
    ("GET", "/v1/accounts/{account_id}/entries"): lambda _: MONTHS,
    ("GET", "/v1/cut-off"): lambda _: {"around": "2024-05-31", "days": "92"},
    ("GET", "/v1/statements/balance-sheet"): lambda owner: {
        "on": "2024-12-31",
        "agency": AGENCY[owner],
    },
    ("GET", "/v1/statements/activities"): lambda owner: {
        "year": "2024",
        "agency": AGENCY[owner],
    },
    ("GET", "/v1/flow"): lambda owner: {"year": "2024", "agency": AGENCY[owner]},
    ("GET", "/v1/why"): lambda owner: {"agency": AGENCY[owner]},
}


def rows(parameters: dict[Owner, dict[str, str]]) -> PolicyRows:
    return PolicyRows(
        organisations=dict.fromkeys(Role, samples.AGENCY),
        parameters=parameters,
        bodies={
            ("POST", "/v1/expenditures"): lambda owner: of(owner, an_expenditure(AN_AMOUNT)),
            ("POST", "/v1/income"): lambda owner: of(owner, an_income(AN_AMOUNT)),
            ("POST", "/v1/manual-entries"): lambda owner: of(owner, a_manual_entry()),
            ("POST", "/v1/opening-balances"): lambda owner: of(owner, an_opening_balance()),
            ("POST", "/v1/reversals"): lambda owner: of(owner, a_reversal(1)),
            ("POST", "/v1/requests/{request_id}/reject"): lambda _: {"reason": "a trial"},
            ("POST", "/v1/batches/{batch_id}/reject"): lambda _: {"reason": "a trial"},
            ("POST", "/v1/closes"): lambda _: {"through": 202312},
            ("POST", "/v1/closes/{request_id}/reject"): lambda _: {"reason": "a trial"},
            ("PUT", "/v1/holds/{hold_id}"): a_hold,
            ("POST", "/v1/holds"): a_lot_hold,
            ("POST", "/v1/holds/release"): lambda owner: {
                "hold_ids": [parameters[owner]["hold_id"]]
            },
            ("PUT", "/v1/import-mappings"): lambda owner: {"agency": AGENCY[owner]},
            ("POST", "/v1/goals"): lambda owner: LIMITS | {"agency": AGENCY[owner], "year": 2025},
            ("POST", "/v1/goals/{goal_id}/versions"): lambda _: LIMITS,
        },
        lists={
            ("GET", "/v1/entries"): "agency",
            ("GET", "/v1/balances"): "agency",
            ("GET", "/v1/period-balances"): "agency",
            ("GET", "/v1/requests"): "agency",
            ("GET", "/v1/funds"): "agency",
            ("GET", "/v1/holds"): "agency",
            ("GET", "/v1/advances"): "agency",
            ("GET", "/v1/goals"): "agency",
            ("GET", "/v1/ranking"): "agency",
            ("GET", "/v1/expiry-cliff"): "agency",
            ("GET", "/v1/cut-off"): "agency",
            ("GET", "/v1/due-instalments"): "agency",
        },
        queries=QUERIES,
    )


@pytest.fixture(scope="module")
async def policy_trials(shared_api: Api) -> PolicyTrials:
    clock = FixedClock()
    handler = LedgerHandler(clock=clock)
    inlet = Inlet(shared_api.database, codec=CODEC, handler=handler, clock=clock)
    await inlet.post(
        *(samples.organisation_registered(code=AGENCY[owner]) for owner in Owner),
        *(samples.donation_received(agency=AGENCY[owner]) for owner in Owner),
        # Of another town each, or they would go on from one another.
        *(
            samples.contract_signed("1000.00", agency=AGENCY[owner], town=owner.value)
            for owner in Owner
        ),
    )
    for owner in Owner:
        async with shared_api.database.transaction() as connection:
            await goals.insert(connection, a_goal(owner))
    books = Books(api=shared_api, inlet=inlet)
    return PolicyTrials(
        shared_api, rows({owner: await parameters(books, owner) for owner in Owner})
    )


async def parameters(books: Books, owner: Owner) -> dict[str, str]:
    """A request and a hold of the owner's agency, and an advance on its contract."""
    agency = AGENCY[owner]
    terms = of(owner, an_expenditure(AN_AMOUNT, fund_code="contract:DG-2024-0001"))
    await books.enter("/v1/expenditures", terms)
    prepared = await books.accountant(agency).post(
        "/v1/expenditures", of(owner, an_expenditure(AN_AMOUNT))
    )
    waiting = await books.accountant(agency).post(
        "/v1/expenditures", of(owner, an_expenditure(AN_AMOUNT))
    )
    batch_id = str(uuid4())
    async with books.api.database.transaction() as connection:
        await connection.execute(INTO_BATCH, waiting.json()["request_id"], batch_id)
    hold_id = str(uuid4())
    await books.accountant(agency).put(f"/v1/holds/{hold_id}", a_hold(owner))
    return {
        "agency": agency,
        "seq": SEQ[owner],
        "account_id": ACCOUNT[owner],
        "request_id": prepared.json()["request_id"],
        "hold_id": hold_id,
        "batch_id": batch_id,
        "goal_id": GOAL[owner],
        "format": "csv",
    }


def a_goal(owner: Owner) -> Goal:
    return Goal(
        goal_id=UUID(GOAL[owner]),
        version=1,
        agency=AGENCY[owner],
        year=2024,
        limits=Limits(basis=Basis.RECEIVED, government_share_max=Fraction(85, 100)),
        reason=None,
        set_by="officer-1",
        set_at=datetime(2024, 1, 2, tzinfo=UTC),
    )


@pytest.mark.parametrize("trial", trials(POLICY, Role), ids=str)
async def test_each_role_may_do_what_the_table_says_and_nothing_else(
    trial: Trial, policy_trials: PolicyTrials
) -> None:
    await policy_trials.hold(trial)


@pytest.mark.parametrize(
    "trial",
    [t for t in trials(POLICY, Role) if t.scope is Scope.OWN and not t.has_grant],
    ids=str,
)
async def test_who_calls_for_no_organisation_owns_nothing(
    trial: Trial, policy_trials: PolicyTrials
) -> None:
    await policy_trials.hold_without_organisation(trial)


@pytest.mark.parametrize("trial", wrong_token_trials(POLICY, Role), ids=str)
async def test_no_route_takes_a_wrong_token(
    trial: WrongTokenTrial, policy_trials: PolicyTrials
) -> None:
    await policy_trials.hold_with_wrong_token(trial)


async def test_every_route_has_a_row_and_every_row_a_route(shared_api: Api) -> None:
    assert POLICY.missing(shared_api.app) == set()
    assert POLICY.stale(shared_api.app) == set()
