"""Every route of donations-svc with every role, on the caller's own row and on another's."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import pytest
from donations_svc.api.policy import POLICY
from donations_svc.domain.donation import Belonging
from donations_svc.storage import donations, import_batches
from donations_svc.storage.import_batches import Batch, Share
from fundmix_events.money import Money
from fundmix_events.roles import Role
from fundmix_kit.ids import uuid7
from fundmix_kit.policy import Scope
from fundmix_kit.testing.api import Api, Caller
from fundmix_kit.testing.policy import (
    Owner,
    PolicyRows,
    PolicyTrials,
    Trial,
    WrongTokenTrial,
    trials,
    wrong_token_trials,
)

AGENCY: Final = {Owner.OURS: "52441900AJC6XAY6DW", Owner.THEIRS: "52441900DNF0KCB4UQ"}
DONOR: Final = {Owner.OURS: "91441900LX8R25H7GP", Owner.THEIRS: "914419004601L7U6QD"}

RECORDED_AT: Final = datetime(2025, 3, 3, tzinfo=UTC)

TRIALS: Final = trials(POLICY, Role)

Json = dict[str, Any]


def a_pledge(owner: Owner) -> Json:
    return {
        "reference": str(uuid7()),
        "donor": {"kind": "enterprise", "code": DONOR[owner]},
        "agency": AGENCY[owner],
        "kind": "cash",
        "amount": {"amount": "100.00", "currency": "CNY"},
        "pledged_on": "2025-03-01",
    }


def a_donation(owner: Owner) -> Json:
    return {
        "reference": str(uuid7()),
        "donor": {"kind": "enterprise", "code": DONOR[owner]},
        "agency": AGENCY[owner],
        "kind": "cash",
        "amount": {"amount": "100.00", "currency": "CNY"},
        "received_on": "2025-03-02",
        "bank_reference": str(uuid7()),
    }


def goods(owner: Owner) -> Json:
    """What can be given back without asking the ledger."""
    return {**a_donation(owner), "kind": "in_kind", "bank_reference": None}


def an_announcement(owner: Owner) -> Json:
    return {
        "reference": str(uuid7()),
        "donor": {"kind": "enterprise", "code": DONOR[owner]},
        "kind": "cash",
        "amount": {"amount": "100.00", "currency": "CNY"},
        "given_on": "2025-03-01",
        "lines": [{"agency": AGENCY[owner], "amount": {"amount": "100.00", "currency": "CNY"}}],
    }


def a_deposit(owner: Owner) -> Json:
    amount = {"amount": "100.00", "currency": "CNY"}
    return {
        "donor": {"kind": "enterprise", "code": DONOR[owner]},
        "amount": amount,
        "received_on": "2025-03-02",
        "bank_reference": str(uuid7()),
        "lines": [{"reference": str(uuid7()), "agency": AGENCY[owner], "amount": amount}],
    }


def a_confirmation(owner: Owner) -> Json:
    return {
        "agency": AGENCY[owner],
        "received_on": "2025-03-02",
        "bank_reference": str(uuid7()),
        "lines": [{"number": 1, "reference": str(uuid7())}],
    }


def a_refund(donation_id: str) -> Json:
    return {
        "reference": str(uuid7()),
        "donation_id": donation_id,
        "amount": {"amount": "1.00", "currency": "CNY"},
        "reason": "left_over",
    }


def a_contact(owner: Owner) -> Json:
    return {"agency": AGENCY[owner], "organisation": DONOR[owner], "name": "张三丰"}


def another_name(owner: Owner) -> Json:
    return {"organisation": DONOR[owner], "name": "李四光"}


def a_search(owner: Owner) -> Json:
    return {"agency": AGENCY[owner], "phone": "13800138000"}


async def ids(api: Api, owner: Owner) -> dict[str, str]:
    """Of what there is between the owner's agency and donor."""
    agency = api.caller(Role.AGENCY, org=AGENCY[owner])
    donor = api.caller(Role.DONOR, org=DONOR[owner])
    pledge = await agency.post("/v1/pledges", a_pledge(owner))
    donation = await agency.post("/v1/donations", goods(owner))
    donation_id = donation.json()["donation_id"]
    refund = await agency.post("/v1/refunds", a_refund(donation_id))
    announcement = await donor.post("/v1/announcements", an_announcement(owner))
    drafted = await agency.post("/v1/receipts", await a_receipt(agency, owner))
    receipt_id = drafted.json()["receipt_id"]
    await agency.post(f"/v1/receipts/{receipt_id}/issue", {})
    to_draft = await a_receipt(agency, owner)
    job = await agency.post("/v1/receipts/bulk", a_month(owner))
    contact = await agency.post("/v1/donor-contacts", a_contact(owner))
    contact_id = contact.json()["contact_id"]
    await agency.put(f"/v1/donations/{donation_id}/contact", {"contact_id": contact_id})
    batch_id = uuid7()
    await import_one(api, UUID(donation_id), batch_id)
    return {
        "pledge_id": pledge.json()["pledge_id"],
        "donation_id": donation_id,
        "refund_id": refund.json()["refund_id"],
        "announcement_id": announcement.json()["announcement_id"],
        "batch_id": str(batch_id),
        "receipt_id": receipt_id,
        "without_receipt_id": to_draft["donation_id"],
        "job_id": job.json()["job_id"],
        "contact_id": contact_id,
    }


async def a_receipt(agency: Caller, owner: Owner) -> Json:
    """The body of a draft, of a donation that has none."""
    donation = await agency.post("/v1/donations", a_donation(owner))
    return {"donation_id": donation.json()["donation_id"]}


def a_month(owner: Owner) -> Json:
    return {"agency": AGENCY[owner], "month": 202501}


async def import_one(api: Api, donation_id: UUID, batch_id: UUID) -> None:
    """A batch of one donation that is like another one."""
    amount = Money.of(10_000)
    async with api.database.transaction() as connection:
        like = await donations.read(connection, donation_id)
        imported = replace(
            like,
            donation_id=uuid7(),
            terms=like.terms._replace(reference=str(uuid7())),
            belonging=Belonging(batch_id=batch_id),
        )
        await donations.insert(connection, imported, recorded_at=RECORDED_AT)
        await import_batches.insert(
            connection,
            Batch(
                batch_id=batch_id,
                source="file",
                file_sha256=bytes(32),
                format="csv",
                rows=1,
                donations=1,
                pledges=0,
                duplicates=0,
                left_out=0,
                control_total=amount,
                booked=amount,
                org=None,
                recorded_by="officer",
                delegation="a trial",
                recorded_at=RECORDED_AT,
                shares=[Share(agency=like.terms.agency, donations=1, pledges=0, amount=amount)],
            ),
        )


BODIES: Final[dict[tuple[str, str], Callable[[Owner], Json]]] = {
    ("POST", "/v1/pledges"): a_pledge,
    ("POST", "/v1/pledges/{pledge_id}/cancel"): lambda _: {"reason": "agreed"},
    ("POST", "/v1/donations"): a_donation,
    ("POST", "/v1/deposits"): a_deposit,
    ("POST", "/v1/announcements"): an_announcement,
    ("POST", "/v1/announcements/{announcement_id}/confirm"): a_confirmation,
    ("POST", "/v1/announcements/{announcement_id}/reject"): lambda owner: {
        "agency": AGENCY[owner],
        "lines": [1],
        "reason": "not_received",
    },
    ("POST", "/v1/donations/{donation_id}/reverse"): lambda _: {"reason": "a trial"},
    ("PUT", "/v1/donations/{donation_id}/goods"): lambda _: {
        "description": "护理床",
        "quantity": "12",
        "unit": "张",
    },
    ("POST", "/v1/donation-imports/{batch_id}/reverse"): lambda _: {"reason": "a trial"},
    ("PUT", "/v1/donation-import-columns"): lambda owner: {
        "agency": AGENCY[owner],
        "source": "file",
        "columns": {"自编号": "reference"},
    },
    ("POST", "/v1/refunds/{refund_id}/pay"): lambda _: {"refunded_on": "2025-03-03"},
    ("POST", "/v1/receipts/bulk"): a_month,
    ("POST", "/v1/receipts/{receipt_id}/official-bill"): lambda _: {
        "code": "44010124",
        "number": str(uuid7()),
    },
    ("POST", "/v1/receipts/{receipt_id}/withdraw"): lambda _: {"reason": "wrong"},
    ("POST", "/v1/donor-contacts"): a_contact,
    ("POST", "/v1/donor-contacts/search"): a_search,
    ("PUT", "/v1/donor-contacts/{contact_id}"): another_name,
    ("POST", "/v1/donor-contacts/{contact_id}/erase"): lambda _: {"reason": "no_longer_needed"},
}
QUERIES: Final[dict[tuple[str, str], Callable[[Owner], dict[str, str]]]] = {
    ("GET", "/v1/statements"): lambda owner: {
        "donor": DONOR[owner],
        "agency": AGENCY[owner],
        "year": "2025",
    },
    ("GET", "/v1/donation-import-columns"): lambda owner: {"agency": AGENCY[owner]},
    ("GET", "/v1/receipts/gaps"): lambda owner: {"agency": AGENCY[owner], "year": "2025"},
}


@pytest.fixture(scope="module")
async def policy_trials(shared_api: Api) -> PolicyTrials:
    parameters = {owner: await ids(shared_api, owner) for owner in Owner}

    def donation_of(owner: Owner) -> str:
        return parameters[owner]["donation_id"]

    rows = PolicyRows(
        organisations={
            Role.AGENCY: AGENCY[Owner.OURS],
            Role.DONOR: DONOR[Owner.OURS],
            Role.FINANCE_OFFICER: AGENCY[Owner.OURS],
        },
        parameters=parameters,
        bodies={
            **BODIES,
            ("POST", "/v1/refunds"): lambda owner: a_refund(donation_of(owner)),
            ("POST", "/v1/receipts"): lambda owner: {
                "donation_id": parameters[owner]["without_receipt_id"]
            },
            ("POST", "/v1/purpose-changes"): lambda owner: {
                "reference": str(uuid7()),
                "donation_id": donation_of(owner),
                "amount": {"amount": "1.00", "currency": "CNY"},
                "new_restricted_to": "长者助餐",
                "basis": "donor_consent",
                "document_sha256": "0" * 64,
                "changed_on": "2025-03-03",
            },
            ("PUT", "/v1/donations/{donation_id}/contact"): lambda owner: {
                "contact_id": parameters[owner]["contact_id"]
            },
        },
        lists={
            ("GET", "/v1/pledges"): "pledge_id",
            ("GET", "/v1/donations"): "donation_id",
            ("GET", "/v1/announcements"): "announcement_id",
            ("GET", "/v1/refunds"): "refund_id",
            ("GET", "/v1/receipts"): "receipt_id",
            ("GET", "/v1/jobs"): "job_id",
            ("GET", "/v1/contact-accesses"): "contact_id",
            ("GET", "/v1/donation-imports"): "batch_id",
        },
        queries=QUERIES,
    )
    return PolicyTrials(shared_api, rows)


@pytest.mark.parametrize("trial", TRIALS, ids=str)
async def test_each_role_may_do_what_the_table_says_and_nothing_else(
    trial: Trial, policy_trials: PolicyTrials
) -> None:
    await policy_trials.hold(trial)


@pytest.mark.parametrize(
    "trial",
    [t for t in TRIALS if t.scope in {Scope.OWN, Scope.PRIVATE} and not t.has_grant],
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
