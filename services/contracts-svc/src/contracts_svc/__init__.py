"""Government contracts: signing, instalments, payments."""
