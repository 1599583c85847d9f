"""Campaigns moved from state to state by a person: found, moved or refused in words, audited."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from campaign.errors import BadInput, Fault
from campaign.states import CAMPAIGN, CampaignState
from store import campaigns
from store.allowance.terms import let_go
from store.campaigns import CampaignView
from store.decisions import audit


def one_or_all(campaign: str | None, *, everything: bool) -> str | None:
    """Return the campaign that is named; None: all are meant. Raises `BadInput`."""
    if everything == (campaign is not None):
        message = "name one campaign, or say --all"
        raise BadInput(message, [Fault(message, "`outdial status` lists the campaigns.")])
    return campaign


def steer(
    db: Connection,
    name: str,
    verb: str,
    to: CampaignState,
    *,
    actor: str,
    reason: str,
    now: datetime,
) -> CampaignView:
    """Move a campaign because somebody said so; one that is there already stays.

    Raises `BadInput` for a campaign that cannot go there.
    """
    found = campaigns.get(db, name)
    if found.state is not to:
        refuse_unless(found, verb, to)
        said = "" if to is CampaignState.RUNNING else f"{actor}: {reason}"
        campaigns.set_state(db, found.id, to, said, now, expected=found.state)
        if to is CampaignState.RUNNING:
            let_go(db, found.id, now)
        audit.append(db, actor=actor, verb=verb, subject=found.id, reason=reason, now=now)
    return campaigns.get(db, found.id)


def refuse_unless(
    found: CampaignView, verb: str, to: CampaignState, also: Collection[CampaignState] = ()
) -> None:
    """Raise `BadInput` if a campaign is neither where `to` may follow nor in one of `also`."""
    if to in CAMPAIGN[found.state] or found.state in also:
        return
    message = f"{found.name} is {found.state.value.replace('_', ' ')}: there is nothing to {verb}"
    raise BadInput(message, [Fault(message, f"`outdial status {found.name}` tells how it stands.")])
