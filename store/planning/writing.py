"""A batch written down: itself, its submissions, an attempt for each of its people."""

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from campaign.candidates import Candidate
from campaign.states import AttemptState
from campaign.tags import attempt_key, submission_tag
from store.database import bulk
from store.database.columns import table_of
from store.planning.draft import Draft, PlannedBatch
from store.tables import Attempt, Batch, Submission

_ATTEMPT = table_of(Attempt)
_BATCH = table_of(Batch)
_SUBMISSION = table_of(Submission)

_ATTEMPT_COLUMNS = (
    "recipient_id",
    "no",
    "campaign_id",
    "batch_id",
    "tag",
    "key",
    "phone_number",
    "from_number",
    "provider",
    "state",
    "reason",
    "reserved_usd",
    "created_at",
)


def write(db: Connection, draft: Draft, chosen: Sequence[Candidate]) -> PlannedBatch:
    """Write down the next batch of a campaign; nothing of it is sent yet."""
    last = db.scalar(select(func.max(_BATCH.c.no)).where(_BATCH.c.campaign_id == draft.campaign_id))
    no = (last or 0) + 1
    batch = Batch(
        id=draft.batch_id(no),
        campaign_id=draft.campaign_id,
        no=no,
        provider=draft.provider,
        due_at=draft.now,
        created_at=draft.now,
    )
    db.execute(_BATCH.insert().values(batch.model_dump()))
    parts = range(0, len(chosen), draft.submission_size)
    tags = tuple(
        _write_submission(db, draft, no, part, chosen[start : start + draft.submission_size])
        for part, start in enumerate(parts, start=1)
    )
    return PlannedBatch(
        batch_id=batch.id, no=no, provider=draft.provider, tags=tags, attempts=len(chosen)
    )


def _write_submission(
    db: Connection, draft: Draft, batch_no: int, no: int, people: Sequence[Candidate]
) -> str:
    numbered = [(one, one.attempts + 1) for one in people]
    keys = [attempt_key(draft.secret, f"{one.recipient_id}-{attempt}") for one, attempt in numbered]
    tag = submission_tag(draft.campaign_id, batch_no, no, keys)
    batch_id = draft.batch_id(batch_no)
    submission = Submission(tag=tag, batch_id=batch_id, no=no, provider=draft.provider)
    db.execute(_SUBMISSION.insert().values(submission.model_dump()))
    rows = [
        (
            one.recipient_id,
            attempt,
            draft.campaign_id,
            batch_id,
            tag,
            key,
            one.phone_number,
            draft.from_number(one.recipient_id),
            draft.provider,
            AttemptState.ASSIGNED.value,
            "",
            draft.granted.reserved,
            draft.now,
        )
        for (one, attempt), key in zip(numbered, keys, strict=True)
    ]
    bulk.insert(db, _ATTEMPT, _ATTEMPT_COLUMNS, rows)
    return tag
