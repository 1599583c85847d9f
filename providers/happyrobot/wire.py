"""What HappyRobot sends, as far as we read it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec

from campaign.calls import Call
from providers import dialogue
from providers.happyrobot.words import ANSWERED_BY, WITH_DIALOGUE, verdict
from providers.mending import decode
from providers.moments import moment
from providers.rows import scrubber, text_of

TAG, KEY = "outdial_tag", "outdial_key"
SECRETS = frozenset({"hook", "hooks"})
"""A use case's hooks carry headers with the keys of other systems."""
scrub = scrubber(
    SECRETS | {"credentials", "auth_token", "api_key"}, {"use_case": frozenset({"id", "name"})}
)


class Metadata(msgspec.Struct):
    """`custom` is what we sent as metadata; the others are the provider's."""

    to: str | None = None
    custom: dict[str, Any] | None = None
    outdial_tag: str | None = None
    outdial_key: str | None = None

    def ours(self, name: str) -> str | None:
        """Our tag or key, from `custom` or, in case it is not wrapped, from the metadata itself."""
        said = (self.custom or {}).get(name) or getattr(self, name)
        return said if isinstance(said, str) else None


class CallRow(msgspec.Struct):
    """A call in a list, by itself, or as created."""

    id: Annotated[str, msgspec.Meta(min_length=1)]
    status: str | None = None
    metadata: Metadata | None = None
    created: Any = None
    duration: float | None = None
    extraction: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    classification: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET

    @property
    def tag(self) -> str | None:
        """Our tag."""
        return self.metadata.ours(TAG) if self.metadata else None

    @property
    def key(self) -> str | None:
        """Our key."""
        return self.metadata.ours(KEY) if self.metadata else None

    @property
    def created_at(self) -> datetime | None:
        """When it was created, in aware UTC."""
        return moment(self.created)

    @property
    def analysis(self) -> str | None:
        """JSON text of what the AI made of the call."""
        said = {"extraction": self.extraction, "classification": self.classification}
        there = {
            name: msgspec.Raw(text.encode()) for name, raw in said.items() if (text := text_of(raw))
        }
        return msgspec.json.encode(there).decode() if there else None


class _Turn(msgspec.Struct):
    role: str | None = None
    content: Any = None
    is_filler: bool | None = None
    discard: bool | None = None

    @property
    def said(self) -> bool:
        return not (self.is_filler or self.discard) and isinstance(self.content, str)


class Transcript(msgspec.Struct):
    """The answer to a transcript request; times are unix times."""

    start_time: Any = None
    messages: list[_Turn] | None = None

    @property
    def text(self) -> str | None:
        """Plain text; None if nobody said anything."""
        turns = [turn for turn in self.messages or [] if turn.said]
        return dialogue.from_turns((turn.role or "", turn.content) for turn in turns)

    @property
    def started_at(self) -> datetime | None:
        """When the talk began, in aware UTC."""
        return moment(self.start_time)


def read_call(row: bytes) -> Call:
    """Read a call as the list has it. Raises `ValueError`."""
    return call_of(decode(row, CallRow))


def call_of(row: CallRow) -> Call:
    """Translate. What a conversation needs, its transcript, is read singly."""
    status = row.status or ""
    over, outcome = verdict(status, has_duration=row.duration is not None)
    talked = over and outcome in WITH_DIALOGUE
    return Call(
        id=row.id,
        key=row.key,
        to=_e164(row.metadata.to) if row.metadata else None,
        over=over,
        outcome=outcome,
        ended_reason=status if over else "",
        answered_by=ANSWERED_BY.get(outcome),
        duration_seconds=row.duration,
        analysis=row.analysis,
        missing=frozenset({"transcript"}) if talked else frozenset(),
        needs_detail=talked,
    )


def with_transcript(call: Call, transcript: Transcript) -> Call:
    """Return the call with what its transcript adds: the words and the times."""
    start, text, length = transcript.started_at, transcript.text, call.duration_seconds
    return replace(
        call,
        started_at=start,
        ended_at=None if start is None or length is None else start + timedelta(seconds=length),
        transcript=text,
        missing=frozenset() if text else call.missing,
        needs_detail=False,
    )


def _e164(number: str | None) -> str | None:
    return f"+{number}" if number and number.isdecimal() else number
