"""Fixtures for every test; each lives in the module of `tests.fixtures` that tells about it."""

import os

from hypothesis import settings

pytest_plugins = [
    "tests.fixtures.session",
    "tests.fixtures.loopback",
    "tests.fixtures.databases",
    "tests.fixtures.prefect_server",
    "tests.fixtures.order",
]

# A busy machine is no failure. CI repeats the same examples, so that its red can be had again.
settings.register_profile("outdial", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("outdial")
