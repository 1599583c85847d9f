"""Fixtures for every test; each lives in the module of `tests.fixtures` that tells about it."""

pytest_plugins = [
    "tests.fixtures.session",
    "tests.fixtures.loopback",
    "tests.fixtures.databases",
    "tests.fixtures.prefect_server",
]
