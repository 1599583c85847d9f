"""What a look-up finds where calls are placed one by one, and one may have been placed twice."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from campaign.calls import Found, SubmissionRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A call that bears a submission's tag or one of its keys."""

    id: str
    key: str | None
    created_at: datetime | None
    dialling: bool = True
    """False: it is scheduled, and has not begun."""


def sorted_out(submission: SubmissionRef, hits: Iterable[Hit]) -> list[Found]:
    """Return the first call of each key as one find, every second one as another, and so on.

    `hits`: the oldest first. A call without a key of ours tells only that the submission is there.
    """
    layers: list[list[Hit]] = []
    seen: dict[str | None, set[str]] = {}
    for hit in hits:
        key = hit.key if hit.key in submission.keys else None
        ids = seen.setdefault(key, set())
        if hit.id in ids:
            continue
        layer = len(ids) if key is not None else 0
        ids.add(hit.id)
        if layer == len(layers):
            layers.append([])
        layers[layer].append(hit)
    return [_found(submission, layer) for layer in layers]


def _found(submission: SubmissionRef, hits: list[Hit]) -> Found:
    return Found(
        provider_batch_id=submission.tag,
        created_at=min((hit.created_at for hit in hits if hit.created_at), default=None),
        dialling=any(hit.dialling for hit in hits),
        call_ids={hit.key: hit.id for hit in hits if hit.key and hit.key in submission.keys},
    )
