"""The books as a table: one row for each posting, with all that its entry says."""

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from typing import Final

from fundmix_events.money import text_from_minor
from fundmix_kit.csv_text import BYTE_ORDER_MARK, csv_text, text_cell

from ledger_svc.api.export_head import end_fields, head_fields
from ledger_svc.queries_exports import End, Entries, Head, Part
from ledger_svc.storage.exports import Barrier, EntryRow

COLUMNS: Final = (
    "seq", "line", "event_id", "topic", "partition", "number", "kind", "agency", "occurred_on",
    "value_on", "posted_at", "period", "payload_sha256", "document", "payer", "corrects", "code",
    "fund_code", "channel", "amount", "currency",
)  # fmt: skip


async def as_csv(parts: AsyncGenerator[Part]) -> AsyncGenerator[bytes]:
    async with aclosing(parts):
        async for part in parts:
            if isinstance(part, Head):
                yield BYTE_ORDER_MARK.encode()
            yield csv_text(_rows(part)).encode()


def _rows(part: Part) -> Iterator[Sequence[str]]:
    """Rows that begin with # are no postings: a first and a last one, and where months closed."""
    match part:
        case Head():
            yield ["# fundmix: the books 账簿", *_fields(head_fields(part))]
            yield COLUMNS
        case Entries(rows):
            for entry in rows:
                yield from _posting_rows(entry)
        case Barrier():
            yield [
                "# closed",
                f"through={part.through}",
                f"seq={part.seq}",
                f"posted_at={part.posted_at}",
                f"totals_sha256={part.totals_sha256}",
            ]
        case End():
            yield ["# end", *_fields(end_fields(part))]
        case _:
            pass


def _posting_rows(entry: EntryRow) -> Iterator[Sequence[str]]:
    before = [
        str(entry.event_id),
        entry.topic,
        str(entry.partition),
        str(entry.number),
        entry.kind,
        entry.agency,
        entry.occurred_on.isoformat(),
        entry.value_on.isoformat(),
        entry.posted_at,
        str(entry.period),
        entry.payload_sha256,
        text_cell(entry.document or ""),
        entry.payer or "",
        "" if entry.corrects is None else str(entry.corrects),
    ]
    for line, (account, amount_minor) in enumerate(entry.legs, start=1):
        yield [
            str(entry.seq),
            str(line),
            *before,
            account.code,
            account.fund_code,
            account.channel,
            text_from_minor(amount_minor),
            account.currency,
        ]


def _fields(fields: dict[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in fields.items()]
