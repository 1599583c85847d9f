"""Who is in a plan, in eight bytes each: enough to tell how two plans differ."""

import hashlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

_NUMBER = 7
"""Bytes of a number's hash: of a hundred thousand lists of a million, one has two alike."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How the people of one plan differ from those of an earlier one."""

    added: int
    removed: int
    moved: int
    """Called through another provider."""

    @property
    def in_words(self) -> str:
        """`3 people added, 1 removed`; empty: none."""
        said = {"added": self.added, "removed": self.removed, "moved": self.moved}
        parts = [f"{count:,} {what}" for what, count in said.items() if count]
        return ", ".join(parts)


class Members:
    """Numbers as short keyed hashes, each with its provider."""

    def __init__(self, providers: Sequence[str], key: bytes) -> None:
        self._providers = {name: index for index, name in enumerate(sorted(providers))}
        self._key = key
        self._rows = array("Q")

    @classmethod
    def unpacked(cls, packed: bytes) -> Self:
        """What `pack` packed, to compare with."""
        members = cls((), b"")
        members._rows.frombytes(packed)
        return members

    def pack(self) -> bytes:
        """Eight bytes a person, for the ledger."""
        return self._rows.tobytes()

    def add(self, phone_number: str, provider: str) -> None:
        """Add a person who is called."""
        digest = hashlib.blake2b(phone_number.encode(), key=self._key, digest_size=_NUMBER).digest()
        self._rows.append(int.from_bytes(digest) << 8 | self._providers[provider])

    def since(self, earlier: Self) -> Difference:
        """How these differ from those of an earlier plan of a campaign with the same providers."""
        before, now = earlier.by_number(), self.by_number()
        moved = sum(now[number] != before[number] for number in now.keys() & before.keys())
        return Difference(len(now.keys() - before.keys()), len(before.keys() - now.keys()), moved)

    def by_number(self) -> dict[int, int]:
        """The provider by the hash of the number."""
        return {row >> 8: row & 0xFF for row in self._rows}
