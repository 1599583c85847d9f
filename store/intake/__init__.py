"""Lists of people, from a file or a database to recipients in the ledger."""
