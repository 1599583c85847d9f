"""The whole campaign file: one model for the YAML file and for the form in the Prefect UI."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from campaign.spec.limits import Limits, Polling
from campaign.spec.model import Model
from campaign.spec.policy import Policy
from campaign.spec.recipients import RecipientSource

ProviderName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=64)]

_ROUNDING = 1e-6


class Share(Model):
    """One provider's part of a campaign."""

    provider: ProviderName
    share: float = Field(gt=0, le=1)
    """Its part of the recipients; the shares of a campaign add up to 1."""
    agent: dict[str, Any] | None = None
    """This provider's own block; the campaign's `agent` if missing."""
    from_numbers: list[str] | None = None
    """This provider's caller numbers; the campaign's `from_numbers` if missing."""


class CampaignSpec(Model):
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

    @model_validator(mode="after")
    def _split_suffices(self) -> Self:
        providers, canary = len(self.shares), self.policy.canary
        if self.policy.failover and providers == 1:
            raise ValueError("failover needs a split: there is no other provider to go on to")
        if canary is not None and canary.size < providers:
            raise ValueError("the canary wave is smaller than the number of providers in the split")
        return self


def expired(spec: CampaignSpec, now: datetime) -> bool:
    """Nobody may be called any more."""
    return spec.policy.expires_at is not None and now >= spec.policy.expires_at
