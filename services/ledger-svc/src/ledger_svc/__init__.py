"""The shared funding ledger: journal, balances and the mix."""
