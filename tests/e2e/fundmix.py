"""The command `fundmix` on one installation, as a person at a terminal uses it."""

import json
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

COMMAND_S_MAX: Final = 600


@dataclass(frozen=True, kw_only=True)
class Fundmix:
    home: Path

    def run(self, *arguments: str | Path, exit_code: int = 0) -> str:
        """What it prints; errors beside the rest."""
        ended = subprocess.run(
            self._command(*arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=COMMAND_S_MAX,
            check=False,
        )
        assert ended.returncode == exit_code, f"{arguments}: {ended.returncode}\n{ended.stdout}"
        return ended.stdout

    def json(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "--json"))

    @contextmanager
    def running(self, *arguments: str | Path) -> Generator[subprocess.Popen[str]]:
        """The command under way; its lines can be read as it prints them."""
        with subprocess.Popen(
            self._command(*arguments), stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def _command(self, *arguments: str | Path) -> list[str]:
        return [
            *(sys.executable, "-m", "fundmix_cli.main"),
            *map(str, arguments),
            f"--home={self.home}",
        ]
