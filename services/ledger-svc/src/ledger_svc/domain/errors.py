"""Refusals of ledger-svc.

LedgerError
├── EntryNotFoundError           the journal has no such entry
├── GoalNotFoundError            there is no such goal
├── GoalExistsError              that scope has a goal for that year: set a new version of it
└── NoLimitsError                a goal without a limit
"""

from typing import ClassVar


class LedgerError(Exception):
    """`pointer`: the field of the request that is to blame, where there is one."""

    code: ClassVar[str] = "ledger"

    def __init__(self, detail: str, *, pointer: str | None = None) -> None:
        super().__init__(detail)
        self.pointer = pointer


class EntryNotFoundError(LedgerError):
    code = "entry_not_found"


class GoalNotFoundError(LedgerError):
    code = "goal_not_found"


class GoalExistsError(LedgerError):
    code = "goal_exists"


class NoLimitsError(LedgerError):
    code = "no_limits"
