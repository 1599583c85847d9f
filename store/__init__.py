"""The ledger: tables, migrations, every query. No Prefect, no HTTP."""
