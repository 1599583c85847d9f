"""What must hold of each call in the end: its person, its last fields, and the campaign's books."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from campaign.states import AttemptState, CampaignState
from campaign.words import Outcome
from simulator.calls import Call as Dial
from simulator.conversation import turns
from tests.protocol.case import Case

SHOWN: Mapping[str, frozenset[str]] = {
    "vogent": frozenset({"recording_url", "analysis"}),
    "bland": frozenset({"cost_usd", "analysis"}),
    "bland-v1": frozenset({"cost_usd", "analysis"}),
    "happyrobot": frozenset({"analysis"}),
    "vapi": frozenset({"cost_usd", "analysis", "recording_url"}),
    "vapi-call": frozenset({"cost_usd", "analysis", "recording_url"}),
    "vocode": frozenset({"recording_url"}),
}
"""What each API tells of a call with a person, besides how long it took and what was said."""
_OVER = {CampaignState.COMPLETED, CampaignState.CANCELLED, CampaignState.NEEDS_ATTENTION}


def its_person(case: Case) -> Iterator[str]:
    """Each call is linked to the attempt that it was ordered for.

    That attempt's outcome is the call's, or that of another one which its provider made of it.
    """
    stored = {call.provider_call_id: call for call in case.books.calls}
    attempts = {(one.recipient_id, one.no): one for one in case.books.attempts}
    outcomes = defaultdict[tuple[int, int], set[str]](set)
    for call in case.books.calls:
        outcomes[call.recipient_id, call.attempt_no].add(call.outcome)
    for ring in case.provider.own_rings:
        row = stored.get(ring.call.id)
        if row is None or not row.over:
            continue
        of = row.recipient_id, row.attempt_no
        attempt = attempts.get(of)
        if attempt is None or attempt.key != ring.call.order.key:
            yield f"call {ring.call.id} is linked to another person than it was for"
        elif attempt.state == AttemptState.DONE and attempt.outcome not in outcomes[of]:
            yield f"call {ring.call.id} was {row.outcome}, its attempt is {attempt.outcome}"


def last_fields(case: Case) -> Iterator[str]:
    """Where nothing went wrong for good, each call has all that its provider tells of it."""
    stored = {call.provider_call_id: call for call in case.books.calls}
    for ring in case.provider.own_rings if case.sure else ():
        row = stored.get(ring.call.id)
        if row is not None and row.outcome in {Outcome.ANSWERED, Outcome.TRANSFERRED}:
            for what in _lacking(case.api, ring.call, row):
                yield f"call {ring.call.id} was {row.outcome}, and its {what} is not the last"


def _lacking(api: str, call: Dial, row: Any) -> Iterator[str]:
    if row.duration_seconds is None or abs(row.duration_seconds - call.talk_seconds) > 1:
        yield "duration"
    if any(turn.text not in (row.transcript or "") for turn in turns(call)):
        yield "transcript"
    yield from (name for name in sorted(SHOWN[api]) if not getattr(row, name))


def books_close(case: Case) -> Iterator[str]:
    """Everybody on the list is accounted for, and the campaign is over, or says why it is not."""
    for campaign in case.books.campaigns:
        counted = case.balances[campaign.id]
        if counted.listed != counted.accounted:
            yield f"the books do not close: {counted.in_words}"
        if campaign.state not in _OVER:
            yield f"the campaign is {campaign.state}"
        if campaign.state == CampaignState.COMPLETED and not counted.closes:
            yield f"the campaign is completed, and {counted.in_words}"
        if campaign.state == CampaignState.NEEDS_ATTENTION and not campaign.state_reason:
            yield "the campaign needs attention and does not say why"
