"""Prints docs/posting-rules.md: what each event does to the books, as the rules themselves do."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from inspect import getdoc
from typing import Any, Final, get_args
from uuid import UUID

from fundmix_events.base import FundingEvent
from fundmix_events.donations import DonationKind
from fundmix_events.ledger import AccountCode
from fundmix_events.ledger_requests import PostedRequestEvent
from fundmix_events.money import Money
from fundmix_events.testing import gift_samples, ledger_samples, samples
from ledger_svc.domain.journal import Close, Entry, Posting
from ledger_svc.domain.posting_rules import PostableEvent, entry_for

HEAD: Final = """\
# Posting rules

What each event does to the books of its agency. This page is written by `make posting-rules` out of
`ledger_svc.domain.posting_rules`, and a test holds the two together.

A rule needs nothing but its event. Every entry sums to zero, on accounts of one agency. Their
channel is the one the event names; of money that is used it is that of the lots it is drawn from,
and of what two persons wrote leg by leg that of each leg. Accounts under `commitments:` are
promises beside the books, each with its counter account; they are in no statement.
"""
# What an event with a recognition says about these accounts stands there.
RECOGNITION: Final = {
    AccountCode.SERVICE_INCOME: "income",
    AccountCode.RECEIVABLE: "receivable",
    AccountCode.ADVANCE_RECEIVED: "advance_received",
}
COMMITMENTS: Final = (AccountCode.CONTRACT_COMMITMENT, AccountCode.CONTRACT_COMMITMENT_COUNTER)
CASES: Final[Sequence[tuple[str, PostableEvent]]] = (
    ("always", samples.organisation_registered()),
    ("always", samples.organisation_changed()),
    ("always", samples.contract_signed("1000.00")),
    (
        "a deduction takes off what was earned",
        samples.instalment_approved(
            "400.00", "150.00", recognition=samples.a_recognition("-150.00", "-150.00")
        ),
    ),
    ("nothing is accepted yet", samples.instalment_paid("400.00", "150.00")),
    (
        "a part is accepted before",
        samples.instalment_paid(
            "400.00", "150.00", recognition=samples.a_recognition("0.00", "-90.00", "160.00")
        ),
    ),
    ("all of it is deducted", samples.instalment_paid("400.00", "400.00")),
    ("always", samples.invoice_recorded()),
    ("always", samples.payment_confirmed()),
    (
        "a part was accepted before",
        samples.payment_reversed(
            "400.00", "150.00", recognition=samples.a_recognition("0.00", "90.00", "-160.00")
        ),
    ),
    ("always", samples.delivery_reported()),
    (
        "a part was paid before",
        samples.delivery_accepted(recognition=samples.a_recognition("400.00", "150.00", "-250.00")),
    ),
    ("more is promised", samples.contract_amended("5000.00")),
    (
        "less, and some is to be paid back",
        samples.contract_amended(
            "-3000.00",
            commitment=Money.of(-1_000_00),
            recovery=samples.a_recovery("2000.00"),
            recognition=samples.a_recognition("-300.00", "0.00", "300.00"),
        ),
    ),
    ("always", samples.recovery_received()),
    ("always", samples.contract_terminated()),
    ("always", samples.evaluation_published()),
    ("always", samples.objection_raised()),
    ("always", samples.result_accepted()),
    ("always", samples.deduction_decided()),
    ("always", samples.obligation_met()),
    ("always", samples.obligation_overdue()),
    ("unrestricted", samples.pledge_made()),
    ("restricted to a purpose", samples.pledge_made(restricted_to="PURPOSE")),
    ("cash, unrestricted", samples.donation_received()),
    ("in kind, unrestricted", samples.donation_received(kind=DonationKind.IN_KIND)),
    ("cash, restricted", samples.donation_received(restricted_to="PURPOSE")),
    ("in kind, restricted", samples.donation_received(kind="in_kind", restricted_to="PURPOSE")),
    ("cash, fulfils a pledge", samples.donation_received("500.00", fulfils=Money.of(300_00))),
    ("time", samples.donation_received(kind="service")),
    ("always", gift_samples.goods_stated()),
    ("always", gift_samples.pledge_cancelled()),
    ("cash, unrestricted", gift_samples.donation_refunded()),
    ("cash, restricted", gift_samples.donation_refunded(restricted_to="PURPOSE")),
    ("goods", gift_samples.donation_refunded(kind="in_kind", hold_id=None)),
    ("from one purpose to another", gift_samples.purpose_changed()),
    ("free from now on", gift_samples.purpose_changed(new_restricted_to=None)),
    ("cash, restricted", gift_samples.donation_reversed(restricted_to="PURPOSE")),
    (
        "it had fulfilled a pledge",
        gift_samples.donation_reversed("500.00", fulfils=Money.of(300_00)),
    ),
    ("general, of one channel", ledger_samples.expenditure_approved()),
    (
        "for the purpose it was given",
        ledger_samples.expenditure_approved(fund_code="purpose:PURPOSE"),
    ),
    ("unrestricted", ledger_samples.income_approved()),
    ("restricted to a purpose", ledger_samples.income_approved(fund_code="purpose:PURPOSE")),
    ("as it says, for example", ledger_samples.manual_entry_approved()),
    ("as it says, for example", ledger_samples.opening_balance_approved()),
    ("the mirror of what it corrects, for example", ledger_samples.reversal_approved()),
    ("always", ledger_samples.close_approved()),
    ("always", ledger_samples.goal_status_changed()),
)


def document() -> str:
    event_classes = get_args(PostableEvent)
    assert {type(event) for _, event in CASES} == set(event_classes), "an event is left out"
    sections = [_section(event_class) for event_class in event_classes]
    return "\n".join([HEAD, *sections])


def _section(event_class: type[FundingEvent]) -> str:
    cases = [(when, event) for when, event in CASES if type(event) is event_class]
    lines = [f"## `{event_class.type}` v{event_class.version}", "", getdoc(event_class) or "", ""]
    entries = [(when, event, entry_for(event, event_id=UUID(int=0))) for when, event in cases]
    if isinstance(entries[0][2], Close):
        return "\n".join([*lines, "A barrier in the journal, without legs.", ""])
    rows = [
        row
        for when, event, entry in entries
        if isinstance(entry, Entry)
        for row in _rows(when, event, entry)
    ]
    if not rows:
        return "\n".join([*lines, "Moves nothing in the books.", ""])
    _, event, entry = entries[0]
    assert isinstance(entry, Entry), "what has rows is an entry"
    fields = _fields(event)
    dates = f"Occurred on `{fields[entry.occurred_on]}`, value date `{fields[entry.value_on]}`."
    head = ("| when | account | fund | debit | credit |", "| --- | --- | --- | --- | --- |")
    return "\n".join([*lines, dates, "", *head, *rows, ""])


def _rows(when: str, event: FundingEvent, entry: Entry) -> Iterator[str]:
    fields = _fields(event)
    for line, posting in enumerate(entry.postings):
        amount = f"`{_field_of(event, posting, fields, line)}`"
        fund = posting.account.fund_code.replace("DG-2024-0001", "{contract_number}")
        fund = fund.replace("PURPOSE", "{restricted_to}")
        if hasattr(event, "fund_code"):
            fund = fund.replace("{restricted_to}", "{purpose}").replace("general", "{fund_code}")
        debit, credit = (amount, "") if posting.amount_minor > 0 else ("", amount)
        first = when if line == 0 else ""
        yield f"| {first} | `{posting.account.code}` | `{fund}` | {debit} | {credit} |"


def _field_of(event: FundingEvent, posting: Posting, fields: Mapping[Any, str], line: int) -> str:
    if isinstance(event, PostedRequestEvent):
        return f"postings.{line}.amount"
    name = RECOGNITION.get(posting.account.code)
    if name is not None and getattr(event, "recognition", None) is not None:
        return f"recognition.{name}"
    if posting.account.code in COMMITMENTS and hasattr(event, "commitment"):
        return "commitment"
    return fields[Money.of(abs(posting.amount_minor))]


def _fields(event: FundingEvent) -> Mapping[Any, str]:
    """The name of each amount and each day of an event; of two alike, the first one's."""
    names: dict[Money | date, str] = {}
    for name in type(event).model_fields:
        value = getattr(event, name)
        if isinstance(value, Money):
            names.setdefault(Money.of(abs(value.amount_minor)), name)
        elif isinstance(value, date):
            names.setdefault(value, name)
    return names


if __name__ == "__main__":
    print(document(), end="")
