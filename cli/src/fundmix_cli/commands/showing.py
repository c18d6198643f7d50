"""Shows what a service answered: as a person reads it, or as JSON."""

from collections.abc import Callable, Sequence
from typing import Final

from rich.console import Console, RenderableType

from fundmix_cli.calling.client import Json
from fundmix_cli.display.harmless import harmless_parts

# Who reads it is a program or a file: nothing is cut to the width of a screen.
PIPED_WIDTH: Final = 400
out = Console(highlight=False, soft_wrap=True)
if not out.is_terminal:
    out = Console(highlight=False, soft_wrap=True, width=PIPED_WIDTH)


def show(item: Json, view: Callable[[Json], RenderableType], *, as_json: bool) -> None:
    if as_json:
        out.print_json(data=item)
    else:
        out.print(view(harmless_parts(item)))


def show_list(
    items: Sequence[Json],
    view: Callable[[Sequence[Json]], RenderableType],
    *,
    as_json: bool,
    none: str,
) -> None:
    if as_json:
        out.print_json(data=items)
    else:
        out.print(view(harmless_parts(items)) if items else none)
