"""A person's word about what a provider has, as the answer that the provider never gave."""

from sqlalchemy import Connection

from campaign.calls import Receipt
from campaign.errors import BadInput, Fault
from outdial.capabilities import of_campaign
from store import campaigns
from store.batches import views as batches
from store.decisions import holding
from store.submissions import views as submissions


def receipt_for(db: Connection, tag: str, provider_id: str) -> Receipt:
    """Return the yes to a submission that the provider has as `provider_id`. Raises `BadInput`."""
    submission = submissions.get(db, tag)
    if submission is None:
        raise LookupError(tag)
    owner = holding.owner_of(db, submission.provider, provider_id)
    if owner is not None and owner != tag:
        message = f"{provider_id} is known already, as {owner}"
        raise BadInput(message, [Fault(message, "Look for the tag itself at the provider.")])
    campaign = campaigns.get(db, batches.get(db, submission.batch_id).campaign_id)
    if of_campaign(campaign.spec, submission.provider).native_batch:
        return Receipt(provider_batch_id=provider_id)
    keys = submissions.reference(db, tag).keys
    if len(keys) != 1:
        message = f"{tag} holds {len(keys)} calls, and {submission.provider} has no batches"
        remedy = "One id tells of one call only. It is still looked for by all of its keys."
        raise BadInput(message, [Fault(message, remedy)])
    return Receipt(provider_batch_id=tag, call_ids=dict.fromkeys(keys, provider_id))
