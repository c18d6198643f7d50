"""`fundmix donations`: what has arrived, as money, goods or time, for one agency or several."""

import csv
import hashlib
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID

import typer
from fundmix_events.donations import DonationKind, DonorKind, ProofKind

from fundmix_cli.calling.client import Json as Item
from fundmix_cli.commands.acting import EXIT_USAGE, Day, day_of, money
from fundmix_cli.commands.asking import errors
from fundmix_cli.commands.donations_asking import its_agency, posted, put_about, receiver
from fundmix_cli.commands.donations_options import (
    AgencyCode,
    Amount,
    Anonymous,
    BankReference,
    Because,
    By,
    DonorCode,
    Kind,
    Purpose,
    Reference,
    Sponsorship,
)
from fundmix_cli.commands.options import Home, Json
from fundmix_cli.commands.showing import show
from fundmix_cli.display.donations import deposit_view, donation_view
from fundmix_cli.installation import DEFAULT_HOME

# Of a line of a deposit: those that it needs, and those that it may have.
REQUIRED: Final = ("reference", "agency", "amount")
OPTIONAL: Final = ("restricted_to", "pledge_id")

GivenOn = Annotated[
    str | None, typer.Option(metavar="YYYY-MM-DD", help="Where it was given on an earlier day.")
]
Description = Annotated[str | None, typer.Option(metavar="TEXT", help="Of goods or of time.")]
Quantity = Annotated[str | None, typer.Option(metavar="N", help="Of goods, with --unit.")]
Unit = Annotated[str | None, typer.Option(metavar="TEXT", help="In which goods are counted.")]
Proof = Annotated[
    Path | None,
    typer.Option(
        exists=True, dir_okay=False, help="What says the goods are worth it; its hash is kept."
    ),
]
OfProof = Annotated[ProofKind | None, typer.Option(help="What the proof is.")]
Hours = Annotated[str | None, typer.Option(metavar="N", help="Of time, with --rate.")]
Rate = Annotated[str | None, typer.Option(metavar="YUAN", help="What an hour is worth.")]

receiving = typer.Typer()


@receiving.command()
def receive(
    agency_code: AgencyCode,
    *,
    donor: DonorCode = None,
    donor_kind: Kind = DonorKind.ENTERPRISE,
    reference: Reference,
    kind: Annotated[DonationKind, typer.Option(help="What was given.")] = DonationKind.CASH,
    amount: Amount,
    received_on: Day,
    given_on: GivenOn = None,
    bank_reference: BankReference = None,
    purpose: Purpose = None,
    pledge_id: Annotated[UUID | None, typer.Option("--pledge", help="That it fulfils.")] = None,
    description: Description = None,
    quantity: Quantity = None,
    unit: Unit = None,
    proof: Proof = None,
    proof_kind: OfProof = None,
    hours: Hours = None,
    rate: Rate = None,
    is_anonymous: Anonymous = False,
    is_sponsorship: Sponsorship = False,
    because: Because = None,
    by: By = None,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Record what has reached an agency: money, goods at their worth, or hours at a rate.

    Exit codes: 0 recorded, 1 refused, 2 wrong usage, 3 nothing runs.
    """
    goods = {
        "quantity": quantity,
        "unit": unit,
        "proof_kind": proof_kind,
        "proof_sha256": _hash_of(proof),
    }
    service = {"hours": hours, "hourly_rate": None if rate is None else money(rate)}
    described = service if kind is DonationKind.SERVICE else goods
    body: Item = {
        "reference": reference,
        "donor": {"kind": donor_kind, "code": donor},
        "agency": agency_code,
        "kind": kind,
        "amount": money(amount),
        "restricted_to": purpose,
        "given_on": given_on,
        "received_on": day_of(received_on),
        "bank_reference": bank_reference,
        "pledge_id": None if pledge_id is None else str(pledge_id),
        "is_anonymous": is_anonymous,
        # What does not belong to the kind is sent all the same: the service says so.
        "goods": _said(goods, description if described is goods else None),
        "service": _said(service, description if described is service else None),
        "is_sponsorship": is_sponsorship,
        "delegation": because,
    }
    answer = posted(home, "/v1/donations", body, receiver(agency_code, by, because=because))
    show(answer, donation_view, as_json=as_json)


@receiving.command()
def goods(
    donation: Annotated[str, typer.Argument(metavar="DONATION", help="Its id.")],
    *,
    description: Annotated[str, typer.Option(metavar="TEXT", help="What they are.")],
    quantity: Annotated[str, typer.Option(metavar="N", help="How many, in the unit.")],
    unit: Annotated[str, typer.Option(metavar="TEXT", help="In which they are counted.")],
    proof: Proof = None,
    proof_kind: OfProof = None,
    by: By = None,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Say what goods are, or what proves their value, where it was not said before.

    Exit codes: 0 said, 1 refused, 2 wrong usage, 3 nothing runs.
    """
    body: Item = {
        "description": description,
        "quantity": quantity,
        "unit": unit,
        "proof_kind": proof_kind,
        "proof_sha256": _hash_of(proof),
    }
    answer = put_about(home, f"/v1/donations/{donation}", "goods", body, who=its_agency(by))
    show(answer, donation_view, as_json=as_json)


@receiving.command()
def deposit(
    *,
    donor: DonorCode = None,
    donor_kind: Kind = DonorKind.ENTERPRISE,
    amount: Amount,
    received_on: Day,
    given_on: GivenOn = None,
    bank_reference: Annotated[str, typer.Option(metavar="TEXT", help="The bank's number.")],
    line: Annotated[
        list[str] | None,
        typer.Option(metavar="REFERENCE=AGENCY=YUAN[=PURPOSE]", help="Say it for each line."),
    ] = None,
    lines: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            metavar="FILE.csv",
            help="Columns reference, agency, amount, restricted_to, pledge_id.",
        ),
    ] = None,
    is_anonymous: Anonymous = False,
    is_sponsorship: Sponsorship = False,
    because: Because = None,
    by: By = None,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Record one transfer that is for several purposes, or, as an officer, several agencies.

    Its lines sum to the amount; all of them are booked, or none. Exit codes: 0 recorded,
    1 refused, 2 wrong usage, 3 nothing runs.
    """
    if (line is None) == (lines is None):
        raise typer.BadParameter("say each --line, or --lines with a file")
    split = _read_lines(lines) if lines is not None else [_line(text) for text in line or ()]
    body: Item = {
        "donor": {"kind": donor_kind, "code": donor},
        "amount": money(amount),
        "given_on": given_on,
        "received_on": day_of(received_on),
        "bank_reference": bank_reference,
        "is_anonymous": is_anonymous,
        "is_sponsorship": is_sponsorship,
        "lines": split,
        "delegation": because,
    }
    # An agency records its own: where a line is of another one, the service says so.
    claims = receiver(split[0]["agency"] if split else None, by, because=because)
    show(posted(home, "/v1/deposits", body, claims), deposit_view, as_json=as_json)


def _hash_of(proof: Path | None) -> str | None:
    return None if proof is None else hashlib.sha256(proof.read_bytes()).hexdigest()


def _said(parts: Item, description: str | None) -> Item | None:
    """None where nothing of it was said."""
    whole = {**parts, "description": description}
    return whole if any(part is not None for part in whole.values()) else None


def _line(text: str) -> Item:
    """Raises typer.BadParameter."""
    parts = text.split("=", 3)
    if len(parts) < len(REQUIRED):
        raise typer.BadParameter("a line is written like DN-2026-0001=52441900AJC6XAY6DW=500.00")
    reference, agency, amount, *purpose = parts
    restricted_to = purpose[0] if purpose else None
    return {
        "reference": reference,
        "agency": agency,
        "amount": money(amount),
        "restricted_to": restricted_to,
    }


def _read_lines(file: Path) -> list[Item]:
    """Exits where the file is no table of lines. Raises typer.BadParameter."""
    try:
        rows = list(csv.reader(file.read_text("utf-8-sig").splitlines(), strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        errors.print(f"{file}: {error}", style="red", markup=False)
        raise typer.Exit(EXIT_USAGE) from error
    header, *rows = [row for row in rows if row] or [[]]
    names = set(header)
    if not names.issuperset(REQUIRED) or not names.issubset((*REQUIRED, *OPTIONAL)):
        raise typer.BadParameter(f"{file} has other columns: {', '.join(header)}")
    if any(len(row) != len(header) for row in rows):
        raise typer.BadParameter(f"{file} has a line of more or fewer values than columns")
    lines = [dict(zip(header, row, strict=True)) for row in rows]
    return [
        {name: text or None for name, text in line.items()} | {"amount": money(line["amount"])}
        for line in lines
    ]
