"""What a service's `python -m` understands: `migrate`, and `run` with any of its parts."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, NoReturn, TypeVar

import structlog
import uvloop
from pydantic import ValidationError

from fundmix_kit.logging import configure_logging
from fundmix_kit.revision import is_at_head
from fundmix_kit.settings import DatabaseSettings, ProcessSettings, StartRefusedError

log = structlog.get_logger()

SettingsT = TypeVar("SettingsT", bound=ProcessSettings)


@dataclass(frozen=True, kw_only=True, slots=True)
class Task(Generic[SettingsT]):
    """Something of the service's own that is done once, from the command line."""

    meaning: str
    run: Callable[[SettingsT], Coroutine[None, None, None]]


def run_service(
    settings_class: type[SettingsT],
    *,
    name: str,
    parts: Sequence[str],
    migrations: Path,
    run: Callable[[SettingsT, Collection[str]], Coroutine[None, None, None]],
    tasks: Mapping[str, Task[SettingsT]] | None = None,
) -> None:
    """Exits with 1 and a reason when the settings are wrong or a part fails, 0 when stopped."""
    parser = argparse.ArgumentParser(prog=f"python -m {name.replace('-', '_')}")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("migrate", help="bring the database up to date, as its owner")
    for verb, task in (tasks or {}).items():
        verbs.add_parser(verb, help=task.meaning)
    running = verbs.add_parser("run", help="run some or all parts in this process")
    running.add_argument("parts", nargs="+", choices=parts)
    arguments = parser.parse_args()
    try:
        settings = settings_class()
    except ValidationError as error:
        sys.exit(f"{name}: settings are missing or wrong\n{_named(error)}")
    configure_logging(settings.log, service=name)
    if arguments.verb == "migrate":
        _migrate(settings.database, migrations)
        return
    task = (tasks or {}).get(arguments.verb)
    work = run(settings, frozenset(arguments.parts)) if task is None else task.run(settings)
    try:
        uvloop.run(work)
    except* StartRefusedError as errors:
        _refuse(name, errors)


def _refuse(name: str, errors: ExceptionGroup[StartRefusedError]) -> NoReturn:
    first = errors.exceptions[0]
    while isinstance(first, ExceptionGroup):
        first = first.exceptions[0]
    sys.exit(f"{name}: {first}")


def _migrate(settings: DatabaseSettings, location: Path) -> None:
    if asyncio.run(is_at_head(settings, location=location)):
        log.info("migrated_before")
        return
    # Only here: it brings in alembic and the whole of SQLAlchemy.
    from fundmix_kit.migrate import migrate  # noqa: PLC0415  # see above

    asyncio.run(migrate(settings, location=location))
    log.info("migrated")


def _named(error: ValidationError) -> str:
    """Each wrong setting by the name of its variable, without its value: it may be a secret."""
    return "\n".join(
        f"FUNDMIX_{'__'.join(map(str, found['loc'])).upper()}: {found['msg']}"
        for found in error.errors(include_input=False)
    )
