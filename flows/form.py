"""What the Prefect UI asks for: the campaign file's model, less what Prefect must not store."""

from typing import Annotated, Literal

from pydantic import Field

from campaign.spec import CampaignSpec, Share
from providers import names

# Prefect keeps parameters in clear in its database, and refuses what does not match before it keeps
# it.
CallerNumber = Annotated[
    str,
    Field(
        pattern=r"^(env:[A-Za-z_][A-Za-z0-9_]*|[^+\s].*[^0-9\s].*)$",
        description="An id at the provider, or `env:NAME`: a number in the runner's environment.",
    ),
]


class FormShare(Share):
    """One provider's part of a campaign."""

    provider: Literal[names()]  # pyright: ignore[reportInvalidTypeForm] - the form's list to choose from
    from_numbers: list[CallerNumber] | None = None  # pyright: ignore[reportIncompatibleVariableOverride]
    """This provider's caller numbers; the campaign's if missing."""


class CampaignForm(CampaignSpec):
    """One campaign: a list of people, an agent, and a policy.

    Telephone numbers do not belong in a form.
    """

    provider: Literal[names()] | list[FormShare]  # pyright: ignore[reportInvalidTypeForm, reportIncompatibleVariableOverride]
    """The provider, or a split over several."""
    from_numbers: list[CallerNumber] = Field(default_factory=list[CallerNumber])  # pyright: ignore[reportIncompatibleVariableOverride]
    """Caller numbers, as ids at the provider or as `env:NAME` from the environment of the runner.
    """
