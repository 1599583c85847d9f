"""The deployments for real: a Prefect server, a process worker, and runs that come in from outside."""
