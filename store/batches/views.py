"""What is known about a batch, and which are due."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Select, bindparam, func, or_, select

from campaign.calls import BatchRef, SubmissionRef
from campaign.spec import CampaignSpec
from campaign.states import AttemptState, BatchState, CampaignState, SubmissionState
from campaign.words import Progress
from store.campaigns import read_spec
from store.database.columns import table_of
from store.tables import Attempt, Batch, Call, Campaign, Submission, Surplus

BATCH = table_of(Batch)
CALL = table_of(Call)
_ATTEMPT = table_of(Attempt)
_SUBMISSION = table_of(Submission)
_CAMPAIGN = table_of(Campaign)
_SURPLUS = table_of(Surplus)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchView:
    """One batch as the ledger has it. Times are aware UTC."""

    id: str
    no: int
    campaign_id: str
    campaign_name: str
    campaign_state: CampaignState
    spec: CampaignSpec
    base_dir: str
    provider: str
    state: BatchState
    note: str
    due_at: datetime | None
    stepped_at: datetime | None
    progress: Progress | None
    over_at: datetime | None
    cursor: str | None
    round: int
    clean_rounds: int
    total: int | None
    failures: int
    stop_asked_at: datetime | None
    stopped_at: datetime | None
    settled_at: datetime | None
    late_sweeps: int
    created_at: datetime

    @property
    def swept_clean(self) -> bool:
        """The provider is over with it, and a whole sweep since then brought nothing new."""
        return self.over_at is not None and self.clean_rounds >= 1

    @property
    def title(self) -> str:
        """Its name for a person: `spring-renewals/3`."""
        return f"{self.campaign_name}/{self.no}"


# Built once, as those below: to put a query together takes longer than to run it.
_GET = (
    select(
        BATCH,
        _CAMPAIGN.c.name.label("campaign_name"),
        _CAMPAIGN.c.state.label("campaign_state"),
        _CAMPAIGN.c.spec,
        _CAMPAIGN.c.base_dir,
    )
    .join(_CAMPAIGN, _CAMPAIGN.c.id == BATCH.c.campaign_id)
    .where(BATCH.c.id == bindparam("its_id"))
)


def get(db: Connection, batch_id: str) -> BatchView:
    """One batch with its campaign. Raises `LookupError`."""
    row = db.execute(_GET, {"its_id": batch_id}).mappings().first()
    if row is None:
        raise LookupError(f"no batch {batch_id}")
    said = {name: row[name] for name in BatchView.__dataclass_fields__ if name != "spec"}
    said |= {
        "campaign_state": CampaignState(row["campaign_state"]),
        "state": BatchState(row["state"]),
        "progress": Progress(row["progress"]) if row["progress"] else None,
        "spec": read_spec(row["spec"]),
    }
    return BatchView(**said)


_ACCEPTED = (
    select(_SUBMISSION)
    .where(
        _SUBMISSION.c.batch_id == bindparam("its_id"),
        _SUBMISSION.c.state == SubmissionState.ACCEPTED.value,
    )
    .order_by(_SUBMISSION.c.no)
)
_KEYS = select(_ATTEMPT.c.tag, _ATTEMPT.c.key).where(_ATTEMPT.c.batch_id == bindparam("its_id"))


def placed_calls(*states: AttemptState) -> Select[tuple[str | None, str]]:
    """Query the calls placed for attempts in these states and not known to be over, with keys.

    To be asked of a batch by `its_id`.
    """
    return (
        select(_ATTEMPT.c.provider_call_id, _ATTEMPT.c.key)
        .outerjoin(
            CALL,
            (CALL.c.provider == _ATTEMPT.c.provider)
            & (CALL.c.provider_call_id == _ATTEMPT.c.provider_call_id),
        )
        .where(
            _ATTEMPT.c.batch_id == bindparam("its_id"),
            _ATTEMPT.c.provider_call_id.is_not(None),
            _ATTEMPT.c.state.in_([state.value for state in states]),
            or_(CALL.c.over.is_(None), CALL.c.over.is_(False)),
        )
    )


_OPEN_CALLS = placed_calls(AttemptState.SUBMITTED)


def reference(db: Connection, batch_id: str) -> BatchRef | None:
    """What a provider needs to look at the accepted part of a batch; None: there is none yet."""
    rows = db.execute(_ACCEPTED, {"its_id": batch_id}).all()
    keys = _keys(db, batch_id)
    submissions = tuple(
        SubmissionRef(
            tag=row.tag,
            provider_batch_id=row.provider_batch_id,
            since=row.sent_at or row.intent_at or row.accepted_at,
            keys=frozenset(keys.get(row.tag, ())),
        )
        for row in rows
    )
    if not submissions:
        return None
    return BatchRef(submissions=submissions, open_calls=_open_calls(db, batch_id))


def _keys(db: Connection, batch_id: str) -> Mapping[str, list[str]]:
    keys: dict[str, list[str]] = {}
    for row in db.execute(_KEYS, {"its_id": batch_id}):
        keys.setdefault(row.tag, []).append(row.key)
    return keys


def _open_calls(db: Connection, batch_id: str) -> Mapping[str, str]:
    """Keys by provider call id, of attempts whose call is known and not over."""
    calls = db.execute(_OPEN_CALLS, {"its_id": batch_id})
    return {row.provider_call_id: row.key for row in calls}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Counts over the rows of one batch."""

    attempts: int
    waiting: int
    """Attempts not yet submitted."""
    submitted: int
    """Attempts whose outcome is not known yet."""
    done: int
    held: int
    planned_submissions: int
    doubtful_submissions: int
    """Unknown or in flight."""
    held_submissions: int
    accepted_submissions: int
    unstarted_submissions: int
    """Accepted by a two-phase provider, and not known to be started."""
    dialling_submissions: int
    """Accepted, and started or at least asked to start: their people may be rung."""
    closes_at: datetime | None
    """No call of what may dial must begin from then on."""

    @property
    def undecided(self) -> bool:
        """A submission is still planned, in flight or in doubt."""
        return bool(self.planned_submissions or self.doubtful_submissions)


_COUNT_ATTEMPTS = (
    select(_ATTEMPT.c.state, func.count())
    .where(_ATTEMPT.c.batch_id == bindparam("its_id"))
    .group_by(_ATTEMPT.c.state)
)
_COUNT_SUBMISSIONS = (
    select(
        _SUBMISSION.c.state,
        func.count(),
        func.count(_SUBMISSION.c.started_at),
        func.count(func.coalesce(_SUBMISSION.c.started_at, _SUBMISSION.c.start_wire_at)),
        func.min(_SUBMISSION.c.stop_at),
    )
    .where(_SUBMISSION.c.batch_id == bindparam("its_id"))
    .group_by(_SUBMISSION.c.state)
)


def tally(db: Connection, batch_id: str) -> Tally:
    """Count what a batch holds."""
    its = {"its_id": batch_id}
    attempts, submissions, started = Counter[str](), Counter[str](), Counter[str]()
    for state, many in db.execute(_COUNT_ATTEMPTS, its):
        attempts[state] = many
    closes_at: datetime | None = None
    dialling = 0
    for state, many, begun, asked, ends in db.execute(_COUNT_SUBMISSIONS, its):
        submissions[state], started[state] = many, begun
        if state == SubmissionState.ACCEPTED.value and asked:
            dialling, closes_at = asked, ends
    accepted = submissions[SubmissionState.ACCEPTED]
    return Tally(
        attempts=attempts.total(),
        waiting=attempts[AttemptState.ASSIGNED],
        submitted=attempts[AttemptState.SUBMITTED],
        done=attempts[AttemptState.DONE],
        held=attempts[AttemptState.HELD],
        planned_submissions=submissions[SubmissionState.PLANNED],
        doubtful_submissions=submissions[SubmissionState.INTENT]
        + submissions[SubmissionState.UNKNOWN],
        held_submissions=submissions[SubmissionState.HELD],
        accepted_submissions=accepted,
        unstarted_submissions=accepted - started[SubmissionState.ACCEPTED],
        dialling_submissions=dialling,
        closes_at=closes_at,
    )


def due(
    db: Connection, now: datetime, *, campaign_id: str | None = None, limit: int = 500
) -> list[str]:
    """Ids of batches for which something is due, the longest overdue first."""
    query = (
        select(BATCH.c.id)
        .where(BATCH.c.due_at.is_not(None), BATCH.c.due_at <= now)
        .order_by(BATCH.c.due_at)
        .limit(limit)
    )
    if campaign_id is not None:
        query = query.where(BATCH.c.campaign_id == campaign_id)
    return list(db.scalars(query))


_UNFINISHED = (
    select(BATCH.c.id)
    .where(
        BATCH.c.campaign_id == bindparam("its_id"),
        BATCH.c.state.not_in([state.value for state in BatchState if state.over]),
    )
    .order_by(BATCH.c.no)
)
_SUBMISSION_IS_DUE = (
    select(_SUBMISSION.c.tag)
    .where(_SUBMISSION.c.batch_id == BATCH.c.id, _SUBMISSION.c.due_at <= bindparam("now"))
    .exists()
)
_SURPLUS_IS_DUE = (
    select(_SURPLUS.c.tag)
    .where(_SURPLUS.c.batch_id == BATCH.c.id, _SURPLUS.c.due_at <= bindparam("now"))
    .exists()
)
_LOOKED_FOR = (
    select(BATCH.c.id)
    .where(
        BATCH.c.campaign_id == bindparam("its_id"),
        BATCH.c.state.in_([state.value for state in BatchState if state.over]),
        BATCH.c.due_at <= bindparam("now"),
        or_(BATCH.c.state == BatchState.HELD.value, _SUBMISSION_IS_DUE, _SURPLUS_IS_DUE),
    )
    .order_by(BATCH.c.no)
)


def unfinished(db: Connection, campaign_id: str) -> list[str]:
    """Ids of a campaign's batches that a flow must still wait for, in order."""
    return list(db.scalars(_UNFINISHED, {"its_id": campaign_id}))


def looked_for(db: Connection, campaign_id: str, now: datetime) -> list[str]:
    """Ids of a campaign's batches that are over and hold what is due to be looked for, in order.

    Held, given up, sent again after a doubt, or too much.
    """
    return list(db.scalars(_LOOKED_FOR, {"its_id": campaign_id, "now": now}))
