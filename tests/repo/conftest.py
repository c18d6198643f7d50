"""docker-compose.yml as Compose would read it, with a .env as `sh deploy/new-env` writes it."""

import re
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

ROOT: Final = Path(__file__).parents[2]
VARIABLE: Final = re.compile(r"\$(?:\$|\{(?P<name>\w+)(?::(?P<otherwise>[-?])(?P<text>[^}]*))?\})")


@pytest.fixture(scope="session")
def compose_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What .env says."""
    file = tmp_path_factory.mktemp("env") / ".env"
    subprocess.run(["sh", ROOT / "deploy" / "new-env", file], check=True, capture_output=True)
    lines = [line for line in file.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", maxsplit=1) for line in lines)


@pytest.fixture(scope="session")
def compose(compose_environment: dict[str, str]) -> dict[str, Any]:
    """The whole file, with its variables replaced."""
    text = (ROOT / "docker-compose.yml").read_text()
    return yaml.safe_load(interpolated(text, compose_environment))


def interpolated(text: str, environment: dict[str, str]) -> str:
    """The part of Compose's substitution that the file uses; any other is an error here."""

    def value_of(found: re.Match[str]) -> str:
        name, otherwise = found["name"], found["otherwise"]
        if name is None:
            return "$"
        value = environment.get(name, "")
        assert value or otherwise == "-", f"{name} is not in .env"
        return value or found["text"]

    return VARIABLE.sub(value_of, text)
