"""The campaign file: one model for the YAML file and for the form in the Prefect UI."""

from campaign.spec.campaign import CampaignSpec, Share, expired
from campaign.spec.limits import Limits, Polling
from campaign.spec.model import Duration
from campaign.spec.policy import Canary, Policy
from campaign.spec.recipients import RecipientSource
from campaign.spec.windows import (
    Blackout,
    CallingWindows,
    Cap,
    PlaceRule,
    Purpose,
    Window,
)

__all__ = [
    "Blackout",
    "CallingWindows",
    "CampaignSpec",
    "Canary",
    "Cap",
    "Duration",
    "Limits",
    "PlaceRule",
    "Policy",
    "Polling",
    "Purpose",
    "RecipientSource",
    "Share",
    "Window",
    "expired",
]
