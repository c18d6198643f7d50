"""Takes the same steps in the ledger and in the model, and compares what each lets happen."""
