"""House rules that no linter knows. Each names the place and what to do."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
FUNCTION_LINES_MAX: Final = 70
FILE_LINES_MAX: Final = 500
SHAPELESS_MODULES: Final = frozenset({"utils", "util", "helpers", "common", "misc"})
# From the word table: words that have no second meaning here and are never right.
FORBIDDEN_WORDS: Final = ("tranche", "vendor", "kpi", "voucher", "overdraft", "ag_id", "org_code")
# Written so that nobody who looks for them finds them here.
REGISTRIES: Final = (
    "pypi" + ".org",
    "python" + "hosted",
    "npmjs" + ".org",
    "repo1." + "maven",
    "proxy" + ".golang.org",
    "deb" + ".debian.org",
)
LEFT_FOR_LATER: Final = ("TO" + "DO", "FIX" + "ME", "X" * 3)


def tracked(*suffixes: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\n")
    paths = [ROOT / name for name in listed if name]
    return [p for p in paths if p.is_file() and (not suffixes or p.suffix in suffixes)]


def places(pattern: re.Pattern[str], paths: list[Path]) -> Iterator[str]:
    for path in paths:
        for number, line in enumerate(path.read_text().split("\n"), start=1):
            if pattern.search(line):
                yield f"{path.relative_to(ROOT)}:{number}: {line.strip()}"


def test_no_function_is_longer_than_a_screen() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.name} has {lines} lines"
        for path in tracked(".py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not is_collection_of_routes(node)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES_MAX
    ]
    assert found == []


def is_collection_of_routes(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """A router's builder only holds its routes, which count by themselves."""
    return node.name.endswith("_router")


def test_no_file_is_longer_than_anybody_reads() -> None:
    found = [
        f"{path.relative_to(ROOT)} has {lines} lines"
        for path in tracked(".py")
        if (lines := path.read_text().count("\n")) > FILE_LINES_MAX
    ]
    assert found == []


def test_every_module_says_what_it_is_for() -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in tracked(".py")
        if (module := ast.parse(path.read_text())).body and ast.get_docstring(module) is None
    ]
    assert found == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [p for p in tracked(".py") if p.stem in SHAPELESS_MODULES] == []


def test_every_suppression_says_its_rule_and_its_reason() -> None:
    rule = r"(noqa: [A-Z0-9, ]+|pyright: ignore\[[\w, ]+\])"
    reasoned = re.compile(rf"# {rule}(  # {rule})*  # \w")
    sources = [path for path in tracked(".py") if path != Path(__file__)]
    suppressed = re.compile(r"#\s*(noqa|type: ignore|pyright: ignore)")
    assert [p for p in places(suppressed, sources) if not reasoned.search(p)] == []


def test_nothing_is_left_for_later() -> None:
    marks = re.compile(rf"\b({'|'.join(LEFT_FOR_LATER)})\b(?!\(#\d+\))")
    sources = [p for p in tracked(".py", ".toml", ".sh", ".md") if p != Path(__file__)]
    assert list(places(marks, sources)) == []


def test_no_registry_and_no_machine_is_named() -> None:
    addresses = re.compile("|".join(map(re.escape, REGISTRIES)))
    home = re.compile(r"(^|[^\w.])/(work|farm|root)/")
    paths = [p for p in tracked() if p.suffix not in {".csv", ".png"} and p != Path(__file__)]
    assert list(places(addresses, paths)) == []
    assert list(places(home, paths)) == []


@pytest.mark.parametrize("word", FORBIDDEN_WORDS)
def test_a_word_has_one_meaning(word: str) -> None:
    as_word = re.compile(rf"(?<![A-Za-z]){word}(?![A-Za-z])", re.IGNORECASE)
    sources = [path for path in tracked(".py") if path != Path(__file__)]
    assert list(places(as_word, sources)) == []


@pytest.mark.parametrize("folder", sorted((ROOT / "services").iterdir()), ids=lambda p: p.name)
def test_every_service_has_the_same_inside(folder: Path) -> None:
    package = folder / "src" / folder.name.replace("-", "_")
    wanted = [
        "__main__.py", "main.py", "settings.py", "queries.py", "api/policy.py",
        "api/problems.py", "domain/errors.py", "storage/tables.py", "storage/migrations/env.py",
    ]  # fmt: skip
    assert [name for name in wanted if not (package / name).is_file()] == []
    assert (folder / "README.md").is_file()
    assert (folder / "tests" / "domain").is_dir()


def test_the_lock_files_hold_versions_and_hashes_only() -> None:
    line = re.compile(r"^\S+==\S+( ; .+)? \\$|^    --hash=sha256:[0-9a-f]{64}( \\)?$|^(# .*)?$")
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        found = [text for text in path.read_text().split("\n") if not line.match(text)]
        assert found == [], path.name


def test_every_dependency_of_a_member_is_locked() -> None:
    locked = {
        match[1].lower()
        for match in re.finditer(
            r"^([A-Za-z0-9._-]+)==", (ROOT / "requirements" / "dev.txt").read_text(), re.MULTILINE
        )
    }
    declared = re.compile(r'^    "([A-Za-z0-9._-]+)(\[.*\])?",$', re.MULTILINE)
    own = {path.parent.name for path in ROOT.glob("services/*/pyproject.toml")}
    for path in ROOT.glob("*/*/pyproject.toml"):
        names = {m[1] for m in declared.finditer(path.read_text())}
        missing = {n for n in names if not n.startswith("fundmix-")} - locked - own
        assert missing == set(), path
