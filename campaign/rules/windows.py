"""Windows as instants: a schedule in a zone becomes spans of UTC.

People are called only inside the spans of all their rules in all their zones. Local hours are laid
on each local date and shifted by the UTC offset that holds there and then; nothing is computed by
adding 24 hours. Where clocks are turned back the doubled hour counts twice, where they are turned
forward the missing hour does not exist.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Protocol

from campaign.rules.hours import parse_days, parse_hours
from campaign.rules.schedule import Schedule, weekly
from campaign.rules.zonedata import zone
from campaign.spec import CallingWindows

HORIZON = timedelta(days=400)
"""How far ahead an opening is looked for: a year with its holidays, and some weeks."""
FOREVER = datetime.max.replace(tzinfo=UTC)

_DAY = timedelta(days=1)
_BLOCK = timedelta(days=28)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WEEKEND = frozenset({5, 6})


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time from `start` (inclusive) to `end` (exclusive), both aware UTC."""

    start: datetime
    end: datetime


class Openings(Protocol):
    """Something that is open at some times and closed at others."""

    def span(self, at: datetime, margin: timedelta) -> Span | None:
        """The first open span that ends after `at`, `margin` taken off its end.

        None: it does not open within `HORIZON`.
        """
        ...


def first_opening(
    openings: Sequence[Openings], at: datetime, margin: timedelta = timedelta(0)
) -> Span | None:
    """The first instant from `at` on at which all of them are open, and until when they stay so.

    None: there is none within `HORIZON`. `end` is `FOREVER` if none of them closes.
    """
    instant, last = at, at + HORIZON
    while instant <= last:
        end, opens = FOREVER, instant
        for opening in openings:
            span = opening.span(instant, margin)
            if span is None:
                return None
            opens, end = max(opens, span.start), min(end, span.end)
        if opens == instant:
            return Span(instant, end)
        instant = opens
    return None


@dataclass(frozen=True, slots=True)
class LocalHours:
    """A weekly schedule by the clocks of one zone."""

    schedule: Schedule
    zone_name: str
    _blocks: dict[int, tuple[Span, ...]] = field(
        default_factory=dict[int, tuple[Span, ...]], compare=False, repr=False
    )

    def span(self, at: datetime, margin: timedelta) -> Span | None:
        """The first open span that ends after `at`, `margin` taken off its end."""
        if self.schedule.always:
            return Span(at, FOREVER)
        for span in self._spans(at):
            end = span.end - margin
            if at < end and span.start < end:
                return Span(span.start, end)
        return None

    def _spans(self, at: datetime) -> Iterator[Span]:
        """Spans in order, from the one that contains `at` or follows it, adjoining ones joined."""
        pending: Span | None = None
        first = (at - _EPOCH) // _BLOCK
        for number in range(first, first + HORIZON // _BLOCK + 2):
            spans = self._block(number)
            skip = max(bisect_right(spans, at, key=_start) - 1, 0) if number == first else 0
            for span in spans[skip:]:
                if pending is not None and span.start == pending.end:
                    pending = Span(pending.start, span.end)
                    continue
                if pending is not None:
                    yield pending
                pending = span
        if pending is not None:
            yield pending

    def _block(self, number: int) -> tuple[Span, ...]:
        if number not in self._blocks:
            start = _EPOCH + number * _BLOCK
            self._blocks[number] = tuple(self._lay_out(start, start + _BLOCK))
        return self._blocks[number]

    def _lay_out(self, start: datetime, end: datetime) -> Iterator[Span]:
        """The open spans between two instants, cut off at both."""
        for piece, offset in _offsets(zone(self.zone_name), start, end):
            day = (piece.start + offset).date()
            while (midnight := _midnight(day) - offset) < piece.end:
                for opens, closes in self.schedule.on(day):
                    cut = Span(
                        max(piece.start, midnight + timedelta(minutes=opens)),
                        min(piece.end, midnight + timedelta(minutes=closes)),
                    )
                    if cut.start < cut.end:
                        yield cut
                day += _DAY


def _start(span: Span) -> datetime:
    return span.start


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


@lru_cache(maxsize=8192)
def local_hours(schedule: Schedule, zone_name: str) -> LocalHours:
    """The one `LocalHours` of a schedule in a zone: what it has worked out is kept."""
    return LocalHours(schedule, zone_name)


@dataclass(frozen=True, slots=True)
class Closures:
    """Open but for some stretches of time, whatever the clocks say."""

    closed: tuple[Span, ...]
    """In order of their start."""

    def span(self, at: datetime, margin: timedelta) -> Span | None:
        """The first open span that ends after `at`, `margin` taken off its end."""
        start = at
        for closed in self.closed:
            if start < closed.start - margin:
                return Span(start, closed.start - margin)
            start = max(start, closed.end)
        return Span(start, FOREVER)


def _offsets(clock: tzinfo, start: datetime, end: datetime) -> Iterator[tuple[Span, timedelta]]:
    """The stretches of constant UTC offset between two whole seconds, with the offset.

    No zone changes its offset twice in a day.
    """
    piece_start, offset = start, _offset(clock, start)
    instant = start
    while instant < end:
        following = min(instant + _DAY, end)
        if (new_offset := _offset(clock, following)) != offset:
            changed = _change(clock, instant, following)
            if changed < end:
                yield Span(piece_start, changed), offset
                piece_start, offset = changed, new_offset
        instant = following
    yield Span(piece_start, end), offset


def _change(clock: tzinfo, before: datetime, after: datetime) -> datetime:
    """The instant between the two at which the offset changes; there is one."""
    offset = _offset(clock, before)
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if _offset(clock, middle) == offset:
            before = middle
        else:
            after = middle
    return after


def _offset(clock: tzinfo, instant: datetime) -> timedelta:
    offset = instant.astimezone(clock).utcoffset()
    assert offset is not None  # noqa: S101 - a zone has an offset at every instant
    return offset


def campaign_schedule(windows: CallingWindows) -> Schedule:
    """The campaign's own hours, for Saturday and Sunday those of `weekends` if there are any."""
    week = weekly(windows.default.hours, windows.default.days).week
    if windows.weekends is None:
        return Schedule(week)
    stretches = parse_hours(windows.weekends.hours)
    # `days` of a window that is not told any is mon-fri: then both days of the weekend are meant.
    days = parse_days(windows.weekends.days) & _WEEKEND or _WEEKEND
    return Schedule(week[:5] + tuple(stretches if day in days else () for day in (5, 6)))


def blackouts(windows: CallingWindows, places: Iterable[str]) -> Closures:
    """The campaign's blackouts for people of these places."""
    here = frozenset(places)
    closed = (
        Span(blackout.start.astimezone(UTC), blackout.end.astimezone(UTC))
        for blackout in windows.blackouts
        if blackout.jurisdiction is None or blackout.jurisdiction in here
    )
    return Closures(tuple(sorted(closed, key=_start)))
