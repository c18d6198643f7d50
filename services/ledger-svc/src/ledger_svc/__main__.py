"""python -m ledger_svc migrate | run PART..."""

from collections.abc import Collection, Coroutine

from fundmix_kit.command_line import run_service

from ledger_svc import MIGRATIONS, NAME, PARTS
from ledger_svc.settings import Settings


def run(settings: Settings, parts: Collection[str]) -> Coroutine[None, None, None]:
    # Only when it is asked for: a migration needs nothing of what the composition brings in.
    from ledger_svc import main  # noqa: PLC0415  # see above

    return main.run(settings, parts)


run_service(Settings, name=NAME, parts=PARTS, migrations=MIGRATIONS, run=run)
