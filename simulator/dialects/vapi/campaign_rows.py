"""How a campaign and its contacts look from outside."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from simulator.clock import iso_utc
from simulator.dialects.vapi.call_rows import ended_reason
from simulator.dialects.vapi.campaign import Campaign, Contact
from simulator.dialects.vapi.organization import Organization
from simulator.dialects.vapi.settings import VapiSettings
from simulator.people import Reaction

_CAMPAIGN_NULLS: Mapping[str, None] = dict.fromkeys(
    [
        "endedReason",
        "assistantId",
        "squadId",
        "schedulePlan",
        "assistantOverrides",
        "squadOverrides",
        "server",
        "serverMessages",
        "predialPlan",
        "contactCounters",
        "callMetrics",
    ]
)
_CONTACT_NULLS: Mapping[str, None] = dict.fromkeys(
    ["name", "callId", "dispatchedAt", "endedReason"]
)
_COUNTERS = {
    "contact.pending": "pending",
    "contact.dispatched": "dispatched",
    "contact.completed": "completed",
    "contact.failed": "failed",
    "contact.skipped": "skipped",
    "contact.predial-failed": "predialFailed",
}
_HUMAN = frozenset({Reaction.ANSWERED, Reaction.TRANSFERRED, Reaction.OPTED_OUT, Reaction.SILENT})


def campaign_row(
    campaign: Campaign, moment: float, organization: Organization, settings: VapiSettings
) -> dict[str, Any]:
    """A campaign as of a moment, without its counters."""
    row = {
        "id": campaign.id,
        "orgId": organization.id,
        **campaign.config,
        "status": campaign.status(moment),
        "createdAt": iso_utc(campaign.created_at),
        "updatedAt": iso_utc(campaign.updated_at(max(moment, campaign.created_at))),
    }
    reason = campaign.ended_reason(moment)
    if reason:
        row["endedReason"] = reason
    return {**_CAMPAIGN_NULLS, **row} if settings.nulls else row


def counters(campaign: Campaign, moment: float, settings: VapiSettings) -> dict[str, Any]:
    """How many contacts are where, as of a moment."""
    statuses = Counter(contact.status(moment, settings) for contact in campaign.contacts)
    calls = [contact.call for contact in campaign.contacts if contact.dispatched(moment)]
    connected = sum(
        call.reaction in _HUMAN and call.answered_at is not None and call.answered_at <= moment
        for call in calls
    )
    return {
        "contactCounters": {word: statuses[status] for status, word in _COUNTERS.items()},
        "callMetrics": {"dialed": len(calls), "connected": connected},
    }


def contact_row(contact: Contact, moment: float, settings: VapiSettings) -> dict[str, Any]:
    """A contact as of a moment."""
    call = contact.call
    row: dict[str, Any] = {
        "id": contact.id,
        "number": call.number,
        "status": contact.status(moment, settings),
    }
    if contact.name:
        row["name"] = contact.name
    if call.rang_at is not None and contact.dispatched(moment):
        row |= {"callId": call.id, "dispatchedAt": iso_utc(call.rang_at)}
        if call.over(moment):
            row["endedReason"] = ended_reason(call, settings)
    return {**_CONTACT_NULLS, **row} if settings.nulls else row
