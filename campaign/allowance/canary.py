"""The canary wave: a few people first, drawn by lot; the rest goes if it went well."""

import hashlib
from collections.abc import Mapping, Sequence
from enum import StrEnum

from campaign.spec import Share


class Stage(StrEnum):
    """How far a campaign's canary wave is."""

    OPEN = ""
    """Not judged yet."""
    PASSED = "passed"
    FAILED = "failed"
    WAIVED = "waived"
    """It failed, and a person let the rest go."""

    @property
    def lets_go(self) -> bool:
        """The rest may be called."""
        return self in {Stage.PASSED, Stage.WAIVED}


def quotas(size: int, shares: Sequence[Share]) -> Mapping[str, int]:
    """Divide a wave of `size` people among the providers by their shares, at least one to each.

    The parts add up to `size`, which must not be below the number of providers.
    """
    spare = size - len(shares)
    parts = [share.share * spare for share in shares]
    people = [int(part) for part in parts]
    by_rest = sorted(range(len(shares)), key=lambda index: people[index] - parts[index])
    for index in by_rest[: spare - sum(people)]:
        people[index] += 1
    return {share.provider: 1 + many for share, many in zip(shares, people, strict=True)}


def lot(campaign_id: str, recipient_id: int) -> bytes:
    """Return a person's lot: the lowest are called first, and it is always the same."""
    return hashlib.blake2b(f"{campaign_id}/{recipient_id}".encode(), digest_size=8).digest()
