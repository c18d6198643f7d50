"""Ports of loopback for the processes of an installation; several run side by side."""

import fcntl
import os
import tempfile
from collections.abc import Mapping
from io import TextIOWrapper
from pathlib import Path
from typing import Final, Self

from fundmix_kit.embedded.processes import is_port_free

# The second installation has 8110 where the first has 8010: easy to tell apart.
STEP: Final = 100
PORT_MAX: Final = 65_535


class NoPortFreeError(Exception):
    def __init__(self, preferred: int) -> None:
        super().__init__(f"no port is free from {preferred} upwards in steps of {STEP}")


class PortClaims:
    """Claims last until the end of the block or of this process, however it ends.

    A claim covers the time between choosing a port and a child listening on it, when another
    installation that starts at the same moment would still see it free.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or Path(tempfile.gettempdir()) / f"fundmix-ports-{os.getuid()}"
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._locks: list[TextIOWrapper] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for lock in self._locks:
            lock.close()

    def claim_all(self, preferred: Mapping[str, int], *, kept: Mapping[str, int]) -> dict[str, int]:
        """A port for every name: the kept one, else the preferred one, else the next free one."""
        return {
            name: self._claim(kept.get(name, port), start=port) for name, port in preferred.items()
        }

    def _claim(self, first: int, *, start: int) -> int:
        for port in (first, *range(start, PORT_MAX, STEP)):
            if is_port_free(port) and self._lock(port):
                return port
        raise NoPortFreeError(start)

    def _lock(self, port: int) -> bool:
        lock = (self._folder / str(port)).open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        self._locks.append(lock)
        return True
