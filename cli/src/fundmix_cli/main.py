"""The command `fundmix`: puts the groups of commands together."""

import typer

from fundmix_cli.commands.down import down, reset
from fundmix_cli.commands.status import logs, status
from fundmix_cli.commands.token import token
from fundmix_cli.commands.up import up

app = typer.Typer(
    help="A city's diversified funding of social work: run it, load it, ask it.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
for command in (up, down, status, logs, reset, token):
    app.command()(command)

if __name__ == "__main__":
    app()
