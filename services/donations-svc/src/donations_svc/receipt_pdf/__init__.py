"""Receipts as PDF/A-2a: the same receipt gives the same bytes, on every machine."""
