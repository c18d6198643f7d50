"""The codec reads what this code knows, and says of all else why it cannot be read."""

import json
from typing import Any, ClassVar, Final

import pytest
from fundmix_events.base import FundingEvent
from fundmix_events.catalogue import CODEC, EVENT_CLASSES
from fundmix_events.codec import (
    Codec,
    InvalidBodyError,
    UndecodableMessageError,
    UnknownTypeError,
    UnknownVersionError,
    encode_body,
)
from fundmix_events.donations import DonationReceived
from fundmix_events.envelope import Actor, Envelope
from fundmix_events.testing import gift_samples, ledger_samples, samples
from fundmix_events.testing.messages import message_of

GIFT: Final = samples.donation_received(fulfils=None)
SECRET: Final = "the-donor-s-own-words"
EVENTS: Final = (
    samples.organisation_registered(),
    samples.organisation_changed(standing=samples.a_standing(), suspended_on="2024-03-01"),
    samples.contract_signed(),
    samples.instalment_approved(deduction="100.00"),
    samples.instalment_paid(),
    samples.invoice_recorded(),
    samples.payment_confirmed(),
    samples.payment_reversed(deduction="100.00"),
    samples.delivery_reported(attendance=30),
    samples.delivery_accepted(),
    samples.contract_amended("-3000.00", recovery=samples.a_recovery()),
    samples.recovery_received(),
    samples.contract_terminated(),
    samples.evaluation_published(),
    samples.objection_raised(),
    samples.result_accepted(),
    samples.deduction_decided(),
    samples.obligation_met(),
    samples.obligation_overdue(),
    samples.pledge_made(restricted_to="长者助餐"),
    gift_samples.pledge_cancelled(),
    GIFT,
    gift_samples.goods_stated(),
    gift_samples.donation_refunded(),
    gift_samples.purpose_changed(),
    gift_samples.donation_reversed(),
    ledger_samples.expenditure_approved(),
    ledger_samples.income_approved(),
    ledger_samples.manual_entry_approved(),
    ledger_samples.opening_balance_approved(),
    ledger_samples.reversal_approved(),
    ledger_samples.close_approved(),
    ledger_samples.goal_status_changed(),
    samples.entry_posted(),
    ledger_samples.period_closed(),
)


class PledgeWithdrawn(FundingEvent):
    """Of a later release."""

    type: ClassVar[str] = "donations.pledge_withdrawn"
    topic: ClassVar[str] = "fundmix.donations"

    @property
    def key(self) -> str:
        return "1"


def sent(event: FundingEvent) -> tuple[Envelope, dict[str, Any]]:
    headers, value = message_of(event)
    return Envelope.from_headers(headers), json.loads(value)


def refusal_of(body: object, event: FundingEvent = GIFT) -> UndecodableMessageError:
    envelope, _ = sent(event)
    value = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(UndecodableMessageError) as refused:
        CODEC.decode(envelope, value)
    return refused.value


def test_there_is_an_event_of_every_class_here() -> None:
    assert tuple(type(event) for event in EVENTS) == EVENT_CLASSES


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_what_is_sent_is_read_again(event: FundingEvent) -> None:
    actor = Actor(subject="officer-1", role="finance_officer", org=samples.BUYER)
    value = encode_body(event, actor=actor, correlation_id="c-7", causation_id="e-6")
    headers, _ = message_of(event, number=3)

    message = CODEC.decode(Envelope.from_headers(headers), value)

    assert message.event == event
    assert type(message.event) is type(event)
    assert message.event.key == event.key
    assert (message.actor, message.correlation_id, message.causation_id) == (actor, "c-7", "e-6")
    assert message.id == message.envelope.id


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_the_same_event_gives_the_same_bytes(event: FundingEvent) -> None:
    once, again = (message_of(event)[1] for _ in range(2))

    assert once == again


def test_an_unknown_type_is_named() -> None:
    error = refusal_of({}, PledgeWithdrawn(aggregate_version=1))

    assert isinstance(error, UnknownTypeError)
    assert error.code == "unknown_type"
    assert "donations.pledge_withdrawn" in str(error)


def test_an_unknown_version_of_a_known_type_is_named() -> None:
    envelope, body = sent(samples.donation_received())

    with pytest.raises(UnknownVersionError, match="has no version 9") as refused:
        CODEC.decode(envelope._replace(version=9), json.dumps(body).encode())

    assert refused.value.code == "unknown_version"


def test_what_was_unknown_is_read_by_the_code_that_knows_it() -> None:
    event = PledgeWithdrawn(aggregate_version=1)
    headers, value = message_of(event)

    message = Codec([*EVENT_CLASSES, PledgeWithdrawn]).decode(Envelope.from_headers(headers), value)

    assert message.event == event


@pytest.mark.parametrize(
    "value",
    [b"", b"{not json", b"\xff\xfe", b"null", b"[]", b'"text"', b"{}", b"[" * 10_000],
    ids=lambda value: repr(value)[:20],
)
def test_what_is_no_body_is_refused(value: bytes) -> None:
    error = refusal_of(value)

    assert isinstance(error, InvalidBodyError)
    assert error.code == "invalid_body"


@pytest.mark.parametrize("part", ["actor", "correlation_id", "data"])
def test_each_part_of_a_body_is_needed(part: str) -> None:
    _, body = sent(GIFT)
    del body[part]

    assert f"/{part}: Field required" in str(refusal_of(body))


@pytest.mark.parametrize("field", ["agency", "amount", "kind", "received_on", "aggregate_version"])
def test_an_invalid_body_is_told_by_place_without_its_values(field: str) -> None:
    _, body = sent(GIFT)
    body["data"][field] = SECRET

    error = str(refusal_of(body))

    assert f"/data/{field}" in error
    assert SECRET not in error


def test_a_body_that_is_wrong_everywhere_has_a_short_reason() -> None:
    _, body = sent(samples.contract_signed())
    body["data"]["instalments"] = [{"number": SECRET}] * 99

    error = str(refusal_of(body, samples.contract_signed()))

    assert error.count(";") == 9
    assert SECRET not in error


def test_fields_of_a_later_release_are_passed_over() -> None:
    event = samples.contract_signed()
    envelope, body = sent(event)
    body["later"] = 1
    body["actor"]["delegate_of"] = "somebody"
    body["data"]["later"] = {"a": [1]}
    body["data"]["instalments"][0]["later"] = None

    message = CODEC.decode(envelope, json.dumps(body).encode())

    assert message.event == event


def test_an_optional_field_may_be_missing_from_an_earlier_release() -> None:
    event = samples.donation_received()
    envelope, body = sent(event)
    for name, field in DonationReceived.model_fields.items():
        if not field.is_required():
            del body["data"][name]
    del body["causation_id"]

    message = CODEC.decode(envelope, json.dumps(body).encode())

    assert message.event == event
    assert message.causation_id is None
