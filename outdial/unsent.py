"""Who waits to be sent, and for what, as a person reads it."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from campaign.spec import CampaignSpec
from outdial.capabilities import calls_at_once, of_campaign
from outdial.terminal import count, when
from store.reports.unsent import Unsent


def in_words(batches: Sequence[Unsent], spec: CampaignSpec, now: datetime) -> Iterator[str]:
    """Say which batches wait, a sentence each; not those that are sent from with the next step."""
    for batch in batches:
        said = (
            f"batch {batch.batch_no} at {batch.provider} calls {count(batch.people, 'person')} more"
        )
        if batch.due_at is not None and batch.due_at > now:
            yield f"{said} {when(batch.due_at, now)}: {batch.why.removeprefix('waits: ')}"
        elif _no_line_is_free(batch, spec):
            yield f"{said} when a line is free: {_lines(batch, spec)}"


def _no_line_is_free(batch: Unsent, spec: CampaignSpec) -> bool:
    able = of_campaign(spec, batch.provider)
    if able.native_batch:
        return False
    size = calls_at_once(spec, batch.provider, able)
    return spec.limits.concurrency_of_a_batch - batch.under_way - size * batch.doubts < size


def _lines(batch: Unsent, spec: CampaignSpec) -> str:
    limits = spec.limits
    shared = f"limits.concurrency {limits.concurrency}"
    if limits.batches_at_once > 1:
        shared += f", shared by {limits.batches_at_once} batches"
    used = [count(batch.under_way, "call")] if batch.under_way else []
    used += [f"{count(batch.doubts, 'doubt')} until found or held"] if batch.doubts else []
    lines = count(limits.concurrency_of_a_batch, "line")
    return f"it has {lines} ({shared}), in use by {' and '.join(used)}"
