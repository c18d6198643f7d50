"""What tests of every member stand on: real servers, fresh databases, a fixed time, tokens."""

from fundmix_kit.testing.clock import FixedClock
from fundmix_kit.testing.databases import FreshDatabases
from fundmix_kit.testing.tokens import TokenSigner

__all__ = ["FixedClock", "FreshDatabases", "TokenSigner"]
