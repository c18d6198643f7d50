"""python -m ledger_svc migrate | run PART..."""

from fundmix_kit.command_line import run_service

from ledger_svc import main
from ledger_svc.settings import Settings

run_service(Settings, name=main.NAME, parts=main.PARTS, migrations=main.MIGRATIONS, run=main.run)
