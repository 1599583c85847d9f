"""Where the ledger holds something of a person."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, func, or_, select, tuple_

from campaign.states import AttemptState
from store import suppressions
from store.calls.rows import CALL
from store.database.columns import table_of
from store.tables import Attempt, CallVersion, Recipient, Submission, UnreadRow

_ATTEMPT = table_of(Attempt).c
_RECIPIENT = table_of(Recipient).c
_SUBMISSION = table_of(Submission).c
_UNREAD = table_of(UnreadRow).c
_VERSION = table_of(CallVersion).c

_NATIONAL = 10
"""Digits by which a number is recognised, with or without its country code."""
_NOT_DIGITS = re.compile(rb"[^0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """The rows that tell of a number, by their keys; nothing in it tells the number."""

    recipients: Sequence[int]
    attempts: int
    tags: Sequence[str]
    """Of the requests that named the person."""
    calls: Sequence[tuple[str, str]]
    """Provider and its id of the call."""
    versions: int
    """Earlier raw rows of these calls."""
    unread: Sequence[int]
    """Rows that could not be read and hold the number."""
    bodies: int
    """Requests whose bytes are still kept."""
    open: bool
    """A call may be under way or in doubt."""
    suppressed: bool


def find(db: Connection, phone_number: str) -> Traces:
    """Look for an E.164 number in every campaign; nothing is changed."""
    people = list(db.scalars(select(_RECIPIENT.id).where(_RECIPIENT.phone_number == phone_number)))
    attempts = db.execute(
        select(_ATTEMPT.tag, _ATTEMPT.state).where(
            or_(_ATTEMPT.recipient_id.in_(people), _ATTEMPT.phone_number == phone_number)
        )
    ).all()
    tags = sorted({attempt.tag for attempt in attempts})
    calls = _calls(db, people, phone_number)
    return Traces(
        recipients=people,
        attempts=len(attempts),
        tags=tags,
        calls=calls,
        versions=_count(db, tuple_(_VERSION.provider, _VERSION.provider_call_id).in_(calls)),
        unread=_unread(db, phone_number),
        bodies=_count(db, _SUBMISSION.tag.in_(tags) & _SUBMISSION.body.is_not(None)),
        open=any(AttemptState(attempt.state).open for attempt in attempts),
        suppressed=suppressions.contains(db, phone_number),
    )


def _calls(db: Connection, people: Sequence[int], phone_number: str) -> list[tuple[str, str]]:
    named = select(CALL.c.provider, CALL.c.provider_call_id).where(CALL.c.recipient_id.in_(people))
    # Calls that no attempt explains: only what the provider said can tell whose they are, and any
    # batch may show them.
    orphans = select(CALL.c.provider, CALL.c.provider_call_id, CALL.c.raw, CALL.c.raw_detail).where(
        CALL.c.recipient_id.is_(None)
    )
    found = [(row.provider, row.provider_call_id) for row in db.execute(named)]
    found += [
        (row.provider, row.provider_call_id)
        for row in db.execute(orphans)
        if _tells(row.raw, phone_number) or _tells(row.raw_detail or b"", phone_number)
    ]
    return sorted(found)


def _unread(db: Connection, phone_number: str) -> list[int]:
    query = select(_UNREAD.id, _UNREAD.raw)
    return [row.id for row in db.execute(query) if _tells(row.raw, phone_number)]


def _count(db: Connection, condition: ColumnElement[bool]) -> int:
    return db.execute(select(func.count()).where(condition)).scalar_one()


def _tells(raw: bytes, phone_number: str) -> bool:
    """Whether a raw row names the number, however it is punctuated."""
    return phone_number[-_NATIONAL:].lstrip("+").encode() in _NOT_DIGITS.sub(b"", raw)
