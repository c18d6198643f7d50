"""The rules of pledges and donations: no clock, database, broker or log."""
