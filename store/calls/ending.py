"""Which attempts are ended by the calls that have just come in."""

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import Connection, func, select

from campaign.calls import Call
from campaign.states import AttemptState
from store.calls import rows
from store.calls.joining import KnownAttempt
from store.calls.rows import CALL
from store.calls.sequels import Landed
from store.calls.verdicts import Heard, never_began, verdict, weight
from store.database.columns import table_of
from store.tables import Submission, Surplus

_SUBMISSION = table_of(Submission)
_SURPLUS = table_of(Surplus)

_Ended = dict[tuple[int, int], tuple[KnownAttempt, Call]]


def ended_by(db: Connection, ours: Iterable[tuple[KnownAttempt, Landed]]) -> _Ended:
    """Return the open attempts that are over by now, each with the call that decides it.

    Where an attempt has several calls, all of them are asked; the end of one may be what another's
    verdict has been waiting for.
    """
    ended: _Ended = {}
    others: dict[tuple[int, int], KnownAttempt] = {}
    final: set[str] = set()
    for attempt, one in ours:
        if not attempt.state.open or not one.call.over:
            continue
        key = (attempt.recipient_id, attempt.no)
        final |= {one.call.id} if one.final else set()
        if one.final and one.tells and not _is_beside(attempt, one.call):
            _, known = ended.get(key, (attempt, one.call))
            ended[key] = (attempt, max(known, one.call, key=weight))
        elif one.beside or _is_beside(attempt, one.call):
            others[key] = attempt
    asked = {key: attempt for key, (attempt, _) in ended.items()} | others
    for key in _crowded(db, asked):
        call = verdict(heard(db, asked[key], final), asked[key].provider_call_id)
        ended.pop(key, None)
        if call is not None:
            ended[key] = (asked[key], call)
            others[key] = asked[key]
    return _known_to_be_all(db, ended, others)


def heard(db: Connection, attempt: KnownAttempt, final: Collection[str] = ()) -> list[Heard]:
    """Return the calls of an attempt, of which some, by id, are `final` as of now."""
    stored = rows.of_attempt(db, attempt.recipient_id, attempt.no)
    return [
        Heard(call=one.call, beside=one.beside, final=one.final or one.call.id in final)
        for one in stored
    ]


def _is_beside(attempt: KnownAttempt, call: Call) -> bool:
    """Another call than the one that was placed, such as a surplus one that we had stopped.

    Unless it reached the person it decides nothing: the one that was placed may be under way.
    """
    return attempt.provider_call_id not in {None, call.id} and not call.outcome.reached


def _crowded(
    db: Connection, asked: Mapping[tuple[int, int], KnownAttempt]
) -> list[tuple[int, int]]:
    """Return those of the attempts that have several calls: hardly ever any."""
    if not asked:
        return []
    query = (
        select(CALL.c.recipient_id, CALL.c.attempt_no)
        .where(CALL.c.recipient_id.in_({recipient_id for recipient_id, _ in asked}))
        .group_by(CALL.c.recipient_id, CALL.c.attempt_no)
        .having(func.count() > 1)
    )
    found = [(recipient_id, no) for recipient_id, no in db.execute(query)]
    return [key for key in found if key in asked]


def _known_to_be_all(db: Connection, ended: _Ended, seen: Collection[tuple[int, int]]) -> _Ended:
    """Leave out whose only call never began, while a second one may ring that no list has shown.

    Once the whole batch is over, and swept, it is known that there is none.
    """
    doubtful = {
        key: (attempt, call)
        for key, (attempt, call) in ended.items()
        if attempt.state is AttemptState.SUBMITTED and key not in seen and never_began(call)
    }
    if not doubtful:
        return ended
    tags = {attempt.tag for attempt, _ in doubtful.values()}
    query = (
        select(_SURPLUS.c.tag, _SURPLUS.c.name, _SURPLUS.c.key)
        .join(_SUBMISSION, _SUBMISSION.c.tag == _SURPLUS.c.tag)
        .where(_SURPLUS.c.tag.in_(tags))
        .where(_SUBMISSION.c.provider_batch_id.is_distinct_from(_SURPLUS.c.name))
    )
    surplus = db.execute(query).all()
    return {
        key: (attempt, call)
        for key, (attempt, call) in ended.items()
        if key not in doubtful
        or not any(
            one.tag == attempt.tag and one.key in {None, attempt.key} and one.name != call.id
            for one in surplus
        )
    }
