"""When a call is read singly: at once, then with growing patience, then never again. Pure."""

from datetime import datetime, timedelta

from campaign.calls import Call

UNIT = timedelta(seconds=5)
"""The pause that the first reads are measured by, unless a campaign polls faster."""

_SOON = (2, 12, 60)
_LATER = (timedelta(minutes=15), timedelta(hours=2), timedelta(hours=24), timedelta(hours=72))
PATIENCE = (*(UNIT * times for times in _SOON), *_LATER)
"""The pauses between reads that still lack something."""


def first_read(call: Call, now: datetime) -> datetime | None:
    """Return when a call that was listed is to be read singly; None: the list told everything."""
    return now if call.needs_detail or (call.over and call.missing) else None


def next_read(reads: int, now: datetime, unit: timedelta = UNIT) -> datetime | None:
    """Return when to read again after `reads` reads that did not bring everything; None: never."""
    if given_up(reads):
        return None
    pauses = (*(min(unit, UNIT) * times for times in _SOON), *_LATER)
    return now + pauses[reads - 1]


def given_up(reads: int) -> bool:
    """Whether what is still missing after so many reads will not come any more."""
    return reads > len(PATIENCE)
