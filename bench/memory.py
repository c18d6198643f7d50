"""What each service's process takes, with all its parts in it: idle, and after some work."""

from collections.abc import Mapping
from importlib import import_module
from typing import Final

import psutil
from fundmix_cli.plan import SERVICES
from fundmix_kit.embedded.processes import Child
from pydantic import BaseModel

from bench.services import Site, some_parts

RSS_MB_MAX: Final = 150.0


class Memory(BaseModel):
    """Resident megabytes by process."""

    rss_mb_max: float
    rss_mb: Mapping[str, float]
    is_met: bool


async def memory_idle(site: Site) -> dict[str, float]:
    found: dict[str, float] = {}
    for service in SERVICES:
        migrations = import_module(service.module).MIGRATIONS
        parts = some_parts(service.name, service.parts)
        async with (
            site.postgres.fresh(service.name, migrations=migrations) as database,
            site.running(parts, database) as child,
        ):
            found[f"{service.name}, idle"] = rss_mb(child)
    return found


def rss_mb(child: Child) -> float:
    return round(psutil.Process(child.process.pid).memory_info().rss / 1024**2, 1)


def judged(found: Mapping[str, float]) -> Memory:
    is_met = all(value <= RSS_MB_MAX for value in found.values())
    return Memory(rss_mb_max=RSS_MB_MAX, rss_mb=found, is_met=is_met)
