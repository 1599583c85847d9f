"""What was said on a call: made up, short, and the same every time for the same call."""

from dataclasses import dataclass
from math import pi, sin
from random import Random
from struct import pack
from typing import Any, Literal, TypeAlias

from simulator.calls import Call
from simulator.people import Reaction

Speaker: TypeAlias = Literal["agent", "person"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing said. Times are simulated seconds from the moment of answering."""

    speaker: Speaker
    text: str
    start: float
    end: float


_PICK_UPS = ("Hello?", "Yes, hello.", "Speaking.", "Hi, who is this?")
_GREETINGS = ("Hello, this is the automated assistant.", "Hi! I am calling with a short question.")
_QUESTIONS = (
    "Is this a good moment to talk?",
    "Would you like to keep your appointment?",
    "May I send you the details by mail?",
    "Shall I renew it for another year?",
)
_REPLIES = (
    "Yes, that is fine.",
    "I would have to think about it.",
    "Could you say that again, please?",
    "No, thank you \u2013 maybe next month.",
)
_MACHINE = "You have reached the voice mail of this number. Please leave a message after the tone."


def turns(call: Call) -> list[Turn]:
    """The dialogue of an answered call; empty if nobody spoke."""
    said = _said(call, _random(call, "turns"))
    step = call.talk_seconds / len(said) if said else 0.0
    return [
        Turn(speaker, text, round(index * step, 2), round(index * step + 0.8 * step, 2))
        for index, (speaker, text) in enumerate(said)
    ]


def _said(call: Call, random: Random) -> list[tuple[Speaker, str]]:
    if call.answered_at is None:
        return []
    if call.reaction is Reaction.VOICEMAIL:
        return [_person(_MACHINE), _agent("Please call us back. Goodbye.")]
    if call.reaction is Reaction.SILENT:
        return [_agent(random.choice(_GREETINGS)), _agent("Is anybody there?")]
    dialogue = [_person(random.choice(_PICK_UPS)), _agent(random.choice(_GREETINGS))]
    for question in random.sample(_QUESTIONS, min(len(_QUESTIONS), 1 + call.talk_seconds // 40)):
        dialogue += [_agent(question), _person(random.choice(_REPLIES))]
    if call.reaction is Reaction.OPTED_OUT:
        return [*dialogue, _person("Please do not call me again."), _agent("I will not. Goodbye.")]
    if call.reaction is Reaction.TRANSFERRED:
        return [*dialogue, _agent("I am putting you through to a colleague.")]
    return [*dialogue, _agent("Thank you for your time. Goodbye.")]


def _agent(text: str) -> tuple[Speaker, str]:
    return "agent", text


def _person(text: str) -> tuple[Speaker, str]:
    return "person", text


def _random(call: Call, purpose: str) -> Random:
    # Not by id, so that the same seed lets the same number say the same.
    return Random(f"{purpose}/{call.number}/{call.ring_seconds}/{call.talk_seconds}")


def analysis(call: Call) -> dict[str, Any]:
    """What an extractor would find in an answered call; empty if nobody spoke."""
    if call.answered_at is None or call.reaction in {Reaction.VOICEMAIL, Reaction.SILENT}:
        return {}
    random = _random(call, "analysis")
    return {
        "interested": random.choice((True, False)),
        "sentiment": random.choice(("positive", "neutral", "negative")),
        "callback_requested": random.random() < 0.2,  # noqa: PLR2004 - one in five.
        "do_not_call": call.reaction is Reaction.OPTED_OUT,
    }


def summary(call: Call) -> str:
    """One sentence about the call."""
    said = {
        Reaction.VOICEMAIL: "The call reached a voice mail box and a message was left.",
        Reaction.SILENT: "The line was opened and nobody spoke.",
        Reaction.OPTED_OUT: "The person asked not to be called again.",
        Reaction.TRANSFERRED: "The person was put through to a colleague.",
    }
    return said.get(call.reaction or Reaction.ANSWERED, "The person answered a short question.")


def recording(call: Call) -> bytes:
    """A WAV file: a tenth of a second of a tone, pitched by the call."""
    rate, pitch = 8000, 300 + sum(call.id.encode()) % 400
    samples = b"".join(
        pack("<h", int(8000 * sin(2 * pi * pitch * tick / rate))) for tick in range(rate // 10)
    )
    header = b"RIFF" + pack("<I", 36 + len(samples)) + b"WAVEfmt " + pack("<I", 16)
    layout = pack("<HHIIHH", 1, 1, rate, 2 * rate, 2, 16)
    return header + layout + b"data" + pack("<I", len(samples)) + samples
