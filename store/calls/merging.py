"""Two accounts of one call made one. Pure."""

from dataclasses import replace
from typing import TypeVar

from campaign.calls import Call
from campaign.words import Outcome

_T = TypeVar("_T")

LATE = {
    "transcript": "transcript",
    "cost": "cost_usd",
    "recording": "recording_url",
    "analysis": "analysis",
}
"""The field of a call that a late field's name stands for."""


def merged(call: Call, earlier: Call) -> Call:
    """Return `call` with what it lacks filled in from `earlier`.

    A call that was over stays over, and an outcome that was known stays known: providers' states
    flap, and their lists may be older than what was read singly.
    """
    flapped = earlier.over and not call.over
    decided = earlier if flapped or (_settled(earlier) and not _settled(call)) else call
    if decided.outcome is Outcome.UNKNOWN and earlier.outcome is not Outcome.UNKNOWN:
        decided = earlier
    late = earlier.missing if flapped else call.missing
    one = replace(
        call,
        key=call.key or earlier.key,
        to=call.to or earlier.to,
        over=call.over or earlier.over,
        outcome=decided.outcome,
        ended_reason=decided.ended_reason or call.ended_reason or earlier.ended_reason,
        answered_by=call.answered_by or earlier.answered_by,
        started_at=call.started_at or earlier.started_at,
        ended_at=call.ended_at or earlier.ended_at,
        duration_seconds=_first(call.duration_seconds, earlier.duration_seconds),
        cost_usd=_first(call.cost_usd, earlier.cost_usd),
        transcript=call.transcript or earlier.transcript,
        recording_url=call.recording_url or earlier.recording_url,
        analysis=call.analysis or earlier.analysis,
        opted_out=call.opted_out or earlier.opted_out,
        missing=(late - {"outcome"}) | (decided.missing & {"outcome"}),
    )
    return replace(one, missing=still_missing(one))


def reached_after_all(call: Call, earlier: Call) -> bool:
    """Whether somebody was reached of whom it was known for good that they were not."""
    return _settled(call) and call.outcome.reached and not earlier.outcome.reached


def _settled(call: Call) -> bool:
    """Whether its outcome is known for good."""
    return call.over and call.outcome is not Outcome.UNKNOWN and "outcome" not in call.missing


def still_missing(call: Call) -> frozenset[str]:
    """Return the late fields that the call still lacks, of those that it names."""
    return frozenset(
        name for name in call.missing if name not in LATE or getattr(call, LATE[name]) is None
    )


def says_the_same(call: Call, earlier: Call) -> bool:
    """Whether two accounts differ in nothing that matters; a recording's address may be renewed."""
    return replace(
        call, key=None, to=None, needs_detail=False, recording_url=_there(call)
    ) == replace(earlier, key=None, to=None, needs_detail=False, recording_url=_there(earlier))


def _there(call: Call) -> str | None:
    return "there" if call.recording_url else None


def _first(value: _T | None, otherwise: _T | None) -> _T | None:
    return otherwise if value is None else value
