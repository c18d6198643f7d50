"""Refusals of ledger-svc.

LedgerError
├── EntryNotFoundError           the journal has no such entry
└── SpanReversedError            a span of months ends before it begins
"""

from typing import ClassVar


class LedgerError(Exception):
    code: ClassVar[str] = "ledger"


class EntryNotFoundError(LedgerError):
    code = "entry_not_found"


class SpanReversedError(LedgerError):
    code = "span_reversed"
