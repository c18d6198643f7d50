"""The topics, and how many partitions each has for ever."""

from typing import Final

REGISTRY: Final = "fundmix.registry"
CONTRACTS: Final = "fundmix.contracts"
DONATIONS: Final = "fundmix.donations"
LEDGER: Final = "fundmix.ledger"
LEDGER_REQUESTS: Final = "fundmix.ledger-requests"

# The ledger's topic carries the journal in its own order, which only one partition keeps.
PARTITIONS: Final = {REGISTRY: 6, CONTRACTS: 6, DONATIONS: 6, LEDGER_REQUESTS: 6, LEDGER: 1}
