"""The rules of contracts: no clock, database, broker or log."""
