"""The flow of the sample city: every line that is expected comes out, in any order of delivery."""

import csv
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid5

import asyncpg
import pytest
from fundmix_events.base import FundingEvent
from fundmix_events.channel import Channel
from fundmix_events.donations import DonationKind
from fundmix_events.ledger import AccountCode, LotMovement
from fundmix_events.money import Currency, Money, minor_from_text, text_from_minor
from fundmix_events.testing import ledger_samples, samples
from fundmix_kit.testing.api import Api
from fundmix_kit.testing.inlet import Inlet
from ledger_svc.apply import Prepared
from ledger_svc.domain.funds import (
    GENERAL_FUND,
    FreeLot,
    FundKind,
    contract_fund,
    draw_oldest_first,
    gift_fund,
    instalment_lot,
    kind_of,
)

SAMPLE: Final = Path(__file__).parents[4] / "samples" / "dongguan"
NAMES: Final = UUID(int=7)
LEAST_HELD: Final = """
    WITH held AS (
        SELECT a.agency, a.fund_code, sum(sum(m.amount_minor)) OVER (
            PARTITION BY a.agency, a.fund_code ORDER BY m.value_on) AS held_minor
        FROM movement m JOIN account a USING (account_id)
        WHERE a.code = 'assets:bank' GROUP BY a.agency, a.fund_code, m.value_on
    )
    SELECT agency, fund_code, min(held_minor)::bigint AS least_minor
    FROM held GROUP BY agency, fund_code
"""

Lots = dict[tuple[str, str], list[FreeLot]]


def rows(name: str) -> list[dict[str, str]]:
    with (SAMPLE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def expected() -> dict[str, Any]:
    return json.loads((SAMPLE / "expected.json").read_text(encoding="utf-8"))


def receipts(lots: Lots) -> Iterator[FundingEvent]:
    """What the city received, each with the lot it brings."""
    for row in rows("donations"):
        if row["received_on"] == "":
            continue
        restricted_to = row["restricted_to"] or None
        donation = samples.donation_received(
            row["amount"],
            donation_id=uuid5(NAMES, row["donation_ref"]),
            reference=row["donation_ref"],
            agency=row["agency_uscc"],
            channel=Channel(row["donor_kind"]),
            kind=DonationKind(row["kind"]),
            given_on=date.fromisoformat(row["received_on"]),
            received_on=date.fromisoformat(row["received_on"]),
            restricted_to=restricted_to,
        )
        if donation.kind is DonationKind.CASH:
            place = (donation.agency, gift_fund(restricted_to))
            lot = FreeLot(
                donation.donation_id,
                donation.channel,
                donation.received_on,
                donation.reference,
                donation.amount.amount_minor,
            )
            lots.setdefault(place, []).append(lot)
        yield donation
    agencies = {row["contract_no"]: row["agency_uscc"] for row in rows("contracts")}
    for row in rows("instalments"):
        if row["paid_on"] == "":
            continue
        contract_id = uuid5(NAMES, row["contract_no"])
        paid_on, number = date.fromisoformat(row["paid_on"]), int(row["number"])
        agency = agencies[row["contract_no"]]
        amount = row["paid_amount"]
        lot = FreeLot(
            instalment_lot(contract_id, number),
            Channel.GOVERNMENT,
            paid_on,
            f"{row['contract_no']}/{number}",
            minor_from_text(amount),
        )
        lots.setdefault((agency, contract_fund(row["contract_no"])), []).append(lot)
        yield samples.instalment_paid(
            amount,
            contract_id=contract_id,
            contract_number=row["contract_no"],
            instalment_number=number,
            agency=agency,
            paid_on=paid_on,
        )


def expenditures(lots: Lots) -> Iterator[FundingEvent]:
    """What the city spent, oldest day first, out of the oldest money that was there on the day."""
    for row in sorted(rows("expenditures"), key=lambda r: (r["spent_on"], r["expenditure_ref"])):
        spent_on, fund_code = date.fromisoformat(row["spent_on"]), _fund_code(row["fund"])
        free = lots.setdefault((row["agency_uscc"], fund_code), [])
        draws, missing = draw_oldest_first(
            [lot for lot in free if lot.value_on <= spent_on],
            fund_code=fund_code,
            currency=Currency.CNY,
            amount_minor=minor_from_text(row["amount"]),
        )
        taken = {draw.lot_id: draw.amount_minor for draw in draws}
        free[:] = [
            lot._replace(free_minor=lot.free_minor - taken.get(lot.lot_id, 0)) for lot in free
        ]
        yield ledger_samples.expenditure_approved(
            row["amount"],
            agency=row["agency_uscc"],
            reference=row["expenditure_ref"],
            fund_code=fund_code,
            code=AccountCode(f"expenses:{row['category']}"),
            spent_on=spent_on,
            draws=tuple(
                LotMovement(
                    lot_id=draw.lot_id,
                    fund_code=fund_code,
                    channel=draw.channel,
                    amount=Money.of(draw.amount_minor),
                )
                for draw in draws
            ),
            advance=Money.of(missing),
            advance_channel=Channel.GOVERNMENT,
        )


def _fund_code(fund: str) -> str:
    if fund == GENERAL_FUND:
        return GENERAL_FUND
    return contract_fund(fund) if fund.startswith("DG-") else gift_fund(fund)


@pytest.fixture
async def city(inlet: Inlet[Prepared]) -> None:
    lots: Lots = {}
    received = list(receipts(lots))
    # What is spent is known here before what it was spent of.
    await inlet.post(*expenditures(lots))
    await inlet.post(*received)


@pytest.mark.usefixtures("city")
async def test_every_line_of_the_samples_flows_comes_out(api: Api) -> None:
    wanted = expected()["flows"]
    auditor = api.caller("auditor")
    found: list[dict[str, Any]] = []
    for year in sorted({line["year"] for line in wanted}):
        answer = (await auditor.get("/v1/flow", year=year)).json()
        for layer in range(3):
            amounts = [n["amount"] for n in answer["nodes"] if n["layer"] == layer]
            total = text_from_minor(sum(map(minor_from_text, amounts)))
            assert total == answer["total"]
        found += [
            {name: line[name] for name in ("year", "channel", "fund_kind", "category", "amount")}
            for line in answer["flows"]
        ]

    def key(line: dict[str, Any]) -> tuple[str, ...]:
        return tuple(str(line[name]) for name in ("year", "channel", "fund_kind", "category"))

    assert sorted(found, key=key) == sorted(wanted, key=key)


@pytest.mark.usefixtures("city")
async def test_no_gift_fund_of_the_sample_is_below_zero_on_any_day(
    owner: asyncpg.Connection, api: Api
) -> None:
    rows = await owner.fetch(LEAST_HELD)
    below = {row["fund_code"] for row in rows if row["least_minor"] < 0}
    kinds = {kind_of(row["fund_code"]) for row in rows}

    advances = (await api.caller("auditor").get("/v1/advances", ever="true", limit=200)).json()

    assert kinds == {FundKind.GENERAL, FundKind.PURPOSE, FundKind.CONTRACT}
    assert {kind_of(fund_code) for fund_code in below} == {FundKind.CONTRACT}
    assert len(below) == expected()["contract_funds_prefinanced_on_some_day"]
    assert below == {advance["fund_code"] for advance in advances["items"]}
