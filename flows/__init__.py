"""The order of things, as Prefect flows."""
