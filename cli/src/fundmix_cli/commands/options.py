"""Options that several commands take."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

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
