"""A message that can never work, sent by hand, and what becomes of it."""

import time
from typing import Any, Final

from fundmix_kit import kafka
from fundmix_kit.settings import KafkaSettings

from tests.e2e.fundmix import Fundmix

WAIT_S_MAX: Final = 60


async def send_nonsense(fundmix: Fundmix) -> None:
    broker = fundmix.json("status")["broker"]["bootstrap_servers"]
    settings = KafkaSettings(bootstrap_servers=broker, is_idempotent=False)
    async with kafka.producer(settings) as producer:
        await producer.send_and_wait("fundmix.contracts", b'{"amount": oops')


def the_quarantined(fundmix: Fundmix) -> dict[str, Any]:
    """The one message, once it has come."""
    deadline = time.monotonic() + WAIT_S_MAX
    while not (found := fundmix.json("quarantine", "list")):
        assert time.monotonic() < deadline, "nothing came into quarantine"
    (item,) = found
    return item
