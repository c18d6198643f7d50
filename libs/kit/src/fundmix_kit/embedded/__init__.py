"""Servers for development and tests, run as child processes on loopback. Never for production."""
