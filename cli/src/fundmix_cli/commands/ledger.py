"""`fundmix ledger`: the group that several modules add commands to."""

import typer

ledger = typer.Typer(help="Read the books, and what is done to them.", no_args_is_help=True)
