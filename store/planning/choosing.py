"""Who is called next: due, judged, and with room in the batch."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from campaign.candidates import Candidate, Decision, Ruling
from campaign.drain import Drain, earlier
from campaign.states import RecipientState
from store import suppressions
from store.allowance.trial import drawn
from store.database import bulk
from store.planning.candidates import RECIPIENT, Facts, facts, turns
from store.planning.draft import Draft

Judge = Callable[[Candidate], Ruling]

LOOKED_AT_MOST = 10_000
"""Recipients that one transaction judges, so that it does not hold up the others."""

_FEW, _CHUNK = 50, 500

SUPPRESSED = "suppressed"
BUSY = "a call to this number is under way"
BUSY_FOR = timedelta(minutes=10)
"""When somebody with a call under way is looked at again."""


class Places:
    """The places of a batch that is being filled, and when the first window of its people closes.

    Whoever would make its end come too late is the first of another batch.
    """

    def __init__(self, places: int, drain: Drain | None) -> None:
        self._drain = drain
        self._until: datetime | None = None
        self.free = places
        """Still free."""
        self._taken = 0

    def take(self, until: datetime | None) -> bool:
        """Give a place to somebody whose window closes then. False: the batch is full."""
        until = earlier(self._until, until)
        if self._drain is not None and not self._drain.ends_before(until, self._taken + 1):
            self.free = 0
            return False
        self._until, self._taken, self.free = until, self._taken + 1, self.free - 1
        return True


def choose(db: Connection, draft: Draft, places: Places, judge: Judge) -> list[Candidate]:
    """Return the candidates that fit and are now open; write down what is ruled on others."""
    chosen: list[Candidate] = []
    looked = 0
    while places.free > 0 and looked < LOOKED_AT_MOST:
        people = _due(db, draft, min(max(places.free, _FEW), _CHUNK))
        if not people:
            break
        called: list[Candidate] = []
        rulings: list[tuple[int, Ruling]] = []
        for candidate, ruling in _ruled(db, people, draft.now, judge):
            looked += 1
            if ruling.decision is not Decision.CALL:
                rulings.append((candidate.recipient_id, ruling))
            elif places.take(ruling.until):
                called.append(candidate)
            if places.free == 0:
                break
        set_aside(db, rulings)
        _open(db, called)
        chosen += called
    return chosen


def _due(db: Connection, draft: Draft, wanted: int) -> list[Facts]:
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
