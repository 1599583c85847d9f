"""The campaign file: one model for the YAML file and for the form in the Prefect UI."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)
from pydantic.json_schema import WithJsonSchema

from campaign.durations import parse_duration
from campaign.rules.hours import parse_days, parse_hours
from campaign.words import Outcome

Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\d+(\.\d+)?\s*(ms|s|m|h|d|w)$",
            "examples": ["30s", "4h", "2d"],
        }
    ),
]
"""A length of time such as `30s`, `4h` or `2d`."""

ProviderName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=64)]
_DAYS = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


_ROUNDING = 1e-6


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Share(_Model):
    """One provider's part of a campaign."""

    provider: ProviderName
    share: float = Field(gt=0, le=1)
    """Its part of the recipients; the shares of a campaign add up to 1."""
    agent: dict[str, Any] | None = None
    """This provider's own block; the campaign's `agent` if missing."""
    from_numbers: list[str] | None = None
    """This provider's caller numbers; the campaign's `from_numbers` if missing."""


class RecipientSource(_Model):
    """Where the people come from and what the columns mean."""

    source: str = Field(min_length=1, examples=["people.csv"])
    """A .csv, .jsonl, .parquet or .xlsx file (relative to the campaign file), or an SQLAlchemy URL
    when `query` is set.
    """
    query: str | None = None
    """SQL text to run at `source`; one row per recipient."""
    sheet: str | None = None
    """Which sheet of an .xlsx file; the first if missing."""
    phone: str = Field(default="phone_number", min_length=1)
    """The column with the telephone number."""
    country: str | None = Field(default=None, pattern=r"^[A-Z]{2}$", examples=["US"])
    """Country (ISO 3166 alpha-2) of numbers written without country code.

    Never guessed: without it such numbers are rejected.
    """
    timezone: str | None = None
    """The column with the person's own IANA time zone."""
    state: str | None = None
    """The column with the state or province, such as `FL`."""
    postcode: str | None = None
    """The column with the ZIP or post code."""
    external_id: str | None = None
    """The column with your own id of the person; shown in exports as `recipient_id`."""
    consent: str | None = None
    """The column with the kind of consent: `express`, `written`, `none`."""
    consent_date: str | None = None
    """The column with the date of consent."""
    consent_source: str | None = None
    """The column that says where the consent was given."""


def _check_days(text: str) -> str:
    parse_days(text)
    return text


def _check_hours(text: str) -> str:
    parse_hours(text)
    return text


class Window(_Model):
    """Hours of the day, in the recipient's own local time, on some days of the week."""

    days: Annotated[str, AfterValidator(_check_days)] = Field(
        default="mon-fri", examples=["mon-fri", "mon,wed,sat", "daily"]
    )
    """Days of the week: a range, a list, or `daily`."""
    hours: Annotated[str, AfterValidator(_check_hours)] = Field(
        default="09:00-20:00", examples=["09:00-20:00", "10:00-13:00;14:00-20:00"]
    )
    """From (inclusive) to (exclusive), several parted by `;`."""


class Cap(_Model):
    """At most `calls` to one number in any stretch of `per`, over all campaigns."""

    calls: int = Field(ge=1)
    per: Duration


class Blackout(_Model):
    """A stretch of time in which nobody is called."""

    start: AwareDatetime
    end: AwareDatetime
    reason: str = ""
    jurisdiction: str | None = None
    """Only for people there, such as `US-LA`; everybody if missing."""

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if self.end <= self.start:
            raise ValueError("a blackout ends after it begins")
        return self


Purpose = Literal["marketing", "informational", "debt_collection"]


class PlaceRule(_Model):
    """Your own rule for one place, instead of the rule table's; you answer for it."""

    place: str = Field(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$", examples=["NL", "US-WA"])
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


class CallingWindows(_Model):
    """When people may be called. What the law of their place says is intersected with it."""

    default: Window = Window()
    """The campaign's own hours."""
    weekends: Window | None = None
    """Hours for Saturday and Sunday, in place of what `default` says of them."""
    jurisdiction: str | None = Field(default=None, examples=["US", "GB", "none"])
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


class Canary(_Model):
    """A small first wave; the rest goes only if it went well."""

    size: int = Field(ge=1)
    max_failure_rate: float = Field(default=0.2, ge=0, le=1)


def _any_hour(said: object) -> object:
    """Calling at any hour must be said in words: leaving something out is no permission."""
    return None if said == "any_hour" else said


WindowsOrAnyHour = Annotated[
    CallingWindows | None,
    BeforeValidator(_any_hour, json_schema_input_type=CallingWindows | Literal["any_hour"] | None),
]


class Policy(_Model):
    """Who may be called, when and how often."""

    calling_windows: WindowsOrAnyHour = CallingWindows()
    """Missing: weekdays from nine to eight, by the rule table.

    `any_hour`: no window and no table at all; you answer for it yourself.
    """
    max_attempts: int = Field(default=1, ge=1, le=20)
    """Attempts per person, at most."""
    min_gap: Duration = timedelta(hours=4)
    """Between two attempts to one person, at least."""
    gap_growth: float = Field(default=1.0, ge=1, le=10)
    """Each further gap is longer by this factor."""
    vary_hours: bool = False
    """Try another time of the day at each further attempt."""
    retry_on: list[Outcome] = Field(default_factory=lambda: [Outcome.NO_ANSWER, Outcome.BUSY])
    """Outcomes after which a person is called again."""
    caps: list[Cap] = Field(default_factory=list[Cap])
    """Caps per number over all campaigns, on top of the rule table's."""
    expires_at: AwareDatetime | None = None
    """Call nobody after this instant."""
    require_consent: Literal["rule", "always", "never"] = "rule"
    """`rule`: where the rule table asks for it."""
    canary: Canary | None = None
    failover: bool = False
    """Move a person to the next provider when the first provably did not dial."""
    opt_out: dict[str, list[str]] = Field(default_factory=dict[str, list[str]])
    """Analysis fields and the values that mean "do not call again", such as `{disposition: [dnc]}`.
    """
    hash_numbers: bool = False
    """Keep suppressed numbers of this campaign as keyed hashes only."""

    @model_validator(mode="after")
    def _retry_makes_sense(self) -> Self:
        if self.max_attempts > 1 and not self.retry_on:
            raise ValueError(
                "max_attempts is above 1 but retry_on is empty: nobody would be called again"
            )
        return self


class Limits(_Model):
    """How fast, how much, how dear."""

    concurrency: int = Field(default=10, ge=1, le=1000)
    """Simultaneous calls of this campaign."""
    batch_size: int = Field(default=200, ge=1, le=10_000)
    """Recipients in one batch."""
    open_batches: int = Field(default=4, ge=1, le=100)
    """Batches under way at the same time."""
    calls_per_minute: float | None = Field(default=None, gt=0)
    """Calls placed per minute and account."""
    max_calls: int | None = Field(default=None, ge=1)
    """Attempts of the whole campaign."""
    budget_usd: Decimal | None = Field(default=None, gt=0)
    """Stop before this is spent."""
    cost_per_call_usd: Decimal | None = Field(default=None, gt=0)
    """What a call is reserved at before it is placed; the average so far if missing."""
    max_failure_rate: float | None = Field(default=None, gt=0, le=1)
    """Pause when more than this part of the last calls failed."""
    start_guard: Duration | None = None
    """How far ahead a batch's start is set where the provider knows a start time, so that a doubt
    is settled before a telephone
    rings. Missing: the provider's safe value; `0s`: start at once."""

    @property
    def batches_at_once(self) -> int:
        """Open batches, as far as each can have a line of its own."""
        return min(self.open_batches, self.concurrency)

    @property
    def concurrency_of_a_batch(self) -> int:
        """The part of `concurrency` that one of the open batches may use."""
        return max(self.concurrency // self.batches_at_once, 1)


class Polling(_Model):
    """How often a provider is asked."""

    min: Duration = timedelta(seconds=5)
    max: Duration = timedelta(minutes=5)
    settle: Duration = timedelta(minutes=10)
    """How long late results of a finished batch are waited for."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not timedelta(0) < self.min <= self.max:
            raise ValueError("min must be above zero and not above max")
        return self


class CampaignSpec(_Model):
    """One campaign: a list of people, an agent, and a policy."""

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,62}[a-z0-9]$",
        title="Campaign name",
        examples=["spring-renewals"],
    )
    """The campaign's identity: running a name again goes on with that campaign."""
    provider: ProviderName | list[Share]
    """The provider, or a split over several."""
    agent: dict[str, Any] = Field(default_factory=dict[str, Any])
    """The provider's own block: which agent talks, and how."""
    from_numbers: list[str] = Field(default_factory=list[str])
    """Caller numbers, as the provider wants them (ids or E.164); `env:NAME` takes it from the
    environment of the runner.
    """
    recipients: RecipientSource
    variables: dict[VariableName, str] = Field(default_factory=dict[str, str])
    """What the agent is told about each person: name and text, with `{column}` filled in from the
    person's row.
    """
    policy: Policy = Policy()
    limits: Limits = Limits()
    polling: Polling = Polling()

    @property
    def shares(self) -> tuple[Share, ...]:
        """The providers, each with its agent block and caller numbers; a single one has share 1."""
        split = (
            [Share(provider=self.provider, share=1)]
            if isinstance(self.provider, str)
            else self.provider
        )
        return tuple(
            share.model_copy(
                update={
                    "agent": self.agent if share.agent is None else share.agent,
                    "from_numbers": self.from_numbers
                    if share.from_numbers is None
                    else share.from_numbers,
                }
            )
            for share in split
        )

    def share_of(self, provider: str) -> Share:
        """The share of one provider. Raises `KeyError`."""
        return {share.provider: share for share in self.shares}[provider]

    @model_validator(mode="after")
    def _shares_add_up(self) -> Self:
        if isinstance(self.provider, str):
            return self
        names = [share.provider for share in self.provider]
        if len(set(names)) < len(names):
            raise ValueError("a provider appears twice in the split")
        if not self.provider or abs(sum(share.share for share in self.provider) - 1) > _ROUNDING:
            raise ValueError("the shares of the split must add up to 1")
        return self


def expired(spec: CampaignSpec, now: datetime) -> bool:
    """Nobody may be called any more."""
    return spec.policy.expires_at is not None and now >= spec.policy.expires_at


Document = Mapping[str, Any]
"""A campaign file as read, before validation."""
