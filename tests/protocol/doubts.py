"""What must hold of doubts: only what nobody can know is held, whoever was killed."""

from collections import Counter
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any

from campaign.states import AttemptState, BatchState, SubmissionState
from simulator.calls import Call as Dial
from simulator.ledger import RequestRecord
from tests.protocol.case import Case

SPOIL_THE_ANSWER = frozenset(
    {"close", "truncate", "hang", "late_effect", "lose_ids", "garble", "wrong_types"}
    | {"content_type", "drip", "latency", "killed"}
)
"""Labels of faults after which a client cannot know what its submit has done."""
SETTLE_A_MARK = frozenset(
    {"not_sent", "not_done", "stopped", "hindered", "rejected"}
    | {"planned_again", "recovered_planned"}
)
"""What the ledger writes down when a request that may have left provably did nothing."""


def at_rest(case: Case) -> Iterator[str]:
    """Every batch is over, and nothing is held of which the truth could be known."""
    for batch in case.books.batches:
        if not BatchState(batch.state).over:
            yield f"batch {batch.no} is still {batch.state}"
    decided = {SubmissionState.ACCEPTED, SubmissionState.REJECTED}
    by_key: dict[str | None, Dial] = {one.order.key: one for one in case.provider.dials.values()}
    for submission in case.books.submissions:
        if submission.state == SubmissionState.HELD:
            yield from _needless_hold(case, submission)
        elif submission.state not in decided and not _called_off(case, submission.tag):
            yield f"submission {submission.no} of {submission.batch_id} is {submission.state}"
    for attempt in case.books.attempts:
        dial = by_key.get(attempt.key)
        known = dial is not None and dial.over_at is not None and not dial.dropped
        if attempt.state == AttemptState.HELD and known:
            yield f"attempt {attempt.recipient_id}-{attempt.no} is held, and its call has ended"


def certain(case: Case) -> Iterator[str]:
    """Where nothing leaves a doubt, nothing is held, and everybody is rung exactly once."""
    if not case.sure:
        return
    for kind, rows in ("submission", case.books.submissions), ("attempt", case.books.attempts):
        held = sum(one.state == "held" for one in rows)
        if held:
            yield f"{held} {kind}s are held, and nothing was in doubt"
    rung = Counter(ring.call.number for ring in case.provider.own_rings)
    for person in case.books.people:
        if rung[person.phone_number] != 1:
            yield f"somebody was rung {rung[person.phone_number]} times, and nothing was in doubt"


def _called_off(case: Case, tag: str) -> bool:
    """Nobody in it might be called any more."""
    states = {one.state for one in case.books.attempts if one.tag == tag}
    return states == {AttemptState.SKIPPED.value}


def _needless_hold(case: Case, submission: Any) -> Iterator[str]:
    what = f"submission {submission.no} of {submission.batch_id} is held, and"
    if case.rings_by_start:
        yield f"{what} what rings nobody may be created anew"
    if any(
        dial.order.tag == submission.tag and not dial.dropped
        for dial in case.provider.dials.values()
    ):
        yield f"{what} the provider has it"
    entries = [one for one in case.books.log if one.tag == submission.tag]
    bodies = {one.body_sha256 for one in entries} - {""}
    asked = [one for one in case.provider.requests if one.body_sha256 in bodies]
    since = _since_its_mark(entries)
    if since is None:
        yield f"{what} no wire mark of it is unsettled: it never left"
    elif "recovered_unknown" in since:
        if not case.killed:
            yield f"{what} nobody died over it"
    elif not asked:
        yield f"{what} it never left"
    elif not any(_in_doubt(case, one) for one in asked):
        yield f"{what} its answer was clear"


def _since_its_mark(entries: Sequence[Any]) -> list[str] | None:
    """What was written down since the last wire mark; None: none is unsettled."""
    events = [one.event for one in entries]
    if "wire" not in events:
        return None
    since = events[len(events) - events[::-1].index("wire") :]
    return None if SETTLE_A_MARK.intersection(since) else since


def _in_doubt(case: Case, request: RequestRecord) -> bool:
    clear = case.no_effect | {HTTPStatus.TOO_MANY_REQUESTS}
    if request.status is None or SPOIL_THE_ANSWER & set(request.faults):
        return True
    return request.status >= HTTPStatus.MULTIPLE_CHOICES and request.status not in clear
