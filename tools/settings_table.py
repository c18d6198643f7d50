"""Writes the settings of each service into its README, as its settings class has them.

With --check it writes nothing, and exits with 1 where a README tells something else.
"""

import sys
from argparse import ArgumentParser
from importlib import import_module
from pathlib import Path
from typing import Final

from fundmix_kit.settings_variables import Variable, variables_of

ROOT: Final = Path(__file__).parent.parent
HEADING: Final = "## Settings\n"
INTRODUCTION: Final = """
Environment variables, the same wherever the service runs. Those without a default have to be given.
Written by `python tools/settings_table.py` from `{module}/settings.py` and the settings of the kit.

| variable | default | allowed | meaning |
| --- | --- | --- | --- |
"""


def main() -> int:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, tell the differences")
    is_check = parser.parse_args().check
    stale = [readme for readme in readmes() if not is_current(readme)]
    for readme in stale:
        if not is_check:
            readme.write_text(with_settings(readme))
        print(f"{readme.relative_to(ROOT)}: {'stale' if is_check else 'written'}")
    return 1 if is_check and stale else 0


def readmes() -> list[Path]:
    return [service / "README.md" for service in sorted((ROOT / "services").glob("*-svc"))]


def is_current(readme: Path) -> bool:
    return readme.read_text() == with_settings(readme)


def with_settings(readme: Path) -> str:
    """The text with the section renewed in its place, or added at the end."""
    before, found, after = readme.read_text().partition(HEADING)
    _, next_heading, rest = after.partition("\n## ")
    gap = "" if found else "\n"
    return before + gap + section(readme.parent.name.replace("-", "_")) + next_heading + rest


def section(module: str) -> str:
    settings_class = import_module(f"{module}.settings").Settings
    rows = "".join(row(variable) for variable in variables_of(settings_class))
    return HEADING + INTRODUCTION.format(module=module) + rows


def row(variable: Variable) -> str:
    match variable.default:
        case None:
            default = "**required**"
        case "":
            default = "none"
        case text:
            default = f"`{text}`"
    return f"| `{variable.name}` | {default} | {variable.allowed} | {variable.meaning} |\n"


if __name__ == "__main__":
    sys.exit(main())
