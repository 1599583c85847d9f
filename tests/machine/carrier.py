"""A telephone company in this process: what it was asked, whom it rang, and when.

It lives in the tests' time, and goes on while nobody looks: what a call is follows from the clock.
"""

import hashlib
import json
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from campaign.words import Outcome
from tests.machine.time import VirtualClock


class Answer(StrEnum):
    """What comes of a request to dial, or to start."""

    YES = "accepted, and says so"
    LOST = "accepted, and the answer is lost"
    VANISHED = "lost on its way"
    LATE = "accepted ten minutes later, and the answer is lost"
    TOO_FAST = "429"
    REFUSED = "422"
    UNREACHABLE = "no connection"
    A_BUG = "accepted, and our own code breaks off"


class Manners(StrEnum):
    """How a list is shown."""

    TWICE = "rows twice"
    MISSING = "a row is missing"
    BACKWARDS = "out of order"
    EMPTY = "an empty page in the middle"
    EXPIRED = "the cursor has expired"
    CIRCLES = "the cursor does not move on"
    UNREADABLE = "no JSON"
    DOWN = "503"
    POISON = "a row without an id"


LATE = timedelta(minutes=10)
_COST_AFTER = timedelta(seconds=60)
_OUTCOMES = (Outcome.ANSWERED, Outcome.NO_ANSWER, Outcome.VOICEMAIL, Outcome.BUSY, Outcome.FAILED)


@dataclass(eq=False, kw_only=True)
class Dial:
    """One call that it was asked to place."""

    id: str
    key: str
    number: str
    tag: str
    job: "Job"
    body_sha256: str
    accepted_at: datetime
    nth: int
    """Of all its calls: what becomes of it follows from that."""
    called_off_at: datetime | None = None

    @property
    def rings_at(self) -> datetime | None:
        """None: it never does, as far as is known."""
        begun = self.job.begun_at
        if begun is None:
            return None
        rings_at = begun + timedelta(seconds=5 + 20 * (self.nth % 3))
        return None if self.called_off_at and self.called_off_at <= rings_at else rings_at

    @property
    def over_at(self) -> datetime | None:
        """When it has ended, or was called off."""
        rings_at = self.rings_at
        if rings_at is None:
            return self.called_off_at
        return rings_at + timedelta(seconds=10 + 37 * self.nth % 180)

    @property
    def outcome(self) -> Outcome:
        """What becomes of it."""
        return Outcome.CANCELLED if self.called_off_at else _OUTCOMES[self.nth % len(_OUTCOMES)]

    def rang(self, now: datetime) -> bool:
        """A telephone has rung."""
        return self.rings_at is not None and self.rings_at <= now

    def row(self, now: datetime) -> dict[str, object]:
        """As a list shows it."""
        over = self.over_at is not None and self.over_at <= now
        said: dict[str, object] = {
            "id": self.id,
            "key": self.key,
            "state": "over" if over else "talking" if self.rang(now) else "queued",
        }
        if over and self.over_at is not None:
            said |= {
                "outcome": self.outcome,
                "rang_at": self.rings_at.isoformat() if self.rings_at else None,
                "over_at": self.over_at.isoformat(),
            }
            if now >= self.over_at + _COST_AFTER:
                said["cost"] = "0.10"
        return said


@dataclass(eq=False, kw_only=True)
class Job:
    """What one request created."""

    id: str
    tag: str
    accepted_at: datetime
    begun_at: datetime | None
    """When it began to dial; a job of two phases waits for its start."""
    dials: list[Dial] = field(default_factory=list[Dial])


@dataclass(frozen=True, kw_only=True)
class _Late:
    at: datetime
    body: bytes


class Carrier:
    """The company: one account, one way of dialling."""

    def __init__(self, clock: VirtualClock, *, native: bool, two_phase: bool) -> None:
        self.clock, self.native, self.two_phase = clock, native, two_phase
        self.answers: deque[Answer] = deque()
        """What comes of the next requests; afterwards of every one: yes."""
        self.manners: deque[Manners] = deque()
        self.lag = timedelta()
        """For so long its lists hide what is new."""
        self.asked = 0
        """Requests to dial or to start that have arrived."""
        self._jobs: list[Job] = []
        self._late: list[_Late] = []

    @property
    def jobs(self) -> Sequence[Job]:
        """Everything it has accepted by now."""
        now = self.clock.peek()
        for late in [one for one in self._late if one.at <= now]:
            self._late.remove(late)
            self._place(late.body, late.at)
        return self._jobs

    @property
    def dials(self) -> Iterator[Dial]:
        """All calls, the oldest first."""
        for job in self.jobs:
            yield from job.dials

    def on_its_way(self, tag: str) -> bool:
        """A request that has not taken effect yet."""
        return any(json.loads(late.body)["tag"] == tag for late in self._late)

    def answer(self) -> Answer:
        """Decide what comes of a request that comes in now."""
        return self.answers.popleft() if self.answers else Answer.YES

    def place(self, body: bytes) -> Job:
        """Accept a request now."""
        return self._place(body, self.clock.peek())

    def place_later(self, body: bytes) -> None:
        """Accept it, long after the client has gone."""
        self._late.append(_Late(at=self.clock.peek() + LATE, body=body))

    def begin(self, job: Job) -> None:
        """Dial what was created."""
        job.begun_at = job.begun_at or self.clock.peek()

    def visible(self, job: Job) -> bool:
        """Whether lists show it already."""
        return job.accepted_at + self.lag <= self.clock.peek()

    def be_calm(self) -> None:
        """Nothing goes wrong from now on."""
        self.answers.clear()
        self.manners.clear()
        self.lag = timedelta()

    def _place(self, body: bytes, at: datetime) -> Job:
        order = json.loads(body)
        number = len(self._jobs) + 1
        job = Job(
            id=f"job-{number}",
            tag=order["tag"],
            accepted_at=at,
            begun_at=None if self.two_phase else at,
        )
        calls: Mapping[str, str] = order["calls"]
        for key, to in calls.items():
            nth = sum(len(one.dials) for one in self._jobs) + len(job.dials)
            dial = Dial(
                id=f"call-{nth}",
                key=key,
                number=to,
                tag=job.tag,
                job=job,
                body_sha256=hashlib.sha256(body).hexdigest(),
                accepted_at=at,
                nth=nth,
            )
            job.dials.append(dial)
        self._jobs.append(job)
        return job
