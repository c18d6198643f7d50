"""Parts of the sample city, and what must come out of them: counted from the rows, in plain Python.

Nothing here is shared with the services: what they compute is compared with this.
"""

import csv
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

Row = dict[str, str]

PARTS: Final = 10
YEARS: Final = (2024, 2025)
GOVERNMENT: Final = "government"
HEADERS: Final = {
    "organisations": "uscc,name,kind,level,town,registered_on",
    "contracts": (
        "contract_no,title,buyer_uscc,agency_uscc,purchase_mode,service_area,people_served,town,"
        "signed_on,published_on,filed_on,starts_on,ends_on,amount,posts,payer_level"
    ),
    "instalments": (
        "contract_no,number,due_on,amount,condition,paid_on,bank_reference,paid_amount"
    ),
    "evaluations": (
        "contract_no,stage,evaluated_on,professional_score,buyer_score,self_score,recipient_score,"
        "recipients_surveyed"
    ),
    "donations": (
        "donation_ref,donor_uscc,donor_name,donor_kind,agency_uscc,kind,amount,pledged_on,"
        "received_on,restricted_to,bank_reference,anonymous"
    ),
}


@dataclass(frozen=True, kw_only=True)
class City:
    """Rows that can be loaded for themselves: whole contracts, and every organisation they name."""

    organisations: Sequence[Row] = ()
    contracts: Sequence[Row] = ()
    instalments: Sequence[Row] = ()
    evaluations: Sequence[Row] = ()
    donations: Sequence[Row] = ()

    @property
    def entries(self) -> int:
        """How many facts the ledger posts: signed, accepted, deducted, paid, pledged, received."""
        return (
            len(self.contracts)
            + sum(row["stage"] == "final" for row in self.evaluations)
            + sum(row["paid_amount"] not in ("", row["amount"]) for row in self.instalments)
            + sum(bool(row["paid_on"]) for row in self.instalments)
            + sum(bool(row["pledged_on"]) for row in self.donations)
            + sum(bool(row["received_on"]) for row in self.donations)
        )

    def __add__(self, other: "City") -> "City":
        by_code = {row["uscc"]: row for row in (*self.organisations, *other.organisations)}
        return City(
            organisations=list(by_code.values()),
            contracts=[*self.contracts, *other.contracts],
            instalments=[*self.instalments, *other.instalments],
            evaluations=[*self.evaluations, *other.evaluations],
            donations=[*self.donations, *other.donations],
        )

    def write(self, folder: Path) -> Path:
        folder.mkdir()
        for name, header in HEADERS.items():
            with (folder / f"{name}.csv").open("w", newline="") as file:
                writer = csv.DictWriter(file, header.split(","))
                writer.writeheader()
                writer.writerows(getattr(self, name))
        return folder


def read_city(folder: Path) -> City:
    return City(**{name: read_rows(folder / f"{name}.csv") for name in HEADERS})


def read_rows(file: Path) -> list[Row]:
    with file.open(newline="", encoding="utf-8-sig") as lines:
        return list(csv.DictReader(lines))


def parts_of(city: City, *, seed: int) -> list[City]:
    """The city dealt out into ten parts that have only organisations in common."""
    dealer = random.Random(seed)
    contracts, donations = list(city.contracts), list(city.donations)
    dealer.shuffle(contracts)
    dealer.shuffle(donations)
    return [part_of(city, contracts[n::PARTS], donations[n::PARTS]) for n in range(PARTS)]


def part_of(city: City, contracts: Sequence[Row], donations: Sequence[Row]) -> City:
    numbers = {row["contract_no"] for row in contracts}
    named = {row[party] for row in contracts for party in ("buyer_uscc", "agency_uscc")}
    named |= {row[party] for row in donations for party in ("donor_uscc", "agency_uscc")}
    return City(
        organisations=[row for row in city.organisations if row["uscc"] in named],
        contracts=contracts,
        instalments=[row for row in city.instalments if row["contract_no"] in numbers],
        evaluations=[row for row in city.evaluations if row["contract_no"] in numbers],
        donations=donations,
    )


def expected_mixes(city: City) -> dict[int, dict[str, Any]]:
    """The mix of each year, with the keys of a year in the sample's `expected.json`."""
    return {year: _city_mix(city, year) for year in YEARS}


def expected_agency_mix(city: City, year: int, agency: str) -> dict[str, Any]:
    return _mix(_receipts(city, year)[agency])


@dataclass(frozen=True, kw_only=True)
class Receipt:
    channel: str
    is_cash: bool
    fen: int


def _receipts(city: City, year: int) -> defaultdict[str, list[Receipt]]:
    """What each agency received in a year, by the day on which it reached the bank."""
    kind_by_code = {row["uscc"]: row["kind"] for row in city.organisations}
    contract_by_number = {row["contract_no"]: row for row in city.contracts}
    receipts: defaultdict[str, list[Receipt]] = defaultdict(list)
    for row in city.instalments:
        contract = contract_by_number[row["contract_no"]]
        assert kind_by_code[contract["buyer_uscc"]] == "buyer", "every buyer is of the government"
        if row["paid_on"].startswith(str(year)):
            paid = Receipt(channel=GOVERNMENT, is_cash=True, fen=fen_of(row["paid_amount"]))
            receipts[contract["agency_uscc"]].append(paid)
    for row in city.donations:
        if row["received_on"].startswith(str(year)):
            is_cash = row["kind"] == "cash"
            gift = Receipt(channel=row["donor_kind"], is_cash=is_cash, fen=fen_of(row["amount"]))
            receipts[row["agency_uscc"]].append(gift)
    return receipts


def _city_mix(city: City, year: int) -> dict[str, Any]:
    receipts = _receipts(city, year)
    every = [receipt for of_agency in receipts.values() for receipt in of_agency]
    shown = ("received_total", "government_share", "hhi")
    agencies = {agency: _mix(of_agency) for agency, of_agency in receipts.items()}
    return {
        **_mix(every),
        "agencies": {agency: {key: mix[key] for key in shown} for agency, mix in agencies.items()},
    }


def _mix(receipts: Iterable[Receipt]) -> dict[str, Any]:
    by_channel: defaultdict[str, int] = defaultdict(int)
    in_kind = 0
    for receipt in receipts:
        if receipt.is_cash:
            by_channel[receipt.channel] += receipt.fen
        else:
            in_kind += receipt.fen
    total = sum(by_channel.values())
    hhi = Fraction(sum(fen * fen for fen in by_channel.values()), total * total) if total else None
    return {
        "received_by_channel": {channel: yuan_of(fen) for channel, fen in by_channel.items()},
        "received_total": yuan_of(total),
        "in_kind_total": yuan_of(in_kind),
        "government_share": six_places(Fraction(by_channel[GOVERNMENT], total) if total else None),
        "hhi": six_places(hhi),
        "effective_sources": six_places(1 / hhi if hhi else None),
    }


def fen_of(amount: str) -> int:
    yuan, _, fen = amount.partition(".")
    assert len(fen) == 2, f"{amount} has not two decimals"
    return int(yuan) * 100 + int(fen)


def yuan_of(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02}"


def six_places(ratio: Fraction | None) -> float | None:
    return None if ratio is None else round(ratio * 10**6) / 10**6
