"""When people may be called, and how often."""

from datetime import date, timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, model_validator

from campaign.rules.hours import parse_days, parse_hours
from campaign.spec.model import Duration, Model, PositiveDuration
from campaign.spec.places import Country, PlaceName, RulePlace


def _check_days(text: str) -> str:
    parse_days(text)
    return text


def _check_hours(text: str) -> str:
    parse_hours(text)
    return text


class Window(Model):
    """Hours of the day, in the recipient's own local time, on some days of the week."""

    days: Annotated[str, AfterValidator(_check_days)] = Field(
        default="mon-fri", examples=["mon-fri", "mon,wed,sat", "daily"]
    )
    """Days of the week: a range, a list, or `daily`."""
    hours: Annotated[str, AfterValidator(_check_hours)] = Field(
        default="09:00-20:00", examples=["09:00-20:00", "10:00-13:00;14:00-20:00"]
    )
    """From (inclusive) to (exclusive), several parted by `;`."""


class Cap(Model):
    """At most `calls` to one number in any stretch of `per`, over all campaigns."""

    calls: int = Field(ge=1)
    per: PositiveDuration


class Blackout(Model):
    """A stretch of time in which nobody is called."""

    start: AwareDatetime
    end: AwareDatetime
    reason: str = ""
    jurisdiction: PlaceName | None = None
    """Only for people there, such as `US-LA`; everybody if missing."""

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if self.end <= self.start:
            raise ValueError("a blackout ends after it begins")
        return self


Purpose = Literal["marketing", "informational", "debt_collection"]


class PlaceRule(Model):
    """Your own rule for one place, instead of the rule table's; you answer for it."""

    place: RulePlace = Field(examples=["NL", "US-WA"])
    """A country, or a state or province."""
    windows: list[Window] = Field(min_length=1)
    """When people there may be called."""
    consent: Literal["none", "express", "written"] = "express"
    """The consent that is needed."""
    caps: list[Cap] = Field(default_factory=list[Cap])
    """How often one number may be called."""
    holidays: bool = False
    """Closed on the public holidays of the place."""
    source: str = Field(min_length=3, examples=["Counsel's letter of 2026-11-03"])
    """Who says so; shown with every judgement."""
    as_of: date
    """When it was last checked."""


class CallingWindows(Model):
    """When people may be called. What the law of their place says is intersected with it."""

    default: Window = Window()
    """The campaign's own hours."""
    weekends: Window | None = None
    """Hours for Saturday and Sunday, in place of what `default` says of them."""
    jurisdiction: Country | None = Field(default=None, examples=["US", "GB", "none"])
    """The country whose rules hold for everybody, besides those of each person's own country and
    state; `none` for no rule table at all (you then answer for it yourself)."""
    purpose: Purpose = "marketing"
    """What the calls are for: some rules are about marketing or debt collection only."""
    rules: list[PlaceRule] = Field(default_factory=list[PlaceRule])
    """Your own rules: for countries that the table lacks, or instead of a row of it."""
    max_rule_age: Duration = timedelta(days=1095)
    """Call nobody by a rule that was last checked longer ago."""
    zone_mode: Literal["number", "strict_us"] = "number"
    """`number`: every zone that the number may be in; `strict_us`: besides, all four contiguous US
    zones.
    """
    holidays: bool = True
    """Call nobody on the public holidays that the rule table names."""
    blackouts: list[Blackout] = Field(default_factory=list[Blackout])
    margin: Duration = timedelta(minutes=5)
    """Stop this much before a window closes."""


def _any_hour(said: object) -> object:
    """Calling at any hour must be said in words: leaving something out is no permission."""
    return None if said == "any_hour" else said


WindowsOrAnyHour = Annotated[
    CallingWindows | None,
    BeforeValidator(_any_hour, json_schema_input_type=CallingWindows | Literal["any_hour"] | None),
]
