"""The last look before a telephone may ring: nothing is stopped, everybody may still be called."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, Select, select, update

from campaign.candidates import Decision, Ruling
from campaign.drain import Drain, earlier
from campaign.errors import Stopped
from campaign.states import AttemptState, CampaignState, SubmissionState
from store import suppressions
from store.database import bulk
from store.decisions import pausing
from store.planning.candidates import RECIPIENT, facts, turns
from store.planning.choosing import Judge, set_aside
from store.submissions.comparing import late_look
from store.submissions.history import log
from store.submissions.locking import campaign_state, still_planned
from store.submissions.placed import adopt_placed
from store.submissions.views import ATTEMPT, SUBMISSION

_TOO_MANY = "its window closes before so many can be called"
_NOT_DIALLED = (AttemptState.ASSIGNED, AttemptState.SUBMITTED)


def refuse_if_stopped(db: Connection, tag: str) -> None:
    """Raise `Stopped` if everything is paused, or the campaign does not run.

    To be asked last: whoever pauses waits until this transaction has ended, so that no byte leaves
    once he was told that nothing more will.
    """
    if pausing.paused(db, and_stays_so=True) is not None:
        raise Stopped("everything is paused")
    state = campaign_state(db, tag)
    if state is not CampaignState.RUNNING:
        raise Stopped(f"the campaign is {state.value}")


def refuse_uncallable(
    db: Connection, tag: str, now: datetime, judge: Judge | None, *, again: bool = False
) -> None:
    """Raise `Stopped` if somebody of the submission may not be called any more.

    A number may have been suppressed meanwhile; all else is the judge's. `again`: these attempts
    were judged and counted before, so that they must not stand in their own way.
    """
    if anybody_uncallable(db, tag, now, judge, again=again):
        raise Stopped("somebody may not be called any more")


def drop_uncallable(
    db: Connection, tag: str, now: datetime, judge: Judge, drain: Drain | None = None
) -> int:
    """Take whoever may not be called any more out of a planned submission; returns how many.

    They wait, or are skipped, as the judge rules; with a `drain`, so do those whose call could no
    longer begin before somebody's window closes. When the first window of those who are left
    closes is kept as `stop_at`. A submission that nobody is left in is given up; one of which a
    call is known is adopted. One that somebody else has claimed is left alone: its people may be on
    the telephone.
    """
    if not still_planned(db, tag) or adopt_placed(db, tag, now):
        return 0
    dropped: list[tuple[int, int, Ruling]] = []
    until, kept = None, 0
    for recipient_id, no, ruling in _rulings(db, tag, now, judge):
        closes = earlier(until, ruling.until)
        if ruling.decision is not Decision.CALL:
            dropped.append((recipient_id, no, ruling))
        elif drain is not None and not drain.ends_before(closes, kept + 1):
            dropped.append((recipient_id, no, Ruling.later(now, _TOO_MANY)))
        else:
            until, kept = closes, kept + 1
    db.execute(update(SUBMISSION).where(SUBMISSION.c.tag == tag).values(stop_at=until))
    _skip(db, tag, dropped, now)
    if db.execute(_members(tag).limit(1)).first() is None:
        _give_up(db, tag, now, "nobody of it is left to be called")
    return len(dropped)


def anybody_uncallable(
    db: Connection, tag: str, now: datetime, judge: Judge | None, *, again: bool = False
) -> bool:
    """Whether somebody of a submission may not be called any more."""
    return next(_uncallable(db, tag, now, judge, again=again), None) is not None


def call_off(db: Connection, tag: str, now: datetime, ruling: Ruling) -> bool:
    """Give up a submission that provably rang nobody and never will, and rule on its people.

    It is planned, or was created by a request that rings nobody and never started: from now on it
    can be neither sent nor started. Returns False if it is too late: one that is planned again, and
    of which a call is known, is adopted.
    """
    if still_planned(db, tag) and adopt_placed(db, tag, now):
        return False
    given_up = _give_up(db, tag, now, ruling.reason)
    if given_up:
        people = db.execute(_members(tag)).all()
        _skip(db, tag, [(row.recipient_id, row.no, ruling) for row in people], now)
    return given_up


def _uncallable(
    db: Connection, tag: str, now: datetime, judge: Judge | None, *, again: bool = False
) -> Iterator[tuple[int, int, Ruling]]:
    """Yield recipient, attempt and ruling of everybody who may not be called now."""
    for recipient_id, no, ruling in _rulings(db, tag, now, judge, again=again):
        if ruling.decision is not Decision.CALL:
            yield recipient_id, no, ruling


def _rulings(
    db: Connection, tag: str, now: datetime, judge: Judge | None, *, again: bool = False
) -> Iterator[tuple[int, int, Ruling]]:
    """Yield recipient, attempt and ruling of everybody in a submission who has not been dialled."""
    members = {row.recipient_id: row.no for row in db.execute(_members(tag))}
    people = db.execute(facts().where(RECIPIENT.c.id.in_(list(members)))).all()
    suppressed = suppressions.among(db, [person.phone_number for person in people])
    if judge is None and not suppressed:
        return
    for turn in turns(db, people, now):
        candidate, no = turn.candidate, members[turn.candidate.recipient_id]
        if candidate.phone_number in suppressed:
            yield candidate.recipient_id, no, Ruling.skip("suppressed")
        elif judge is not None:
            # This attempt is one that has not been made.
            past = () if again else candidate.history
            yield (
                candidate.recipient_id,
                no,
                judge(replace(candidate, attempts=no - 1, history=past)),
            )


def _members(tag: str) -> Select[tuple[int, int]]:
    states = [state.value for state in _NOT_DIALLED]
    return select(ATTEMPT.c.recipient_id, ATTEMPT.c.no).where(
        ATTEMPT.c.tag == tag, ATTEMPT.c.state.in_(states)
    )


def _skip(db: Connection, tag: str, people: list[tuple[int, int, Ruling]], now: datetime) -> None:
    rows = [
        (AttemptState.SKIPPED.value, ruling.reason, now, recipient_id, no)
        for recipient_id, no, ruling in people
    ]
    bulk.update(db, ATTEMPT, ["recipient_id", "no"], ["state", "reason", "closed_at"], rows)
    set_aside(db, [(recipient_id, ruling) for recipient_id, _, ruling in people])
    if people:
        log(db, tag, "skipped", now, detail=f"{len(people)} may not be called any more")


def _give_up(db: Connection, tag: str, now: datetime, reason: str) -> bool:
    states = [SubmissionState.PLANNED.value, SubmissionState.ACCEPTED.value]
    statement = (
        update(SUBMISSION)
        .where(
            SUBMISSION.c.tag == tag,
            SUBMISSION.c.state.in_(states),
            SUBMISSION.c.start_wire_at.is_(None),
            SUBMISSION.c.started_at.is_(None),
        )
        .values(state=SubmissionState.ABANDONED.value, due_at=late_look(db, tag, now), note=reason)
    )
    given_up = db.execute(statement).rowcount == 1
    if given_up:
        log(db, tag, "called_off", now, detail=reason)
    return given_up
