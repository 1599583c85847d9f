"""Which provider calls whom: at random by the campaign's shares, and always the same."""

import hashlib
from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import accumulate

from campaign.spec import Share

_RANGE = float(1 << 64)


def splitter(campaign: str, shares: Sequence[Share]) -> Callable[[str], str]:
    """Return the function from a number (E.164) to its provider in the campaign of this name."""
    if len(shares) == 1:
        only = shares[0].provider
        return lambda _number: only
    seed = campaign.encode() + b"\0"
    names = [share.provider for share in shares]
    bounds = list(accumulate(share.share for share in shares))
    bounds[-1] = 1.0  # Sums of floats may end just below.

    def provider_of(number: str) -> str:
        digest = hashlib.blake2b(seed + number.encode(), digest_size=8).digest()
        return names[bisect_left(bounds, int.from_bytes(digest) / _RANGE)]

    return provider_of
