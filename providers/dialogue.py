"""Transcripts as plain text: one line per turn, `agent: ...` or `person: ...`."""

import re
from collections.abc import Iterable

_AGENT = frozenset({"agent", "ai", "assistant", "bot"})
_PERSON = frozenset({"customer", "human", "person", "user"})
_TURN = re.compile(rf"\s*({'|'.join(sorted(_AGENT | _PERSON))})\s*:\s*", re.IGNORECASE)


def from_turns(turns: Iterable[tuple[str, str]]) -> str | None:
    """Join (role, words); other roles and empty words are left out. None if nothing is left."""
    said = ((_speaker(role), " ".join(words.split())) for role, words in turns)
    return "\n".join(f"{who}: {words}" for who, words in said if who and words) or None


def from_text(text: str) -> str | None:
    """Read lines such as `AI: Hello` and `User: Hi`.

    A line without a speaker goes on with the one before. Text that names none at all is kept as
    it is.
    """
    lines = text.strip().splitlines()
    if not lines or not _TURN.match(lines[0]):
        return text.strip() or None
    turns: list[tuple[str, str]] = []
    for line in lines:
        begins = _TURN.match(line)
        if begins:
            turns.append((begins[1], line[begins.end() :]))
        else:
            role, words = turns[-1]
            turns[-1] = (role, f"{words} {line}")
    return from_turns(turns)


def _speaker(role: str) -> str | None:
    role = role.casefold()
    return "agent" if role in _AGENT else "person" if role in _PERSON else None
