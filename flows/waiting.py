"""How a flow run waits."""

from enum import StrEnum


class Waiting(StrEnum):
    """How a flow run waits for calls that take hours."""

    HERE = "here"
    """In its process: for terminals, and for campaigns of minutes."""
    SUSPENDED = "suspended"
    """Not at all: it suspends itself, and `resume-campaigns` goes on and wakes it at the end."""
