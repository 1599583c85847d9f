"""Garbage collection while millions of objects are kept."""

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def only_new_garbage() -> Generator[None]:
    """Keep the collector off what is older than this; `collect_new` is to be called now and then.

    What is remembered of places only grows while a long list is planned, and to go through all of
    it again and again took two fifths of the time.
    """
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def collect_new() -> None:
    """Collect what has become garbage since the last time."""
    gc.collect(1)
