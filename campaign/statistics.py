"""How sure a share can be, given how few calls it was seen in."""

from dataclasses import dataclass
from math import sqrt

_Z = 1.959963984540054
"""The normal quantile of a two-sided 95 %."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Where a share may lie; both ends are between 0 and 1."""

    low: float
    high: float

    def overlaps(self, other: "Interval") -> bool:
        """Whether some share lies in both."""
        return self.low <= other.high and other.low <= self.high


def wilson(hits: int, of: int) -> Interval | None:
    """Return Wilson's score interval, 95 %, for a share seen as `hits` in `of`; None: of nothing.

    Unlike the textbook's it stays within 0 and 1, and is honest for few calls and for none or all.
    Raises `ValueError` for counts that cannot be. E. B. Wilson, J. Am. Stat. Assoc. 22 (1927) 209.
    """
    if not 0 <= hits <= of:
        raise ValueError(f"{hits} in {of} is no share")
    if of == 0:
        return None
    share, z2 = hits / of, _Z * _Z
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    reach = _Z * sqrt(share * (1 - share) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    # Rounding must not put a share outside its own interval.
    return Interval(max(0.0, min(share, middle - reach)), min(1.0, max(share, middle + reach)))
