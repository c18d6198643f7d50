"""The benchmarks run; what they find is not asserted."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from bench.__main__ import Results

ROOT: Final = Path(__file__).parents[2]
# Against a run without end; on two busy cores it has taken two minutes.
TIME_S_MAX: Final = 600


@pytest.mark.timeout(TIME_S_MAX + 20)
def test_every_benchmark_runs_and_states_both_figures(tmp_path: Path) -> None:
    out = tmp_path / "results.json"
    subprocess.run(
        [sys.executable, "-m", "bench", "--tiny", "--out", str(out)],
        cwd=ROOT,
        check=True,
        timeout=TIME_S_MAX,
        capture_output=True,
    )

    results = Results.model_validate_json(out.read_bytes())

    for comparison in results.comparisons.values():
        assert comparison.ours > 0
        assert comparison.bare > 0
        assert len(comparison.rounds) == 1
    assert all(value > 0 for value in results.memory.rss_mb.values())
    assert results.ocds_bulk_memory.sent_mb > 0
    assert results.entry_bytes.journal > 0
    assert all(ms > 0 for ms in results.figures_with_many_entries.median_ms.values())
