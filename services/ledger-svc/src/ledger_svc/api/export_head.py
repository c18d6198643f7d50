"""What every export says of itself: whose books, which months, as of which entry, how much."""

from fundmix_events.money import text_from_minor

from ledger_svc.queries_exports import End, Head


def head_fields(head: Head) -> dict[str, str]:
    """Names and values, in the order they are written; amounts in CNY."""
    first, last = head.span or ("", "")
    return {
        "seq": str(head.seq),
        "closed_through": str(head.closed_through),
        "from": str(first),
        "to": str(last),
        "agency": head.agency or "",
        "quarantined": str(head.quarantined),
        "entries": str(head.entries),
        "debits": text_from_minor(head.debit_minor),
    }


def end_fields(end: End) -> dict[str, str]:
    """What was written: the same as the head has said, or the export is not whole."""
    return {"entries": str(end.entries), "debits": text_from_minor(end.debit_minor)}
