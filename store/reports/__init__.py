"""What the ledger tells people."""
