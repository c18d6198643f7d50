"""Amounts of readings as they go out over HTTP, each with what is behind it."""

from datetime import date

from fundmix_events.channel import Channel
from fundmix_events.money import text_from_minor
from pydantic import BaseModel

from ledger_svc.api.why import due
from ledger_svc.domain.reading import Reading
from ledger_svc.domain.selections import Why


class AmountOut(BaseModel):
    amount: str
    why: Why


def amount_out(amount_minor: int, why: Why) -> AmountOut:
    return AmountOut(amount=text_from_minor(amount_minor), why=why)


def why_due(reading: Reading, channel: Channel | None, *, agency: str | None) -> Why:
    """When the year is over, nothing is still to come in it."""
    facts = reading.facts
    if facts.is_year_over:
        return ()
    return due(facts, agency=agency, channel=channel, last_due_on=date(facts.year, 12, 31))
