"""The rules of the ledger: no clock, database, broker or log."""
