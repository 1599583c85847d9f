"""What is tried a little by `make test` and at length by `make proofs`."""

from collections.abc import Iterable
from typing import Any

import pytest


def at_length(values: Iterable[Any], quick: int = 1) -> list[Any]:
    """Return parameters of a test: `make test` tries the first, `make proofs` all the others."""
    return [
        value if place < quick else pytest.param(value, marks=pytest.mark.proof)
        for place, value in enumerate(values)
    ]
