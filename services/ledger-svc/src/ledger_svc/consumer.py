"""The way in over topics: everything enters the journal through here."""

from typing import Final, get_args

from fundmix_events import topics
from fundmix_events.codec import Codec

from ledger_svc.domain.posting_rules import PostableEvent

PARTITIONS: Final = {
    topic: topics.PARTITIONS[topic]
    for topic in (topics.REGISTRY, topics.CONTRACTS, topics.DONATIONS, topics.LEDGER_REQUESTS)
}
CODEC: Final = Codec(get_args(PostableEvent))
