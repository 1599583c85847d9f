"""What must hold after every step, judged by the carrier's own list of whom it rang."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from math import inf
from typing import Any

from sqlalchemy import Connection, Engine, Row, select

from campaign.states import AttemptState, BatchState, SubmissionState
from store.database.columns import table_of
from store.tables import Attempt, Batch, Call, CallVersion, Submission, SubmitLog, UnreadRow
from tests.machine.carrier import Carrier, Dial
from tests.machine.worker import Worker
from tests.protocol.journal import illegal_moves

_ATTEMPT = table_of(Attempt)
_BATCH = table_of(Batch)
_CALL = table_of(Call)
_LOG = table_of(SubmitLog)
_SUBMISSION = table_of(Submission)
Rows = Sequence[Row[Any]]


@dataclass
class Orders:
    """What people have forbidden, and when; moments of the machine's clock."""

    suppressed: dict[str, datetime] = field(default_factory=dict[str, datetime])
    stops: list[tuple[str, datetime, datetime | None]] = field(
        default_factory=list[tuple[str, datetime, datetime | None]]
    )
    """Which campaigns (empty: all) were to send nothing, from when to when."""

    def stop(self, campaign_id: str, since: datetime) -> None:
        """Nothing more is to leave."""
        self.stops.append((campaign_id, since, None))

    def go_on(self, campaign_id: str, now: datetime) -> None:
        """It may go on."""
        self.stops = [
            (who, since, now if until is None and who == campaign_id else until)
            for who, since, until in self.stops
        ]

    def forbid(self, campaign_id: str, at: datetime) -> bool:
        """Whether nothing of a campaign might leave at a moment."""
        return any(
            who in {"", campaign_id} and since < at and (until is None or at < until)
            for who, since, until in self.stops
        )


def complaints(engine: Engine, carrier: Carrier, orders: Orders) -> list[str]:
    """Everything that must never be, at no moment."""
    with engine.connect() as db:
        attempts = db.execute(select(_ATTEMPT)).all()
        log = db.execute(select(_LOG).order_by(_LOG.c.id)).all()
    return [
        *_dialled_once(carrier),
        *_never_two_at_once(carrier),
        *_marked_before(carrier, attempts, log),
        *_nobody_forbidden(carrier, attempts, log, orders),
        *(f"I12: {move}" for move in illegal_moves(engine)),
    ]


def complaints_at_rest(engine: Engine, carrier: Carrier, workers: Sequence[Worker]) -> list[str]:
    """What must not be when nothing is left to do."""
    with engine.connect() as db:
        return [
            *_every_call_stored(db, carrier),
            *_every_row_kept(db, workers),
            *_decided(db, carrier),
        ]


def _dialled_once(carrier: Carrier) -> Iterator[str]:
    rung = Counter(dial.key for dial in carrier.dials if dial.rings_at is not None)
    for key, number in rung.items():
        if number > 1:
            yield f"I1: {number} calls for the attempt {key}"


def _never_two_at_once(carrier: Carrier) -> Iterator[str]:
    now = carrier.clock.peek()
    rung: defaultdict[str, list[Dial]] = defaultdict(list)
    for dial in carrier.dials:
        if dial.rang(now):
            rung[dial.number].append(dial)
    for dials in rung.values():
        dials.sort(key=lambda dial: dial.rings_at or now)
        for earlier, later in pairwise(dials):
            if (later.rings_at or now) < (earlier.over_at or now):
                yield f"I2: {later.id} rang while {earlier.id} was open"


def _marked_before(carrier: Carrier, attempts: Rows, log: Rows) -> Iterator[str]:
    bodies = {(one.tag, one.epoch): one.body_sha256 for one in log if one.event == "intent"}
    marks: defaultdict[tuple[str, str], float] = defaultdict(lambda: inf)
    for one in log:
        if one.event == "wire":
            key = (one.tag, bodies[one.tag, one.epoch])
            marks[key] = min(marks[key], one.at.timestamp())
    starts = {one.detail: one.at.timestamp() for one in reversed(log) if one.event == "start_wire"}
    tags = {attempt.key: attempt.tag for attempt in attempts}
    for dial in carrier.dials:
        if marks[dial.tag, dial.body_sha256] > dial.accepted_at.timestamp():
            yield f"I3: {dial.id} has no wire mark from before"
        begun_at = dial.job.begun_at
        if carrier.two_phase and begun_at and starts.get(dial.job.id, inf) > begun_at.timestamp():
            yield f"I3: {dial.id} was started without a mark"
        if tags.get(dial.key) is None:
            yield f"I3: {dial.id} belongs to no attempt"


def _nobody_forbidden(carrier: Carrier, attempts: Rows, log: Rows, orders: Orders) -> Iterator[str]:
    rings = "start_wire" if carrier.two_phase else "wire"
    campaigns = {attempt.tag: attempt.campaign_id for attempt in attempts}
    seen: set[str] = set()
    for one in log:
        if one.event in {"wire", "start_wire"} and orders.forbid(campaigns[one.tag], one.at):
            yield f"I4: {one.tag} left while it was to stop"
        if one.event != rings or (carrier.two_phase and one.detail in seen):
            continue  # A start that is repeated by id is not judged again.
        seen.add(one.detail)
        yield from _suppressed_in(carrier, one, orders.suppressed)


def _suppressed_in(
    carrier: Carrier, mark: Row[Any], suppressed: Mapping[str, datetime]
) -> Iterator[str]:
    for dial in carrier.dials:
        mine = dial.job.id == mark.detail if carrier.two_phase else dial.tag == mark.tag
        since = suppressed.get(dial.number)
        if mine and since is not None and since < mark.at <= (dial.rings_at or mark.at):
            yield f"I4: {dial.id} rang a number that was suppressed by then"


def _every_call_stored(db: Connection, carrier: Carrier) -> Iterator[str]:
    stored = Counter(db.scalars(select(_CALL.c.provider_call_id)))
    rows = {row.provider_call_id: row for row in db.execute(select(_CALL))}
    now = carrier.clock.peek()
    for dial in carrier.dials:
        row = rows.get(dial.id)
        if dial.rang(now) and stored[dial.id] != 1:
            yield f"I5: {dial.id} rang and is stored {stored[dial.id]} times"
        elif row is not None and (not row.over or row.outcome != dial.outcome):
            yield f"I5: {dial.id} is stored as {row.outcome}, and was {dial.outcome}"


def _every_row_kept(db: Connection, workers: Sequence[Worker]) -> Iterator[str]:
    raws = {
        raw
        for kind in (Call, CallVersion, UnreadRow)
        for raw in db.scalars(select(table_of(kind).c.raw))
    }
    keys = {(row.batch_id, row.key) for row in db.execute(select(_ATTEMPT))}
    for worker in workers:
        for batch_id, row in worker.kept:
            ours = row.call is None or (batch_id, row.call.key) in keys
            if ours and row.raw not in raws:
                yield f"I6: a row of {batch_id} is kept nowhere"


def _decided(db: Connection, carrier: Carrier) -> Iterator[str]:
    now = carrier.clock.peek()
    dials = {dial.key: dial for dial in carrier.dials if dial.rang(now)}
    for row in db.execute(select(_ATTEMPT)):
        dial = dials.get(row.key)
        if row.state in {AttemptState.ASSIGNED, AttemptState.SUBMITTED}:
            yield f"I7: an attempt of {row.tag} is still {row.state}"
        if dial is not None and row.dialled_at is None:
            yield f"I3: {dial.id} rang, and its attempt says that nobody dialled"
        if dial is not None and row.state != AttemptState.DONE:
            yield f"I10: {dial.id} is over, and its attempt is {row.state}"
    for row in db.execute(select(_BATCH)):
        if not BatchState(row.state).over:
            yield f"I10: batch {row.no} is still {row.state}"
    tags = {job.tag for job in carrier.jobs}
    for row in db.execute(select(_SUBMISSION)):
        if row.state == SubmissionState.HELD and row.tag in tags:
            yield f"I10: {row.tag} is held, and the carrier has it"
        if row.state in {SubmissionState.PLANNED, SubmissionState.INTENT, SubmissionState.UNKNOWN}:
            yield f"I10: {row.tag} is still {row.state}"
