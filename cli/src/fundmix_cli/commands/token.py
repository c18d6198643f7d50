"""`fundmix token`: a token of the dev issuer, for trying the APIs by hand."""

from typing import Annotated

import typer
from fundmix_events.roles import Role

from fundmix_cli.claims import LIFETIME_S, LIFETIME_S_MAX, Claims, Level
from fundmix_cli.commands.options import Home
from fundmix_cli.installation import DEFAULT_HOME, Installation


def token(
    role: Annotated[Role, typer.Argument(help="As whom.")],
    *,
    org: Annotated[str | None, typer.Option(help="Credit code of the organisation.")] = None,
    level: Annotated[Level | None, typer.Option(help="Which level of government.")] = None,
    subject: Annotated[str | None, typer.Option(help="Name of the person.")] = None,
    grant: Annotated[
        list[str] | None, typer.Option(help="A grant, such as read:city; may be repeated.")
    ] = None,
    lifetime_s: Annotated[
        int, typer.Option(min=1, max=LIFETIME_S_MAX, help="How long it is valid.")
    ] = LIFETIME_S,
    home: Home = DEFAULT_HOME,
) -> None:
    """Print a token: curl -H "Authorization: Bearer $(fundmix token auditor)" ...

    Exit codes: 0 printed, 1 there is no installation.
    """
    if not Installation.exists(home):
        typer.echo(f"there is no installation in {home}: start one with fundmix up", err=True)
        raise typer.Exit(1)
    # The only command that signs: the others start quicker without the cryptography.
    from fundmix_cli.issuer_key import IssuerKey  # noqa: PLC0415  # see above

    claims = Claims(role=role, org=org, level=level, subject=subject, grants=grant or [])
    typer.echo(IssuerKey.open(home).token(claims, lifetime_s=lifetime_s))
