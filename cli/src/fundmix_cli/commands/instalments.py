"""`fundmix contracts` approve, pay, confirm, reverse: an instalment on its way to the agency."""

from typing import Annotated, Final

import typer

from fundmix_cli.calling.client import Json as Item
from fundmix_cli.commands.acting import (
    MANAGER,
    OFFICER,
    By,
    Day,
    Number,
    Reason,
    act,
    act_with,
    agency,
    day_of,
    money,
    officer,
    show_item,
)
from fundmix_cli.commands.asking import EXIT_REFUSED, errors
from fundmix_cli.commands.options import Home, Json
from fundmix_cli.installation import DEFAULT_HOME

# Nobody pays what he approved himself, and nobody reverses what he paid.
PAYER: Final = "cli-payer"

Instalment = Annotated[int, typer.Argument(metavar="N", min=1, max=99, help="Which instalment.")]

instalments = typer.Typer()


@instalments.command()
def approve(
    number: Number,
    instalment: Instalment,
    *,
    payable: Annotated[
        str | None, typer.Option(metavar="YUAN", help="Refuse to approve anything else.")
    ] = None,
    by: By = OFFICER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Approve an instalment, less what its evaluation takes off.

    Exit codes: 0 approved, 1 refused, 3 nothing runs.
    """
    body = {} if payable is None else {"payable": money(payable)}
    step = f"instalments/{instalment}/approve"
    show_item(act(home, number, step, body, who=officer(by)), as_json=as_json)


@instalments.command()
def pay(
    number: Number,
    instalment: Instalment,
    *,
    bank_reference: Annotated[str, typer.Option(help="Of the transfer.")],
    paid_on: Day,
    amount: Annotated[
        str | None, typer.Option(metavar="YUAN", help="What is approved, where not given.")
    ] = None,
    by: By = PAYER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Record that the bank has paid an instalment; another person than its approver.

    Exit codes: 0 recorded, 1 refused, 3 nothing runs.
    """

    def payment(contract: Item) -> Item:
        paid = _payable(contract, instalment) if amount is None else money(amount)
        return {"amount": paid, "bank_reference": bank_reference, "paid_on": day_of(paid_on)}

    step = f"instalments/{instalment}/pay"
    show_item(act_with(home, number, step, payment, who=officer(by)), as_json=as_json)


@instalments.command()
def confirm(
    number: Number,
    instalment: Instalment,
    *,
    arrived_on: Day,
    by: By = MANAGER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Confirm, for the agency, that an instalment has arrived.

    Exit codes: 0 confirmed, 1 refused, 3 nothing runs.
    """
    body = {"arrived_on": day_of(arrived_on)}
    step = f"instalments/{instalment}/confirm"
    show_item(act(home, number, step, body, who=agency(by)), as_json=as_json)


@instalments.command()
def reverse(
    number: Number,
    instalment: Instalment,
    *,
    reason: Reason,
    by: By = OFFICER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Undo a payment that was recorded in error; another person than the one who recorded it.

    Exit codes: 0 reversed, 1 refused, 3 nothing runs.
    """
    step = f"instalments/{instalment}/reverse"
    show_item(act(home, number, step, {"reason": reason}, who=officer(by)), as_json=as_json)


def _payable(contract: Item, number: int) -> Item:
    for instalment in contract["instalments"]:
        if instalment["number"] == number:
            return instalment["payable"]
    errors.print(f"there is no instalment {number}", style="red")
    raise typer.Exit(EXIT_REFUSED)
