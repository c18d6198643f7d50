"""What beancount and hledger make of an export: whether they accept it, and every balance."""

import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from beancount import loader
from beancount.core import data
from ledger_svc.domain.account_names import OPENING_BALANCES, AccountParts, account_of

CHECK_S_MAX: Final = 600

Balances = Mapping[AccountParts, int]


def accepted_by_beancount(path: Path) -> None:
    _run(str(Path(sys.executable).parent / "bean-check"), str(path))


def accepted_by_hledger(path: Path) -> None:
    """Also that every account is declared, and that days come in order."""
    _run("hledger", "-f", str(path), "check", "--strict")
    _run("hledger", "-f", str(path), "check", "ordereddates")


def beancount_balances(path: Path) -> Balances:
    """In fen; accounts without any are left out."""
    entries, errors, _ = loader.load_file(str(path))
    assert errors == []
    found: Counter[str] = Counter()
    for entry in entries:
        if isinstance(entry, data.Transaction):
            for posting in entry.postings:
                assert posting.units is not None
                found[posting.account] += _fen(posting.units.number)  # pyright: ignore[reportArgumentType]  # no posting of ours leaves its number out
    return _by_parts(found)


def hledger_balances(path: Path) -> Balances:
    """In fen; accounts without any are left out."""
    rows = json.loads(_run("hledger", "-f", str(path), "bal", "--flat", "-N", "-O", "json"))[0]
    return _by_parts({name: _hledger_fen(amounts) for name, _, _, amounts in rows})


@dataclass(frozen=True, kw_only=True, slots=True)
class Tool:
    accepted: Callable[[Path], None]
    balances: Callable[[Path], Balances]


TOOLS: Final[Mapping[str, Tool]] = {
    "beancount": Tool(accepted=accepted_by_beancount, balances=beancount_balances),
    "hledger": Tool(accepted=accepted_by_hledger, balances=hledger_balances),
}
EACH_TOOL: Final = ["beancount", pytest.param("hledger", marks=pytest.mark.hledger)]


def _hledger_fen(amounts: Any) -> int:
    (amount,) = amounts or [None]
    if amount is None:
        return 0
    quantity = amount["aquantity"]
    return _fen(Decimal(quantity["decimalMantissa"]).scaleb(-quantity["decimalPlaces"]))


def _by_parts(by_name: Mapping[str, int]) -> Balances:
    assert by_name.get(OPENING_BALANCES, 0) == 0
    return {account_of(name): amount for name, amount in by_name.items() if amount}


def _fen(number: Decimal) -> int:
    fen = number * 100
    assert fen == int(fen)
    return int(fen)


def _run(program: str, *arguments: str) -> str:
    found = shutil.which(program)
    assert found is not None, f"{program} is not installed"
    ended = subprocess.run(
        [found, *arguments],
        # It reads a file as the locale says.
        env={"LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=CHECK_S_MAX,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
    return ended.stdout
