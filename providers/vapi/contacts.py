"""The contacts of a campaign: who was dialled, and who never will be."""

import msgspec

from campaign.calls import Call, ListedCall
from campaign.words import Outcome
from providers.mending import decode
from providers.rows import listed, readable
from providers.vapi.wire import Id, scrub
from providers.vapi.words import CONTACTS_OVER, DISPATCHED, PENDING, outcome_of

NEVER_DIALLED = "contact:"
"""Begins the id of a call that never was, made of its contact's id."""


class _Contact(msgspec.Struct, rename="camel"):
    id: Id
    number: str | None = None
    status: str | None = None
    call_id: str | None = None
    ended_reason: str | None = None


def dialled(rows: list[msgspec.Raw], *, over: bool) -> list[ListedCall]:
    """Leave out contacts that are no call yet, and may become one."""

    def read(row: bytes) -> Call:
        return _call_of(decode(row, _Contact), over=over)

    return [listed(row, read, scrub) for row in rows if not _waits(row, over=over)]


def _waits(row: msgspec.Raw, *, over: bool) -> bool:
    return any(
        not (
            contact.call_id
            or contact.status in CONTACTS_OVER
            or (over and contact.status == PENDING)
        )
        for contact in readable([row], _Contact)
    )


def _call_of(contact: _Contact, *, over: bool) -> Call:
    status, reason = contact.status or "", contact.ended_reason or ""
    ended = status in CONTACTS_OVER
    if contact.call_id:
        return Call(
            id=contact.call_id,
            key=None,
            to=contact.number,
            over=ended,
            outcome=outcome_of(reason) if ended else Outcome.UNKNOWN,
            ended_reason=(reason or status) if ended else "",
            needs_detail=status != DISPATCHED,
        )
    given_up = over and status == PENDING
    outcome = Outcome.CANCELLED if given_up else CONTACTS_OVER.get(status, Outcome.UNKNOWN)
    return Call(
        id=NEVER_DIALLED + contact.id,
        key=None,
        to=contact.number,
        over=ended or given_up,
        outcome=outcome_of(reason) if outcome is Outcome.UNKNOWN else outcome,
        ended_reason="not dialed" if given_up else reason or status,
    )
