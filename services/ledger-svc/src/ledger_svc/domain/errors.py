"""Refusals of ledger-svc.

LedgerError
└── EntryNotFoundError           the journal has no such entry
"""

from typing import ClassVar


class LedgerError(Exception):
    code: ClassVar[str] = "ledger"


class EntryNotFoundError(LedgerError):
    code = "entry_not_found"
