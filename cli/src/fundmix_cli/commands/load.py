"""`fundmix load`: a city's files into the services."""

import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from fundmix_cli.calling.client import ServiceClient
from fundmix_cli.calling.sending import RETRY_TIME_S_MAX
from fundmix_cli.city.catching_up import LedgerBehindError, wait_for_ledger
from fundmix_cli.city.files import FileUnusableError
from fundmix_cli.city.loading import load_city, read_city
from fundmix_cli.city.outcome import Outcome
from fundmix_cli.commands.asking import ask, errors
from fundmix_cli.commands.options import Home
from fundmix_cli.display.loading import print_errors, reversed_note, row_progress, summary_table
from fundmix_cli.display.mix import quarantine_warning
from fundmix_cli.installation import DEFAULT_HOME

EXIT_ROW_ERRORS: Final = 1
EXIT_LEDGER_BEHIND: Final = 4
EXIT_INTERRUPTED: Final = 130
CONCURRENCY: Final = 16
LEDGER_TIME_S_MAX: Final = 120.0

out = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True, kw_only=True)
class LoadLimits:
    concurrency: int = CONCURRENCY
    retry_time_s_max: float = RETRY_TIME_S_MAX
    ledger_time_s_max: float = LEDGER_TIME_S_MAX


def load(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder with the CSV files.")],
    *,
    concurrency: Annotated[
        int, typer.Option(min=1, max=64, help="Requests under way at a time.")
    ] = CONCURRENCY,
    retry_time_s_max: Annotated[
        float, typer.Option(min=0, max=3_600, help="How long to ask a service that is away.")
    ] = RETRY_TIME_S_MAX,
    ledger_time_s_max: Annotated[
        float, typer.Option(min=0, max=3_600, help="How long to wait for the ledger at the end.")
    ] = LEDGER_TIME_S_MAX,
    home: Home = DEFAULT_HOME,
) -> None:
    """Load organisations, contracts, evaluations, payments, donations and expenditures.

    All of it through the public APIs. Whoever the rules ask for acts: registrar, approver, payer,
    evaluator, manager, treasurer, accountant, donor. What is there already is left as it is, so the
    same command may be repeated, also after it was interrupted. What was reversed stays reversed,
    unless its row has changed. Where paid_amount is left out, it follows from the evaluation.

    Exit codes: 0 every row is in the books, or was and is reversed, 1 some rows have errors or a
    file cannot be read, 3 nothing runs or answers, 4 the ledger did not catch up in time,
    130 interrupted.
    """
    limits = LoadLimits(
        concurrency=concurrency,
        retry_time_s_max=retry_time_s_max,
        ledger_time_s_max=ledger_time_s_max,
    )
    if not load_folder(home, folder, limits):
        raise typer.Exit(EXIT_ROW_ERRORS)


def load_folder(home: Path, folder: Path, limits: LoadLimits) -> bool:
    """Whether every row came in; exits where the load cannot go on."""
    try:
        return ask(
            home,
            lambda client: _load(client, folder, limits),
            retry_time_s_max=limits.retry_time_s_max,
            connections_max=limits.concurrency,
        )
    except FileUnusableError as error:
        errors.print(str(error), style="red", markup=False)
        raise typer.Exit(EXIT_ROW_ERRORS) from error
    except LedgerBehindError as error:
        errors.print(str(error), style="red", markup=False)
        raise typer.Exit(EXIT_LEDGER_BEHIND) from error
    except KeyboardInterrupt as error:
        errors.print("interrupted: the same command goes on where this one stopped")
        raise typer.Exit(EXIT_INTERRUPTED) from error


async def _load(client: ServiceClient, folder: Path, limits: LoadLimits) -> bool:
    started = time.monotonic()
    city = read_city(folder)
    out.print(f"loading {folder}: {sum(city.rows_read.values())} rows")
    with ExitStack() as bars:
        outcome = Outcome(city, on_row=bars.enter_context(row_progress(out, city.rows_read)))
        try:
            await load_city(
                client,
                city,
                outcome,
                concurrency=limits.concurrency,
                ledger_time_s_max=limits.ledger_time_s_max,
            )
        finally:
            # Also of a load that cannot go on: so much is done.
            bars.close()
            print_errors(errors, outcome.errors)
            summary = outcome.summary()
            out.print(summary_table(summary))
            if note := reversed_note(summary):
                errors.print(note, style="yellow")
    loaded_s = time.monotonic() - started
    quarantined = await wait_for_ledger(client, time_s_max=limits.ledger_time_s_max)
    ledger_s = time.monotonic() - started - loaded_s
    out.print(f"loaded in {loaded_s:.1f} s; the ledger had all of it {ledger_s:.1f} s later")
    if quarantined:
        errors.print(quarantine_warning(quarantined), style="yellow")
    return not outcome.errors
