"""The table for accountants says what the rules do."""

import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[4]


def test_the_table_is_that_of_the_rules() -> None:
    tool = ROOT / "tools" / "posting_rules_table.py"
    written = subprocess.run([sys.executable, str(tool)], check=True, capture_output=True)

    published = (ROOT / "docs" / "posting-rules.md").read_bytes()
    assert published == written.stdout, "run: make posting-rules"
