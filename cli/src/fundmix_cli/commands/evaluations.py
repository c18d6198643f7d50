"""`fundmix contracts evaluate`: score, rate, publish, and what the agency answers."""

from typing import Annotated, Final

import typer
from fundmix_events.evaluations import Dimension, Stage

from fundmix_cli.calling.client import Json as Item
from fundmix_cli.calling.client import ServiceClient, ServiceName
from fundmix_cli.calling.staff import AUDITOR
from fundmix_cli.commands.acting import (
    CONTRACTS,
    EXIT_USAGE,
    MANAGER,
    OFFICER,
    By,
    Day,
    Number,
    Reason,
    act,
    agency,
    day_of,
    evaluator,
    find,
    money,
    officer,
    show_item,
)
from fundmix_cli.commands.asking import ask, errors
from fundmix_cli.commands.options import Home, Json
from fundmix_cli.display.contracts import evaluation_view
from fundmix_cli.installation import DEFAULT_HOME

SCORER: Final = "cli-scorer"
# Somebody else than the one who publishes.
DECIDER: Final = "cli-decider"
ACTOR_BY_DIMENSION: Final = {
    Dimension.PROFESSIONAL: evaluator,
    Dimension.BUYER: officer,
    Dimension.SELF: agency,
}

Which = Annotated[Stage, typer.Argument(help="Which evaluation.")]

evaluate = typer.Typer(
    help="Evaluations: score, ratings, publish, accept, object, decide.", no_args_is_help=True
)


@evaluate.command()
def show(number: Number, stage: Which, *, as_json: Json = False, home: Home = DEFAULT_HOME) -> None:
    """Show the latest version of an evaluation.

    Exit codes: 0 shown, 1 there is none, 3 nothing runs.
    """

    async def read(client: ServiceClient) -> Item:
        contract = await find(client, number)
        path = f"{CONTRACTS}/{contract['contract_id']}/evaluations/{stage}"
        return await client.get(ServiceName.CONTRACTS, path, claims=AUDITOR)

    show_item(ask(home, read), view=evaluation_view, as_json=as_json)


@evaluate.command()
def score(
    number: Number,
    stage: Which,
    dimension: Annotated[Dimension, typer.Argument(help="Whose view.")],
    points: Annotated[str, typer.Argument(metavar="POINTS", help="0 to 100, like 88.50.")],
    *,
    by: By = SCORER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Give points in a dimension, as a person who may.

    Exit codes: 0 given, 1 refused, 2 people served are not scored but counted, 3 nothing runs.
    """
    actor = ACTOR_BY_DIMENSION.get(dimension)
    if actor is None:
        errors.print("what people served say comes in with ratings", style="red")
        raise typer.Exit(EXIT_USAGE)
    body = {"dimension": dimension.value, "score": points}
    found = act(home, number, f"evaluations/{stage}/scores", body, who=actor(by))
    show_item(found, view=evaluation_view, as_json=as_json)


@evaluate.command()
def ratings(
    number: Number,
    stage: Which,
    counted: Annotated[
        list[str], typer.Argument(metavar="POINTS=COUNT…", help="How many people gave which.")
    ],
    *,
    by: By = OFFICER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Hand in how many of the people served gave which points.

    Exit codes: 0 handed in, 1 refused, 2 not written like 88=67, 3 nothing runs.
    """
    pairs = [text.partition("=") for text in counted]
    if not all(count.isascii() and count.isdigit() for _, _, count in pairs):
        errors.print("ratings are written like 88=67", style="red")
        raise typer.Exit(EXIT_USAGE)
    body = {"ratings": [{"score": points, "count": int(count)} for points, _, count in pairs]}
    found = act(home, number, f"evaluations/{stage}/ratings", body, who=officer(by))
    show_item(found, view=evaluation_view, as_json=as_json)


@evaluate.command()
def publish(
    number: Number,
    stage: Which,
    *,
    evaluated_on: Day,
    by: By = OFFICER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Fix the scores, and tell the agency what they mean.

    Exit codes: 0 published, 1 refused, 3 nothing runs.
    """
    body = {"evaluated_on": day_of(evaluated_on)}
    found = act(home, number, f"evaluations/{stage}/publish", body, who=officer(by))
    show_item(found, view=evaluation_view, as_json=as_json)


@evaluate.command()
def accept(
    number: Number,
    stage: Which,
    *,
    by: By = MANAGER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Accept, for the agency, what is to be deducted.

    Exit codes: 0 accepted, 1 refused, 3 nothing runs.
    """
    found = act(home, number, f"evaluations/{stage}/accept", {}, who=agency(by))
    show_item(found, view=evaluation_view, as_json=as_json)


@evaluate.command("object")
def raise_objection(
    number: Number,
    stage: Which,
    *,
    grounds: Annotated[str, typer.Option(help="Why the agency disagrees; it is kept.")],
    by: By = MANAGER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Object, for the agency, to what is to be deducted.

    Exit codes: 0 recorded, 1 refused or too late, 3 nothing runs.
    """
    body = {"grounds": grounds}
    found = act(home, number, f"evaluations/{stage}/objection", body, who=agency(by))
    show_item(found, view=evaluation_view, as_json=as_json)


@evaluate.command()
def decide(
    number: Number,
    stage: Which,
    *,
    deduction: Annotated[str, typer.Option(metavar="YUAN", help="At most what was proposed.")],
    reason: Reason,
    by: By = DECIDER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Decide an objection; another officer than the one who published.

    Exit codes: 0 decided, 1 refused, 3 nothing runs.
    """
    body = {"deduction": money(deduction), "reason": reason}
    found = act(home, number, f"evaluations/{stage}/decision", body, who=officer(by))
    show_item(found, view=evaluation_view, as_json=as_json)
