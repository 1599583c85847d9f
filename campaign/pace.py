"""How long to wait before asking again. Pure: time goes in, time comes out."""

import random
from datetime import datetime, timedelta

from campaign.spec import Polling

_JITTER = 0.1
_BACKOFF = 2.0


def next_look(
    polling: Polling, *, elapsed: timedelta, done: int, total: int, page: int
) -> timedelta:
    """Return the pause until the next look at a batch.

    `done` of its `total` calls are over after `elapsed`. Long enough for a page of results to fill
    up, shorter towards the end, always within `polling.min` and `polling.max`. The pause does not
    depend on how often was asked before, so a restart changes nothing.
    """
    left = max(total - done, 0)
    if not left:
        return polling.min
    if not done:
        # Nothing to measure by: as patient as the batch is old.
        return clamp(elapsed / 2, polling)
    per_call = elapsed / done
    until_page, until_end = per_call * min(page, left), per_call * left
    return clamp(min(until_page, until_end / 2), polling)


def after_failure(polling: Polling, failures: int) -> timedelta:
    """The pause after the `failures`-th failure in a row."""
    return clamp(polling.min * _BACKOFF ** min(failures, 20), polling)


def clamp(pause: timedelta, polling: Polling) -> timedelta:
    """Keep a pause within the campaign's bounds."""
    return min(max(pause, polling.min), polling.max)


def jittered(pause: timedelta, chance: random.Random) -> timedelta:
    """Spread a pause by a tenth, so that many batches do not ask at the same moment."""
    return pause * (1 + _JITTER * (2 * chance.random() - 1))


# Seconds after a doubt began; then every ten minutes, then every hour, for ever.
_LOOKS = (5, 15, 30, 60, 120, 300)
_LATER = timedelta(minutes=10)
_LATEST = timedelta(hours=1)
_PATIENT_AFTER = 36


def next_lookup(looks: int) -> timedelta:
    """The pause before the next look-up of a doubt, after `looks` that found nothing."""
    if looks < len(_LOOKS):
        return timedelta(seconds=_LOOKS[looks])
    return _LATER if looks < _PATIENT_AFTER else _LATEST


LATE_SWEEPS = (
    timedelta(minutes=15),
    timedelta(hours=2),
    timedelta(hours=24),
    timedelta(hours=72),
)
"""After which a settled batch is swept again: cost, recordings and analyses come late, and so do
calls."""


def next_late_look(since: datetime, now: datetime, guard: datetime | None) -> datetime | None:
    """When to look once more for what was decided at `since`; None: never again.

    `guard`: nobody is dialled before. Until then often, as it can still be stopped; then at the
    times of the late sweeps.
    """
    soon = now + min(max((now - since) / 2, timedelta(seconds=_LOOKS[0])), _LATER)
    if guard is not None and soon < guard:
        return soon
    moments = (since + pause for pause in LATE_SWEEPS)
    return next((moment for moment in moments if moment > now), None)
