"""The public register: organisations keyed by unified social credit code."""
