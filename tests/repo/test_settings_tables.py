"""The settings tables in the READMEs, against the settings classes."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Final

import pytest
from fundmix_kit.settings_variables import variables_of

ROOT: Final = Path(__file__).parents[2]
TOOL: Final = ROOT / "tools" / "settings_table.py"
SERVICES: Final = sorted((ROOT / "services").glob("*-svc"), key=lambda folder: folder.name)


def test_every_readme_tells_the_settings_as_they_are() -> None:
    checked = subprocess.run(
        [sys.executable, TOOL, "--check"], check=False, capture_output=True, text=True
    )
    assert (checked.returncode, checked.stdout) == (0, ""), "python tools/settings_table.py"


@pytest.mark.parametrize("folder", SERVICES, ids=lambda folder: folder.name)
def test_every_setting_says_what_it_means(folder: Path) -> None:
    settings_class = import_module(f"{folder.name.replace('-', '_')}.settings").Settings

    assert [v.name for v in variables_of(settings_class) if not v.meaning] == []
