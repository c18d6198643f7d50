"""`fundmix ledger` entries and why: the journal itself, and what a figure is the sum of."""

from typing import Annotated, Final
from urllib.parse import parse_qsl, urlencode

import typer

from fundmix_cli.calling.client import Json as Item
from fundmix_cli.calling.client import ServiceClient, ServiceName
from fundmix_cli.calling.staff import AUDITOR
from fundmix_cli.commands.asking import ask
from fundmix_cli.commands.options import Home, Json
from fundmix_cli.commands.showing import show
from fundmix_cli.display.ledger_entries import due_view, entries_view, lot_view, why_view
from fundmix_cli.installation import DEFAULT_HOME

ENTRIES: Final = "/v1/entries"
WHY: Final = "/v1/why"
DUE: Final = "/v1/due-instalments"
LOT_MOVEMENTS: Final = "/v1/lot-movements"
VIEWS: Final = {WHY: why_view, DUE: due_view, LOT_MOVEMENTS: lot_view}
PAGE_ROWS_MAX: Final = 200

Pairs = list[tuple[str, str]]

Rows = Annotated[int, typer.Option("--rows", min=1, max=10_000, help="Show no more than so many.")]

ledger_readings = typer.Typer()


@ledger_readings.command()
def entries(
    *,
    event_id: Annotated[
        str | None, typer.Option("--event-id", metavar="ID", help="The entry of this event.")
    ] = None,
    topic: Annotated[
        str | None, typer.Option(help="Of the event at a place: with --partition and --number.")
    ] = None,
    partition: Annotated[int | None, typer.Option(min=0, help="Of the topic.")] = None,
    number: Annotated[int | None, typer.Option(min=1, help="In the partition.")] = None,
    after: Annotated[
        int | None, typer.Option(min=0, metavar="SEQ", help="Those that follow this one.")
    ] = None,
    agency: Annotated[
        str | None, typer.Option(metavar="CODE", help="Only this agency's entries.")
    ] = None,
    rows: Rows = 50,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Show entries of the journal with their postings: in its order, or that of one event.

    Exit codes: 0 shown, 1 refused, 3 nothing runs.
    """
    asked = {
        "event_id": event_id,
        "topic": topic,
        "partition": partition,
        "number": number,
        "after": after,
        "agency": agency,
    }
    pairs = [(name, str(value)) for name, value in asked.items() if value is not None]
    found = ask(home, lambda client: _read(client, ENTRIES, pairs, rows_max=rows))
    show(found, entries_view, as_json=as_json)


@ledger_readings.command()
def why(
    question: Annotated[
        str,
        typer.Argument(metavar="QUERY", help="A path that a figure has under `why`, in quotes."),
    ],
    *,
    rows: Rows = PAGE_ROWS_MAX,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Show the entries a figure is the sum of, and the rule of each; or the instalments due.

    Of a lot: what entries brought to it, or used of it.

    Exit codes: 0 shown, 1 refused, 2 wrong usage, 3 nothing runs.
    """
    path = next((path for path in VIEWS if question.startswith(f"{path}?")), WHY)
    pairs = _pairs_of(question.removeprefix(f"{path}?"))
    found = ask(home, lambda client: _read(client, path, pairs, rows_max=rows))
    show(found, VIEWS[path], as_json=as_json)


def _pairs_of(question: str) -> Pairs:
    usage = "give a query as a report has it under `why`"
    try:
        pairs = parse_qsl(question, strict_parsing=True)
    except ValueError as error:
        raise typer.BadParameter(usage) from error
    if not pairs:
        raise typer.BadParameter(usage)
    return pairs


async def _read(client: ServiceClient, path: str, pairs: Pairs, *, rows_max: int) -> Item:
    """The first page, with the rows of as many as are wanted; a query may name a thing twice."""
    found: Item | None = None
    following: Pairs = []
    while True:
        left = rows_max - (len(found["items"]) if found else 0)
        limit = ("limit", str(min(left, PAGE_ROWS_MAX)))
        query = urlencode([*pairs, limit, *following])
        page = await client.get(ServiceName.LEDGER, f"{path}?{query}", claims=AUDITOR)
        if found is None:
            found = page
        else:
            found["items"] += page["items"]
            found["next_cursor"] = page["next_cursor"]
        if page["next_cursor"] is None or len(found["items"]) >= rows_max:
            return found
        following = [("cursor", page["next_cursor"])]
