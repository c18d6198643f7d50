"""The rules of the register: no clock, database, broker or log."""
