"""python -m registry_svc migrate | run PART..."""

from fundmix_kit.command_line import run_service

from registry_svc import main
from registry_svc.settings import Settings

run_service(Settings, name=main.NAME, parts=main.PARTS, migrations=main.MIGRATIONS, run=main.run)
