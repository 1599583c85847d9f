"""What must hold after every run, whatever happened, judged by the simulator's ledger."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from math import inf
from typing import Any

from campaign.calls import ListedCall
from campaign.states import AttemptState, BatchState, SubmissionState
from campaign.words import Outcome
from providers import adapter
from providers.port import NO_EFFECT
from simulator.calls import Call as Dial
from simulator.ledger import RequestRecord, Ring
from tests.protocol.truth import Books, Provider

UNSAYABLE: Mapping[str, Mapping[str, str]] = {
    "vogent": {"invalid_number": "failed"},
    "bland": {"invalid_number": "failed"},
    "bland-v1": {"invalid_number": "failed"},
    "happyrobot": {"invalid_number": "failed"},
    "vocode": {"invalid_number": "failed"},
}
"""What became of a call, and what a provider without a word for it says instead."""

SPOIL_THE_ANSWER = frozenset(
    {"close", "truncate", "hang", "late_effect", "lose_ids", "garble", "wrong_types"}
    | {"content_type", "drip", "latency", "killed"}
)
"""Labels of faults after which a client cannot know what its submit has done."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A run that has come to rest."""

    api: str
    provider_name: str
    provider: Provider
    books: Books
    moves: list[str]
    """Changes of state that no machine allows."""
    rows: list[ListedCall]
    """What the adapter gave out of pages that were all taken in."""
    tries: int = 1
    """Attempts per person, at most."""
    killed: bool = False
    """A runner was killed: then a request may never have left."""
    reran_at: float = inf
    """When the program was run again with nothing left to do."""

    @property
    def no_effect(self) -> frozenset[int]:
        """Answers that prove that nothing was done."""
        facts = adapter(self.provider_name).variants()
        return frozenset(NO_EFFECT).intersection(*(one.no_effect for one in facts.values()))


def violations(case: Case) -> list[str]:
    """Everything that must not be, each with the name of its invariant; empty if all is well."""
    return [f"{name}: {what}" for name, judge in INVARIANTS.items() for what in judge(case)]


def dialled_once(case: Case) -> Iterator[str]:
    """At most one dial for each attempt, and for each person as many as there may be tries."""
    rings = case.provider.own_rings
    for key, number in Counter(ring.call.order.key for ring in rings).items():
        if key is None or number > 1:
            yield f"{number} rings for the key {key}"
    for number in Counter(ring.call.number for ring in rings).values():
        if number > case.tries:
            yield f"{number} rings for one person"


def never_two_at_once(case: Case) -> Iterator[str]:
    """Nobody is rung while an earlier call of ours is still open."""
    for ring in case.provider.own_rings:
        if ring.overlaps:
            yield f"call {ring.call.id} overlaps an earlier one"


def marked_before(case: Case) -> Iterator[str]:
    """Each dial has a wire mark from before, of the same bytes; a start, one of its own."""
    tags = {attempt.key: attempt for attempt in case.books.attempts}
    two_phase = any(entry.event == "start_wire" for entry in case.books.log)
    for ring in case.provider.own_rings:
        attempt = tags.get(ring.call.order.key)
        if attempt is None:
            yield f"call {ring.call.id} belongs to no attempt"
        elif not any(
            mark <= ring.call.order.accepted_at for mark in _marks(case, attempt.tag, ring)
        ):
            yield f"call {ring.call.id} has no wire mark from before of the same body"
        elif attempt.dialled_at is None:
            yield f"call {ring.call.id} rang, and its attempt says that nobody dialled"
        elif two_phase and not _started_before(case, attempt.tag, ring):
            yield f"call {ring.call.id} rang before a start was marked"


def _marks(case: Case, tag: str, ring: Ring) -> Iterator[float]:
    bodies = {
        (one.tag, one.epoch): one.body_sha256 for one in case.books.log if one.event == "intent"
    }
    for one in case.books.log:
        same_body = bodies.get((one.tag, one.epoch)) == ring.call.order.body_sha256
        if one.event == "wire" and one.tag == tag and same_body:
            yield one.at.timestamp()


def _started_before(case: Case, tag: str, ring: Ring) -> bool:
    return any(
        one.tag == tag and one.event == "start_wire" and one.at.timestamp() <= ring.rang_at
        for one in case.books.log
    )


def every_call_stored(case: Case) -> Iterator[str]:
    """Every call that has ended is stored once, with what became of it; and no other is."""
    stored = {call.provider_call_id: call for call in case.books.calls}
    words = UNSAYABLE.get(case.api, {})
    for ring in case.provider.rings:
        call = ring.call
        row = stored.pop(call.id, None)
        if call.over_at is None or call.outcome is None:
            continue
        expected = {words.get(call.outcome.value, call.outcome.value)}
        if call.outcome is Outcome.UNKNOWN:
            # Of a call that lasted no time and in which nobody spoke, so much is known.
            expected.add("no_answer")
        if row is None:
            yield f"call {call.id} rang and is not stored"
        elif not row.over or row.outcome not in expected:
            yield f"call {call.id} is stored as {row.outcome}, and was {call.outcome}"
    for call_id in stored:
        if call_id in case.provider.dials and case.provider.dials[call_id].rang:
            yield f"call {call_id} is stored twice"


def every_row_kept(case: Case) -> Iterator[str]:
    """Every row of every page is kept, byte for byte."""
    lost = {row.raw for row in case.rows} - case.books.raws
    if lost:
        yield f"{len(lost)} rows of pages are kept nowhere"


def attempts_add_up(case: Case) -> Iterator[str]:
    """Every attempt has exactly one verdict: a call, a refusal, or a doubt that is shown."""
    states = {one.tag: SubmissionState(one.state) for one in case.books.submissions}
    linked = Counter((one.recipient_id, one.attempt_no) for one in case.books.calls)
    for attempt in case.books.attempts:
        state = AttemptState(attempt.state)
        who = f"attempt {attempt.recipient_id}-{attempt.no}"
        if state in {AttemptState.ASSIGNED, AttemptState.SUBMITTED}:
            yield f"{who} is still {state}"
        if state is AttemptState.DONE and not linked[attempt.recipient_id, attempt.no]:
            yield f"{who} is done without a call"
        if state is AttemptState.HELD and states[attempt.tag] is SubmissionState.PLANNED:
            yield f"{who} is held, and its submission is not"


def key_stays_home(case: Case) -> Iterator[str]:
    """No request came with a wrong key."""
    for request in case.provider.requests:
        if request.unauthorized:
            yield f"request {request.id} came without the key"


def at_rest(case: Case) -> Iterator[str]:
    """Every batch is over, and nothing is held of which the truth could be known."""
    for batch in case.books.batches:
        if not BatchState(batch.state).over:
            yield f"batch {batch.no} is still {batch.state}"
    by_key: dict[str | None, Dial] = {one.order.key: one for one in case.provider.dials.values()}
    for submission in case.books.submissions:
        if submission.state == SubmissionState.HELD:
            yield from _needless_hold(case, submission)
        elif submission.state not in {SubmissionState.ACCEPTED, SubmissionState.REJECTED}:
            yield f"submission {submission.no} of {submission.batch_id} is {submission.state}"
    for attempt in case.books.attempts:
        dial = by_key.get(attempt.key)
        known = dial is not None and dial.over_at is not None and not dial.dropped
        if attempt.state == AttemptState.HELD and known:
            yield f"attempt {attempt.recipient_id}-{attempt.no} is held, and its call has ended"


def _needless_hold(case: Case, submission: Any) -> Iterator[str]:
    what = f"submission {submission.no} of {submission.batch_id} is held, and"
    if any(
        dial.order.tag == submission.tag and not dial.dropped
        for dial in case.provider.dials.values()
    ):
        yield f"{what} the provider has it"
    bodies = {one.body_sha256 for one in case.books.log if one.tag == submission.tag} - {""}
    asked = [one for one in case.provider.requests if one.body_sha256 in bodies]
    if not asked and not case.killed:
        yield f"{what} it never left"
    if asked and not any(_in_doubt(case, one) for one in asked):
        yield f"{what} its answer was clear"


def _in_doubt(case: Case, request: RequestRecord) -> bool:
    clear = case.no_effect | {HTTPStatus.TOO_MANY_REQUESTS}
    spoilt = SPOIL_THE_ANSWER & set(request.faults)
    if case.killed or request.status is None or spoilt:
        return True
    return request.status >= HTTPStatus.MULTIPLE_CHOICES and request.status not in clear


def lawful_moves(case: Case) -> Iterator[str]:
    """States change only as the state machines allow."""
    yield from case.moves


def nothing_to_do_twice(case: Case) -> Iterator[str]:
    """Running the program again asks nobody to dial."""
    for request in case.provider.dialling_requests:
        if request.at >= case.reran_at:
            when = datetime.fromtimestamp(request.at).astimezone()
            yield f"{request.method} {request.template} at {when} by a run that had nothing to do"


INVARIANTS: Mapping[str, Callable[[Case], Iterator[str]]] = {
    "I1 dialled once": dialled_once,
    "I2 never two at once": never_two_at_once,
    "I3 marked before": marked_before,
    "I5 every call stored": every_call_stored,
    "I6 every row kept": every_row_kept,
    "I7 attempts add up": attempts_add_up,
    "I9 key stays home": key_stays_home,
    "I10 at rest": at_rest,
    "I11 nothing to do twice": nothing_to_do_twice,
    "I12 lawful moves": lawful_moves,
}
