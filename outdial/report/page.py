"""A report as one HTML page: no script, nothing fetched, everything from outside escaped."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib.metadata import version
from math import ceil

from jinja2 import Environment, PackageLoader, StrictUndefined

from campaign.durations import say_duration
from campaign.states import CampaignState
from campaign.words import Outcome
from outdial.report.gathering import Report

_TONES = {
    CampaignState.COMPLETED: "good",
    CampaignState.RUNNING: "live",
    CampaignState.NEEDS_ATTENTION: "bad",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeLine:
    """The calls that ended in one way, at each provider in turn."""

    outcome: Outcome
    calls: int
    by_provider: Sequence[int]


def render(report: Report) -> str:
    """Draw the page. Times on it are UTC."""
    pages = Environment(
        loader=PackageLoader("outdial.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters |= {
        "count": _count,
        "money": _money,
        "percent": _percent,
        "seconds": _seconds,
        "utc": _utc,
        "words": _words,
    }
    return pages.get_template("page.html.j2").render(
        report=report,
        campaign=report.standing.campaign,
        tone=_TONES.get(report.standing.campaign.state, "calm"),
        outcomes=outcome_lines(report),
        scale=rate_scale(report),
        tallest=max(hour.calls for hour in report.day.hours),
        version=version("outdial"),
    )


def outcome_lines(report: Report) -> list[OutcomeLine]:
    """Return the outcomes that there were, the most frequent first."""
    counts = {(row.outcome, row.provider): row.calls for row in report.standing.outcomes}
    names = [one.provider for one in report.figures]
    lines = [
        OutcomeLine(outcome=outcome, calls=sum(calls), by_provider=calls)
        for outcome in Outcome
        if sum(calls := [counts.get((outcome, name), 0) for name in names])
    ]
    return sorted(lines, key=lambda line: -line.calls)


def rate_scale(report: Report) -> float:
    """Return where the axis of answer rates ends: a tenth that no interval goes beyond."""
    highest = max((one.interval.high for one in report.figures if one.interval), default=0.0)
    return max(1, ceil(highest * 10)) / 10


def _count(number: int) -> str:
    return f"{number:,}"


def _percent(part: float, whole: float = 1, digits: int = 1) -> str:
    return f"{100 * part / whole:.{digits}f}" if whole else "0"


def _money(amount: Decimal | None) -> str:
    return "-" if amount is None else f"${amount:,.2f}"


def _seconds(seconds: float | None) -> str:
    return "-" if seconds is None else say_duration(timedelta(seconds=round(seconds)))


def _utc(instant: datetime | None) -> str:
    return "-" if instant is None else f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _words(word: str) -> str:
    return word.replace("_", " ")
