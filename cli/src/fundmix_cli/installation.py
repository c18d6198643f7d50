"""The folder in which one installation lives: its secret, its ports, its data and its logs."""

import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from fundmix_kit.embedded.processes import LOOPBACK
from pydantic import BaseModel, ConfigDict

DEFAULT_HOME: Final = Path(".run")


class InstallationBrokenError(Exception):
    def __init__(self, home: Path) -> None:
        super().__init__(
            f"{home} has data but no installation.json, and so no password for them: "
            "bring that file back, or remove the folder"
        )


class Kept(BaseModel):
    """What stays the same between runs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # Every password of the installation comes from this one secret.
    secret: str
    ports: dict[str, int] = {}


@dataclass(kw_only=True)
class Installation:
    home: Path
    ports: dict[str, int]
    _secret: str = field(repr=False)

    @classmethod
    def open(cls, home: Path) -> Self:
        """The installation in this folder; a new one if there is none.

        Raises InstallationBrokenError.
        """
        home = home.resolve()
        file = home / "installation.json"
        if file.exists():
            kept = Kept.model_validate_json(file.read_bytes())
        elif (home / "postgres").exists():
            raise InstallationBrokenError(home)
        else:
            home.mkdir(parents=True, exist_ok=True)
            kept = Kept(secret=secrets.token_urlsafe())
        installation = cls(home=home, ports=dict(kept.ports), _secret=kept.secret)
        installation.save()
        return installation

    @staticmethod
    def exists(home: Path) -> bool:
        return (home / "installation.json").exists()

    def save(self) -> None:
        kept = Kept(secret=self._secret, ports=self.ports)
        write_private(self.home / "installation.json", kept.model_dump_json(indent=2))

    def password(self, role: str) -> str:
        return hmac.digest(self._secret.encode(), role.encode(), "sha256").hex()

    def url(self, name: str) -> str:
        """Where a service or the issuer answers, as of the last start."""
        return f"http://{LOOPBACK}:{self.ports[name]}"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"


def write_private(path: Path, text: str) -> None:
    """Write a file that only we can read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    unfinished.write_text(text)
    unfinished.replace(path)
