"""Fixtures of every member come from the kit."""

from hypothesis import settings

pytest_plugins = ["fundmix_kit.testing.plugin"]

# A law is no less true on a busy machine.
settings.register_profile("fundmix", settings(deadline=None))
settings.load_profile("fundmix")
