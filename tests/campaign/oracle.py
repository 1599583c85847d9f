"""A slow second opinion: reads the wall clock of every zone, minute by minute."""

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

import holidays

MINUTE = timedelta(minutes=1)
DAYS: tuple[str, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Week = dict[str, str]
"""Hours by day of the week, as people write them; a day that is missing is closed."""


@dataclass(frozen=True)
class Hours:
    """Hours by the clock of one zone."""

    week: Week
    zone: str
    closed_on: tuple[str, ...] = ()

    def open_at(self, instant: datetime) -> bool:
        local = instant.astimezone(clock(self.zone))
        if any(local.date() in calendar(name) for name in self.closed_on):
            return False
        said = self.week.get(DAYS[local.weekday()], "none")
        wall = f"{local:%H:%M}"
        return said == "any" or (
            said != "none"
            and any(
                start <= wall < end for start, end in (part.split("-") for part in said.split(";"))
            )
        )


@cache
def clock(name: str) -> ZoneInfo:
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


@cache
def calendar(name: str) -> holidays.HolidayBase:
    country, _, part = name.partition("-")
    return holidays.country_holidays(country, subdiv=part or None)


def legal(hours: Iterable[Hours], at: datetime, margin: timedelta) -> bool:
    """Open in every zone now, and still open when the margin is over."""
    minutes = range(int(margin / MINUTE) + 1)
    return all(each.open_at(at + step * MINUTE) for each in hours for step in minutes)


def first(
    allowed: Callable[[datetime], bool], at: datetime, step: timedelta, steps: int
) -> datetime | None:
    """The first allowed instant on a grid."""
    return next((at + n * step for n in range(steps) if allowed(at + n * step)), None)


def within_cap(times: Sequence[datetime], calls: int, per: timedelta) -> bool:
    """No stretch of `per`, wherever it begins, holds more than `calls`."""
    return all(sum(start <= time < start + per for time in times) <= calls for start in times)


def rows(name: str) -> list[dict[str, str]]:
    """A shipped table as plain text."""
    text = (files("campaign.rules") / "data" / f"{name}.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


def week_of(row: dict[str, str]) -> Week:
    return dict.fromkeys(DAYS[:5], row["mon_fri"]) | {"sat": row["sat"], "sun": row["sun"]}


def area_code_in(state: str) -> str:
    """An area code of a state."""
    return next(
        row["area_codes"].split()[0] for row in rows("area_codes") if row["states"] == state
    )


def fictional(area_code: str, last: int = 1) -> str:
    return f"+1{area_code}55501{last:02}"
