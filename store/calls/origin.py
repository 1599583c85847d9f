"""Where calls come from, and by which policy they are followed up."""

from dataclasses import dataclass
from datetime import datetime

from campaign.spec import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where calls come from."""

    provider: str
    campaign_id: str
    batch_id: str
    policy: Policy
    now: datetime
