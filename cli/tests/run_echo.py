"""Runs an installation whose one service is `echo_svc`: python run_echo.py HOME."""

import asyncio
import sys
from pathlib import Path

from fundmix_cli import running
from fundmix_cli.installation import Installation
from fundmix_cli.plan import Service

ECHO = Service(name="echo", parts=("api", "relay"), port=18_010)


def ignore(_: object) -> None:
    pass


if __name__ == "__main__":
    options = running.Options(services=[ECHO], is_split=True)
    report = running.Report(on_note=print, on_change=ignore, on_ready=ignore)
    asyncio.run(running.run(Installation.open(Path(sys.argv[1])), options, report))
