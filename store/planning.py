"""The next batch of a campaign: chosen, judged and written down, in one transaction."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select, text

from campaign.candidates import Candidate, Decision, Ruling
from campaign.drain import Drain, earlier
from campaign.states import AttemptState, RecipientState
from campaign.tags import attempt_key, submission_tag
from store import bulk, suppressions
from store.allowance.room import Room, room
from store.allowance.trial import drawn
from store.candidates import RECIPIENT, Facts, facts, turns
from store.columns import table_of
from store.tables import Attempt, Batch, Campaign, Submission

_ATTEMPT = table_of(Attempt)
_BATCH = table_of(Batch)
_CAMPAIGN = table_of(Campaign)
_SUBMISSION = table_of(Submission)

Judge = Callable[[Candidate], Ruling]

LOOKED_AT_MOST = 10_000
"""Recipients that one transaction judges, so that it does not hold up the others."""

_FEW, _CHUNK = 50, 500

SUPPRESSED = "suppressed"
BUSY = "a call to this number is under way"
BUSY_FOR = timedelta(minutes=10)
"""When somebody with a call under way is looked at again."""

_LOCK = 0x706C616E  # "plan": PostgreSQL's advisory locks are numbers.

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


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedBatch:
    """A new batch; nothing of it has been sent."""

    batch_id: str
    no: int
    provider: str
    tags: tuple[str, ...]
    """Of its submissions, in order."""
    attempts: int


@dataclass(frozen=True, slots=True)
class _Draft:
    """What a batch and all its parts have in common."""

    campaign_id: str
    secret: bytes
    provider: str
    now: datetime
    submission_size: int
    from_numbers: tuple[str, ...]
    granted: Room

    def batch_id(self, no: int) -> str:
        return f"{self.campaign_id}-{no}"

    def from_number(self, recipient_id: int) -> str | None:
        if not self.from_numbers:
            return None
        return self.from_numbers[recipient_id % len(self.from_numbers)]


def plan_batch(
    db: Connection,
    campaign_id: str,
    provider: str,
    *,
    now: datetime,
    size: int,
    submission_size: int,
    judge: Judge | None = None,
    drain: Drain | None = None,
    from_numbers: Sequence[str] = (),
) -> PlannedBatch | None:
    """Plan the next batch out of the recipients that are due, the longest due first.

    Never beyond what the campaign's allowance has room for; each attempt takes its reservation of
    the budget. `judge` decides about each; without one all are called. With a `drain` the batch is
    full when its last call could no longer begin before somebody's window closes. `from_numbers`
    are dealt out so that a person always sees the same. A number with an open attempt in whichever
    campaign waits, a suppressed one is skipped.

    None: nobody was to be called, as in a campaign that waits for its plan. That may be so because
    `LOOKED_AT_MOST` people were judged and none is to be called now: ask `next_due` whether others
    are due.
    """
    _one_planner_at_a_time(db)
    if _unbound(db, campaign_id):
        return None
    granted = room(db, campaign_id, provider, size, now)
    draft = _Draft(
        campaign_id,
        _secret(db, campaign_id),
        provider,
        now,
        submission_size,
        tuple(from_numbers),
        granted,
    )
    chosen = _choose(db, draft, _Room(granted.people, drain), judge or _call_all)
    return _write(db, draft, chosen) if chosen else None


def next_due(db: Connection, campaign_id: str, provider: str | None = None) -> datetime | None:
    """Return when the next recipient is due, perhaps in the past; None: nobody is to be called."""
    query = select(func.min(func.coalesce(RECIPIENT.c.due_at, RECIPIENT.c.imported_at))).where(
        RECIPIENT.c.campaign_id == campaign_id, RECIPIENT.c.state == RecipientState.READY.value
    )
    if provider is not None:
        query = query.where(RECIPIENT.c.provider == provider)
    return db.execute(query).scalar_one()


def _one_planner_at_a_time(db: Connection) -> None:
    """Two planners must not choose the same number; on SQLite one transaction writes at a time."""
    if db.dialect.name == "postgresql":
        db.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})


def _unbound(db: Connection, campaign_id: str) -> bool:
    """The campaign is to be run by a plan that nobody is held to yet."""
    c = _CAMPAIGN.c
    query = select(c.id).where(c.id == campaign_id, c.plan.is_not(None), c.plan_bound_at.is_(None))
    return db.execute(query).first() is not None


def _call_all(_candidate: Candidate) -> Ruling:
    return Ruling.call()


class _Room:
    """The places of a batch that is being filled, and when the first window of its people closes.

    Whoever would make its end come too late is the first of another batch.
    """

    def __init__(self, places: int, drain: Drain | None) -> None:
        self._drain = drain
        self._until: datetime | None = None
        self.places = places
        """Still free."""
        self._taken = 0

    def take(self, until: datetime | None) -> bool:
        """Give a place to somebody whose window closes then. False: the batch is full."""
        until = earlier(self._until, until)
        if self._drain is not None and not self._drain.ends_before(until, self._taken + 1):
            self.places = 0
            return False
        self._until, self._taken, self.places = until, self._taken + 1, self.places - 1
        return True


def _choose(db: Connection, draft: _Draft, room: _Room, judge: Judge) -> list[Candidate]:
    """Return the candidates that fit and are now open; write down what is ruled on others."""
    chosen: list[Candidate] = []
    looked = 0
    while room.places > 0 and looked < LOOKED_AT_MOST:
        people = _due(db, draft, min(max(room.places, _FEW), _CHUNK))
        if not people:
            break
        called: list[Candidate] = []
        rulings: list[tuple[int, Ruling]] = []
        for candidate, ruling in _ruled(db, people, draft.now, judge):
            looked += 1
            if ruling.decision is not Decision.CALL:
                rulings.append((candidate.recipient_id, ruling))
            elif room.take(ruling.until):
                called.append(candidate)
            if room.places == 0:
                break
        set_aside(db, rulings)
        _open(db, called)
        chosen += called
    return chosen


def _due(db: Connection, draft: _Draft, wanted: int) -> list[Facts]:
    """Return the recipients whose turn it is, locked where other sessions could touch them.

    Two queries, since databases disagree on where NULL sorts; each walks the index of due times.
    """
    mine = facts().where(
        RECIPIENT.c.campaign_id == draft.campaign_id,
        RECIPIENT.c.state == RecipientState.READY.value,
        RECIPIENT.c.provider == draft.provider,
    )
    if draft.granted.by_lot:
        ids = drawn(db, draft.campaign_id, draft.provider, draft.now, wanted)
        query = mine.where(RECIPIENT.c.id.in_(ids)).with_for_update(skip_locked=True)
        return sorted(db.execute(query), key=lambda person: ids.index(person.id))
    people: list[Facts] = []
    for condition in (RECIPIENT.c.due_at.is_(None), RECIPIENT.c.due_at <= draft.now):
        query = (
            mine.where(condition)
            .order_by(RECIPIENT.c.due_at, RECIPIENT.c.id)
            .limit(wanted - len(people))
            .with_for_update(skip_locked=True)
        )
        people += db.execute(query).all() if len(people) < wanted else []
    return people


def _ruled(
    db: Connection, people: Sequence[Facts], now: datetime, judge: Judge
) -> Iterator[tuple[Candidate, Ruling]]:
    suppressed = suppressions.among(db, [person.phone_number for person in people])
    for turn in turns(db, people, now):
        candidate = turn.candidate
        if candidate.phone_number in suppressed:
            yield candidate, Ruling.skip(SUPPRESSED)
        elif turn.busy:
            yield candidate, Ruling.later(now + BUSY_FOR, BUSY)
        else:
            yield candidate, judge(candidate)


def set_aside(db: Connection, rulings: Sequence[tuple[int, Ruling]]) -> None:
    """Write down what was ruled on recipients, by id, who are not called now."""
    states = {
        Decision.LATER: RecipientState.READY,
        Decision.SKIP: RecipientState.SKIPPED,
        Decision.EXPIRE: RecipientState.EXPIRED,
    }
    rows = [
        (states[ruling.decision].value, ruling.reason, ruling.due_at, recipient_id)
        for recipient_id, ruling in rulings
    ]
    bulk.update(db, RECIPIENT, ["id"], ["state", "reason", "due_at"], rows)


def _open(db: Connection, called: Sequence[Candidate]) -> None:
    rows = [(RecipientState.OPEN.value, "", None, one.recipient_id) for one in called]
    bulk.update(db, RECIPIENT, ["id"], ["state", "reason", "due_at"], rows)


def _secret(db: Connection, campaign_id: str) -> bytes:
    query = select(_CAMPAIGN.c.secret).where(_CAMPAIGN.c.id == campaign_id)
    return db.execute(query).scalar_one()


def _write(db: Connection, draft: _Draft, chosen: Sequence[Candidate]) -> PlannedBatch:
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
    db: Connection, draft: _Draft, batch_no: int, no: int, people: Sequence[Candidate]
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
