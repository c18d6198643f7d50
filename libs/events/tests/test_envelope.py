"""The envelope is CloudEvents 1.0 in Kafka's binary mode, as others read and write it too."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Final
from uuid import UUID

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event, to_binary_event
from cloudevents.core.v1.event import CloudEvent
from fundmix_events.envelope import (
    NUMBER_MAX,
    Envelope,
    MalformedEnvelopeError,
    number_of,
    schema_urn,
)
from hypothesis import given
from hypothesis import strategies as st

Headers = list[tuple[str, bytes]]

ENVELOPE: Final = Envelope(
    id=UUID("01932b5e-0000-7000-8000-000000000001"),
    source="/contracts-svc",
    type="contracts.contract_signed",
    version=1,
    time=datetime(2024, 2, 21, 1, 2, 3, 456789, tzinfo=UTC),
    number=17,
    traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
)
EAST: Final = timezone(timedelta(hours=8))

ENVELOPES: Final = st.builds(
    Envelope,
    id=st.uuids(),
    source=st.text(min_size=1),
    type=st.text(min_size=1),
    version=st.integers(1, 9_999),
    time=st.datetimes(timezones=st.sampled_from([UTC, EAST])),
    number=st.integers(1, NUMBER_MAX),
    traceparent=st.none() | st.text(min_size=1),
)


def without(name: str) -> Headers:
    return [header for header in ENVELOPE.to_headers() if header[0] != name]


def with_value(name: str, value: bytes) -> Headers:
    return [*without(name), (name, value)]


@given(ENVELOPES)
def test_what_is_sent_is_read_again(envelope: Envelope) -> None:
    assert Envelope.from_headers(envelope.to_headers()) == envelope


def test_the_order_of_headers_and_unknown_ones_do_not_matter() -> None:
    headers = [("x-other", b"\xff"), *reversed(ENVELOPE.to_headers()), ("ce_later", b"1")]

    assert Envelope.from_headers(headers) == ENVELOPE


def test_others_read_our_messages_as_cloudevents() -> None:
    message = KafkaMessage(
        headers=dict(ENVELOPE.to_headers()), key=b"a-key", value=b'{"data": {"amount": "1.00"}}'
    )

    event = from_binary_event(message)

    assert event.get_specversion() == "1.0"
    assert event.get_id() == str(ENVELOPE.id)
    assert event.get_source() == "/contracts-svc"
    assert event.get_type() == "contracts.contract_signed"
    assert event.get_time() == ENVELOPE.time
    assert event.get_dataschema() == "urn:fundmix:event:contracts.contract_signed:v1"
    assert event.get_datacontenttype() == "application/json"
    assert event.get_extension("sequence") == "17"
    assert event.get_extension("partitionkey") == "a-key"
    assert event.get_data() == {"data": {"amount": "1.00"}}


def test_we_read_cloudevents_that_others_write() -> None:
    event = CloudEvent(
        attributes={
            "id": str(ENVELOPE.id),
            "source": ENVELOPE.source,
            "type": ENVELOPE.type,
            "specversion": "1.0",
            "time": ENVELOPE.time,
            "dataschema": ENVELOPE.dataschema,
            "datacontenttype": "application/json",
            "sequence": "17",
        },
        data={"data": {}},
    )

    message = to_binary_event(event)
    headers = [*message.headers.items(), ("traceparent", b"00-0af7-b7ad-01")]

    read = Envelope.from_headers(headers)
    assert (read.id, read.type, read.version) == (ENVELOPE.id, ENVELOPE.type, 1)
    assert (read.time, read.number, read.source) == (ENVELOPE.time, 17, ENVELOPE.source)


@pytest.mark.parametrize(
    "name",
    [
        "ce_specversion",
        "ce_id",
        "ce_source",
        "ce_type",
        "ce_time",
        "ce_sequence",
        "ce_dataschema",
        "content-type",
    ],
)
def test_a_missing_header_is_named(name: str) -> None:
    with pytest.raises(MalformedEnvelopeError, match=f"header {name} is missing"):
        Envelope.from_headers(without(name))


def test_a_trace_may_be_missing() -> None:
    assert Envelope.from_headers(without("traceparent")).traceparent is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ce_specversion", b"0.3"),
        ("ce_specversion", b""),
        ("ce_id", b"not-a-uuid"),
        ("ce_source", b""),
        ("ce_type", b""),
        ("ce_time", b"yesterday"),
        ("ce_time", b"2024-02-21T01:02:03"),
        ("ce_sequence", b"0"),
        ("ce_sequence", b"-1"),
        ("ce_sequence", b"+1"),
        ("ce_sequence", b"1.0"),
        ("ce_sequence", b" 1"),
        ("ce_sequence", "１".encode()),
        ("ce_sequence", str(NUMBER_MAX + 1).encode()),
        ("ce_sequence", b"9" * 5_000),
        ("ce_dataschema", b"urn:fundmix:event:contracts.instalment_paid:v1"),
        ("ce_dataschema", b"urn:fundmix:event:contracts.contract_signed"),
        ("ce_dataschema", b"urn:fundmix:event:contracts.contract_signed:v"),
        ("ce_dataschema", b"urn:fundmix:event:contracts.contract_signed:v0"),
        ("ce_dataschema", b"urn:fundmix:event:contracts.contract_signed:v01"),
        ("ce_dataschema", b"urn:fundmix:event:contracts.contract_signed:v-1"),
        ("ce_dataschema", b"urn:fundmix:event:contracts.contract_signed:v" + b"9" * 5_000),
        ("content-type", b"text/plain"),
        ("content-type", b"application/cloudevents+json"),
    ],
    ids=lambda part: repr(part)[:60],
)
def test_a_malformed_header_is_named(name: str, value: bytes) -> None:
    with pytest.raises(MalformedEnvelopeError, match=f"header {name} ") as refused:
        Envelope.from_headers(with_value(name, value))

    assert refused.value.code == "malformed_envelope"
    assert len(str(refused.value)) < 100


@pytest.mark.parametrize("name", ["ce_id", "ce_type", "traceparent"])
def test_a_header_that_is_no_text_is_named(name: str) -> None:
    with pytest.raises(MalformedEnvelopeError, match=f"header {name} is not UTF-8"):
        Envelope.from_headers(with_value(name, b"\xff\xfe"))


def test_a_message_that_is_otherwise_broken_still_has_its_place() -> None:
    assert number_of([("ce_type", b"\xff"), ("ce_sequence", b"17")]) == 17


def test_the_first_of_two_numbers_counts_for_everybody() -> None:
    headers = [*ENVELOPE.to_headers(), ("ce_sequence", b"18")]

    assert number_of(headers) == Envelope.from_headers(headers).number == 17


def test_the_first_of_two_headers_counts() -> None:
    headers = [*ENVELOPE.to_headers(), ("ce_type", b"other"), ("ce_id", b"\xff")]

    assert Envelope.from_headers(headers) == ENVELOPE


def test_a_schema_is_named_after_type_and_version() -> None:
    assert schema_urn("a.b", 2) == "urn:fundmix:event:a.b:v2"
