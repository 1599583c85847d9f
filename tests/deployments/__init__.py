"""The deployments for real: a Prefect server, a worker, and runs that come in from outside."""
