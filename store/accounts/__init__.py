"""Provider accounts: what all runners know of them, and whose turn it is."""
