"""What must hold after every run, whatever happened, judged by the simulator's ledger."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from math import inf

from campaign.states import AttemptState, SubmissionState
from campaign.words import Outcome
from simulator.ledger import Ring
from tests.protocol import doubts, keeping, last_state, requests
from tests.protocol.case import Case

UNSAYABLE: Mapping[str, Mapping[str, str]] = {
    "vogent": {"invalid_number": "failed"},
    "bland": {"invalid_number": "failed"},
    "bland-v1": {"invalid_number": "failed"},
    "happyrobot": {"invalid_number": "failed"},
    "vocode": {"invalid_number": "failed", "cancelled": "no_answer"},
}
"""What became of a call, and what a provider without a word for it says instead."""

HIDE_REDIALS = frozenset({"vapi"})
"""Campaigns of Vapi show one call for each contact."""


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
        elif not _marked_before(case, ring):
            yield f"call {ring.call.id} has no wire mark from before of the same body"
        elif attempt.dialled_at is None:
            yield f"call {ring.call.id} rang, and its attempt says that nobody dialled"
        elif two_phase and not _started_before(case, attempt.tag, ring):
            yield f"call {ring.call.id} rang before a start was marked"


def _marked_before(case: Case, ring: Ring) -> bool:
    order = ring.call.order
    return any(
        body == order.body_sha256 and at <= order.accepted_at for body, at in case.marked_bodies()
    )


def _started_before(case: Case, tag: str, ring: Ring) -> bool:
    return any(at <= ring.rang_at for at in case.marks(tag, "start_wire"))


def every_call_stored(case: Case) -> Iterator[str]:
    """Every call that has ended is stored once, with what became of it; and no other is."""
    stored = {call.provider_call_id: call for call in case.books.calls}
    words = UNSAYABLE.get(case.api, {})
    for ring in case.provider.rings:
        call = ring.call
        if call.redial_of is not None and case.api in HIDE_REDIALS:
            continue
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


def nobody_suppressed(case: Case) -> Iterator[str]:
    """Nobody is rung whose number was suppressed before the first byte might leave."""
    since = {row.phone_number: row.since.timestamp() for row in case.books.suppressions}
    tags = {attempt.key: attempt.tag for attempt in case.books.attempts}
    for ring in case.provider.own_rings:
        tag = tags.get(ring.call.order.key, "")
        # A start is repeated by id: what counts is the first.
        starts = case.marks(tag, "start_wire")[:1]
        asked = [at for at in case.marks(tag) if at <= ring.call.order.accepted_at]
        if max(starts or asked, default=-inf) > since.get(ring.call.number, inf):
            yield f"call {ring.call.id} rang a number that was suppressed by then"


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
    "I3 asked once for each mark": requests.asked_once,
    "I3 fenced at the last moment": requests.fenced_last,
    "I4 nobody suppressed": nobody_suppressed,
    "I5 every call stored": every_call_stored,
    "I5 its person": last_state.its_person,
    "I5 last fields": last_state.last_fields,
    "I5 nothing filtered": requests.nothing_filtered,
    "I6 every row kept": keeping.every_row_kept,
    "I7 attempts add up": attempts_add_up,
    "I7 books close": last_state.books_close,
    "I9 key stays home": requests.key_stays_home,
    "I10 at rest": doubts.at_rest,
    "I10 certain": doubts.certain,
    "I11 nothing to do twice": nothing_to_do_twice,
    "I12 lawful moves": lawful_moves,
}
