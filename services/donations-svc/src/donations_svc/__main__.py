"""python -m donations_svc migrate | run PART..."""

from fundmix_kit.command_line import run_service

from donations_svc import main
from donations_svc.settings import Settings

run_service(Settings, name=main.NAME, parts=main.PARTS, migrations=main.MIGRATIONS, run=main.run)
