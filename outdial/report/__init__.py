"""A campaign's report: gathered from the ledger, drawn as one page that needs nothing else."""
