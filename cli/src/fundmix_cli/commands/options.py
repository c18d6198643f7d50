"""Options that several commands take."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Basis(StrEnum):
    """By value date with all that came late, or by the month an entry is booked in."""

    RESTATED = "restated"
    OFFICIAL = "official"


Home = Annotated[
    Path,
    typer.Option(
        "--home", envvar="FUNDMIX_HOME", help="Folder of the installation.", show_default=True
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
OnDay = Annotated[
    datetime | None,
    typer.Option(
        "--on", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="By value date, to this day."
    ),
]
AsOf = Annotated[
    datetime | None,
    typer.Option(
        "--as-of", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="As it was known on this day."
    ),
]
BooksBasis = Annotated[
    Basis | None, typer.Option("--basis", help="By value date, or as booked by months.")
]
