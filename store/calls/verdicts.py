"""Which call of an attempt decides it. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from campaign.calls import Call
from campaign.words import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What is known of one call of an attempt."""

    call: Call
    beside: bool
    """It is of a batch beside the one that counts."""
    final: bool
    """It is over, and its outcome is known as far as it will be."""


def never_began(call: Call) -> bool:
    """It was stopped before it was dialled, as what nobody waits for is: no telephone rang."""
    return call.over and call.outcome is Outcome.CANCELLED and call.started_at is None


def decisive(heard: Iterable[Heard]) -> Heard | None:
    """Return the call, of those that are over, that says what became of an attempt.

    Whoever was reached was reached. Otherwise one beside the one that counts decides only where
    none that counts rang, and it did.
    """
    over = [one for one in heard if one.call.over]
    own = [one for one in over if not one.beside]
    in_their_place = bool(own) and all(never_began(one.call) for one in own)
    telling = [
        one
        for one in over
        if not one.beside or one.call.outcome.reached or (in_their_place and rang(one))
    ]
    return max(telling, key=lambda one: weight(one.call), default=None)


def verdict(heard: Sequence[Heard], linked: str | None) -> Call | None:
    """Return the call that closes an attempt by now; None: it is to be waited for.

    As long as any of its calls goes on, or the one that was placed is not known to be over, the
    telephone may ring: only whom one reached is known about. `linked`: the id of the call that was
    placed, if it is known.
    """
    one = decisive(heard)
    if one is None or not one.final:
        return None
    if one.call.outcome.reached:
        return one.call
    known = linked is None or any(of.call.id == linked and not of.beside for of in heard)
    settled = all(of.final for of in heard if not of.beside or of is one)
    return one.call if known and settled and not goes_on(heard) else None


def goes_on(heard: Iterable[Heard]) -> bool:
    """Whether a call of it is not over."""
    return any(not one.call.over for one in heard)


def rang(one: Heard) -> bool:
    """Whether its telephone may have rung."""
    return not never_began(one.call)


def weight(call: Call) -> tuple[bool, bool, bool, float]:
    """Order calls: whoever was reached was reached, else the last that rang counts."""
    at = call.ended_at or call.started_at
    return (
        call.outcome.reached,
        not never_began(call),
        call.outcome is not Outcome.UNKNOWN,
        at.timestamp() if at else 0.0,
    )
