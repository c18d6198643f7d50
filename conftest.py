"""Fixtures of every member come from the kit."""

pytest_plugins = ["fundmix_kit.testing.plugin"]
