"""Who may be called, when and how often."""

from datetime import timedelta
from typing import Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from campaign.spec.model import Duration, Model
from campaign.spec.windows import CallingWindows, Cap, WindowsOrAnyHour
from campaign.words import Outcome


class Canary(Model):
    """A small first wave, drawn by lot; the rest goes only if it went well."""

    size: int = Field(ge=1)
    """People of the wave, each provider of a split having its part of them."""
    max_failure_rate: float = Field(default=0.2, ge=0, le=1)
    """The campaign stops if more than this part of them came to `failed`, `invalid_number` or
    `unknown`."""


class Policy(Model):
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
    """`rule`: where the rule table asks for it. `always`: from everybody. `never`: you answer for
    everybody in the list."""
    canary: Canary | None = None
    """A first wave that must go well."""
    failover: bool = False
    """Send whom a provider provably did not dial on to the next of the split."""
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
