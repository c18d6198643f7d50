"""What is read from a topic, as the rest of the service sees it."""

from aiokafka import ConsumerRecord
from fundmix_events.envelope import MalformedEnvelopeError, number_of

from fundmix_kit.quarantine import Incoming


def incoming_of(record: ConsumerRecord) -> Incoming:
    headers = [(name, value or b"") for name, value in record.headers]
    try:
        number = number_of(headers)
    except MalformedEnvelopeError:
        number = None
    return Incoming(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        number=number,
        key=record.key,
        headers=headers,
        value=record.value or b"",
    )
