"""One step of one batch over the ledger, without Prefect."""
