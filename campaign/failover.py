"""Who calls a person whom a provider provably did not dial."""

from collections.abc import Collection, Sequence


def following(order: Sequence[str], current: str, passed_over: Collection[str]) -> str | None:
    """Return the provider after `current` in the order of the split, from the last to the first.

    Those that are `passed_over` do not come; None: nobody is left.
    """
    at = order.index(current)
    others = [*order[at + 1 :], *order[:at]]
    return next((name for name in others if name not in passed_over), None)
