"""What happens when a number is rung: drawn by seed, or written in the number's last two digits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import exp
from random import Random
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from campaign.words import Outcome


class EndedBy(StrEnum):
    """Who or what ended a call."""

    AGENT = "agent"
    PERSON = "person"
    NETWORK = "network"
    TIMEOUT = "timeout"
    CLIENT = "client"
    """Somebody asked the provider to hang up or cancel."""


class Reaction(StrEnum):
    """How a ring goes: the outcomes, and some that a client meets only on a bad day."""

    ANSWERED = "answered"
    TRANSFERRED = "transferred"
    VOICEMAIL = "voicemail"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    INVALID_NUMBER = "invalid_number"
    FAILED = "failed"
    OPTED_OUT = "opted_out"
    """Answered, and asks not to be called again."""
    SILENT = "silent"
    """Picked up, and nobody says a word: who answered stays unknown."""
    STUCK = "stuck"
    """Answered, and the call never ends."""
    STRANGE = "strange"
    """Over, with a word for its end that the provider never documented."""


OUTCOMES: Mapping[Reaction, Outcome] = {
    Reaction.ANSWERED: Outcome.ANSWERED,
    Reaction.TRANSFERRED: Outcome.TRANSFERRED,
    Reaction.VOICEMAIL: Outcome.VOICEMAIL,
    Reaction.NO_ANSWER: Outcome.NO_ANSWER,
    Reaction.BUSY: Outcome.BUSY,
    Reaction.INVALID_NUMBER: Outcome.INVALID_NUMBER,
    Reaction.FAILED: Outcome.FAILED,
    Reaction.OPTED_OUT: Outcome.ANSWERED,
    Reaction.SILENT: Outcome.UNKNOWN,
    Reaction.STUCK: Outcome.UNKNOWN,
    Reaction.STRANGE: Outcome.UNKNOWN,
}

PICKED_UP = frozenset(
    {
        Reaction.ANSWERED,
        Reaction.TRANSFERRED,
        Reaction.VOICEMAIL,
        Reaction.OPTED_OUT,
        Reaction.SILENT,
        Reaction.STUCK,
    }
)
"""Reactions in which the line was opened, so that there is talk time."""

SCRIPT: Mapping[str, tuple[Reaction, ...]] = {
    "00": (Reaction.ANSWERED,),
    "01": (Reaction.VOICEMAIL,),
    "02": (Reaction.NO_ANSWER,),
    "03": (Reaction.BUSY,),
    "04": (Reaction.FAILED,),
    "05": (Reaction.TRANSFERRED,),
    "06": (Reaction.STUCK,),
    "07": (Reaction.STRANGE,),
    "08": (Reaction.OPTED_OUT,),
    "09": (Reaction.INVALID_NUMBER,),
    "10": (Reaction.NO_ANSWER, Reaction.ANSWERED),
    "11": (Reaction.BUSY, Reaction.BUSY, Reaction.ANSWERED),
    "12": (Reaction.VOICEMAIL, Reaction.ANSWERED),
    "13": (Reaction.SILENT,),
}
"""Reactions by the last two digits of a number: first ring, second ring, ...; the last one repeats.
A number that is not here is answered."""

_MIX: Mapping[Reaction, float] = {
    Reaction.ANSWERED: 0.42,
    Reaction.VOICEMAIL: 0.26,
    Reaction.NO_ANSWER: 0.19,
    Reaction.BUSY: 0.04,
    Reaction.TRANSFERRED: 0.04,
    Reaction.FAILED: 0.02,
    Reaction.INVALID_NUMBER: 0.02,
    Reaction.OPTED_OUT: 0.01,
}


class People(BaseModel):
    """How the people at the other end behave."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Literal["mix", "script"] = "mix"
    """`mix`: drawn by seed, number and ring. `script`: by the last two digits of the number."""
    mix: Mapping[Reaction, float] = Field(default_factory=lambda: dict(_MIX))
    """Relative weight of each reaction in mode `mix`."""
    script: Mapping[str, Sequence[Reaction]] = Field(default_factory=dict[str, Sequence[Reaction]])
    """Entries that replace or extend the script of mode `script`."""
    ring_seconds: tuple[int, int] = (3, 22)
    """Shortest and longest ringing before somebody picks up."""
    give_up_seconds: int = Field(default=30, ge=1)
    """How long it rings when nobody picks up."""
    talk_seconds: tuple[int, int] = (8, 300)
    """Shortest and longest conversation; most are short."""

    @field_validator("mix")
    @classmethod
    def _weighs_something(cls, mix: Mapping[Reaction, float]) -> Mapping[Reaction, float]:
        if min(mix.values(), default=0) < 0 or sum(mix.values()) <= 0:
            raise ValueError("weights must not be negative, and one must be above zero")
        return mix


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How one ring will go. Seconds are simulated and whole, so that durations add up."""

    reaction: Reaction
    ring_seconds: int
    talk_seconds: int
    """0 when nobody picks up."""
    ended_by: EndedBy

    @property
    def outcome(self) -> Outcome:
        """The domain's word for it."""
        return OUTCOMES[self.reaction]

    @property
    def picked_up(self) -> bool:
        """The line was opened."""
        return self.reaction in PICKED_UP


def plan_ring(people: People, *, seed: int, number: str, nth: int) -> Plan:
    """Decide how the `nth` ring (from 1) of a number goes: the same for the same arguments."""
    random = Random(f"{seed}/{number}/{nth}")
    drawn = _drawn(people, random)
    reaction = _scripted(people, number, nth) if people.mode == "script" else drawn
    return Plan(
        reaction=reaction,
        ring_seconds=_ringing(people, reaction, random),
        talk_seconds=_talking(people, reaction, random),
        ended_by=_ender(reaction, random),
    )


def _drawn(people: People, random: Random) -> Reaction:
    reactions = sorted(people.mix)
    return random.choices(reactions, [people.mix[reaction] for reaction in reactions])[0]


def _scripted(people: People, number: str, nth: int) -> Reaction:
    lines = people.script.get(number[-2:]) or SCRIPT.get(number[-2:], (Reaction.ANSWERED,))
    return lines[min(nth, len(lines)) - 1]


def _ringing(people: People, reaction: Reaction, random: Random) -> int:
    longest = random.randint(*people.ring_seconds)
    short = {Reaction.BUSY: 2, Reaction.FAILED: 1, Reaction.INVALID_NUMBER: 1}
    return short.get(
        reaction, people.give_up_seconds if reaction is Reaction.NO_ANSWER else longest
    )


def _talking(people: People, reaction: Reaction, random: Random) -> int:
    shortest, longest = people.talk_seconds
    drawn = shortest + int((longest - shortest) * min(1.0, 0.22 * exp(random.gauss(0, 0.8))))
    if reaction not in PICKED_UP:
        return 0
    return min(drawn, 35) if reaction in {Reaction.VOICEMAIL, Reaction.SILENT} else drawn


def _ender(reaction: Reaction, random: Random) -> EndedBy:
    talkers = random.choice((EndedBy.AGENT, EndedBy.PERSON))
    if reaction is Reaction.VOICEMAIL:
        return EndedBy.AGENT
    return talkers if reaction in PICKED_UP else EndedBy.NETWORK
