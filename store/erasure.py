"""Removing a person: what is left proves that they were removed, and not who they were.

Counts, outcomes, times and money stay, so that the books still close. The list that the person came
from, exports, and the provider's own records are out of the ledger's reach.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    case,
    delete,
    func,
    or_,
    select,
    text,
    tuple_,
    update,
)

from campaign.errors import BadInput, Fault
from campaign.states import AttemptState, RecipientState
from store import audit, suppressions
from store.calls.joining import ERASED
from store.calls.rows import CALL
from store.columns import table_of
from store.suppressions import NumberHash
from store.tables import (
    Attempt,
    CallVersion,
    Recipient,
    Submission,
    SubmitLog,
    Suppression,
    UnreadRow,
)

_ATTEMPT = table_of(Attempt)
_LOG = table_of(SubmitLog)
_RECIPIENT = table_of(Recipient)
_SUBMISSION = table_of(Submission)
_UNREAD = table_of(UnreadRow)
_SUPPRESSION = table_of(Suppression)
_VERSION = table_of(CallVersion)

_NATIONAL = 10
"""Digits by which a number is recognised, with or without its country code."""
_NOT_DIGITS = re.compile(rb"[^0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What was erased. Counts are of rows; nothing in it tells the number."""

    number_hash: str
    at: datetime
    recipients: int
    attempts: int
    calls: int
    raw_rows: int
    """Earlier raw rows of calls, and rows that could not be read."""
    bodies: int
    """Requests that named the person."""
    audit_hash: str


def erase(db: Connection, phone_number: str, *, actor: str, reason: str, now: datetime) -> Receipt:
    """Remove an E.164 number and all that was said with it from every campaign, and suppress it.

    Raises `BadInput` while a call to the number may be under way: its result has to come in first.
    """
    _refuse_open(db, phone_number)
    if db.dialect.name == "sqlite":
        # Otherwise what is deleted stays readable in the file until its place is used again.
        db.execute(text("PRAGMA secure_delete = ON"))
    number_hash = NumberHash(db)(phone_number)
    people = list(
        db.scalars(select(_RECIPIENT.c.id).where(_RECIPIENT.c.phone_number == phone_number))
    )
    attempts = db.execute(
        select(_ATTEMPT.c.tag, _ATTEMPT.c.batch_id).where(_ATTEMPT.c.recipient_id.in_(people))
    ).all()
    batches = sorted({attempt.batch_id for attempt in attempts})
    mine = or_(CALL.c.recipient_id.in_(people), _orphans(db, batches, phone_number))
    calls, versions = _erase_calls(db, mine, phone_number)
    unread = _erase_unread(db, batches, phone_number)
    bodies = _erase_requests(db, sorted({one.tag for one in attempts}), phone_number)
    _erase_people(db, phone_number, f"{ERASED}{number_hash[:32]}")
    _suppress(db, phone_number, number_hash, now)
    proof = audit.append(db, actor=actor, verb="erase", subject=number_hash, reason=reason, now=now)
    return Receipt(
        number_hash=number_hash,
        at=now,
        recipients=len(people),
        attempts=len(attempts),
        calls=calls,
        raw_rows=versions + unread,
        bodies=bodies,
        audit_hash=proof,
    )


def _refuse_open(db: Connection, phone_number: str) -> None:
    states = [state.value for state in AttemptState if state.open]
    query = select(_ATTEMPT.c.no).where(
        _ATTEMPT.c.phone_number == phone_number, _ATTEMPT.c.state.in_(states)
    )
    if db.execute(query.limit(1)).first() is not None:
        fault = Fault(
            "a call to this number is under way or in doubt, and its result would bring it back",
            remedy="Suppress it now, and erase it when the call is over and no doubt is held.",
        )
        raise BadInput("The number cannot be erased yet.", [fault])


def _orphans(db: Connection, batches: Sequence[str], phone_number: str) -> ColumnElement[bool]:
    query = select(CALL.c.provider_call_id, CALL.c.raw).where(
        CALL.c.batch_id.in_(batches), CALL.c.recipient_id.is_(None)
    )
    ids = [call_id for call_id, raw in db.execute(query) if _tells(raw, phone_number)]
    return CALL.c.batch_id.in_(batches) & CALL.c.provider_call_id.in_(ids)


def _erase_calls(db: Connection, mine: ColumnElement[bool], phone_number: str) -> tuple[int, int]:
    """Empty the calls; return how many, and how many earlier raw rows are gone.

    Their hashes stay: a row that is listed again as it was is known, and is not stored again.
    """
    ids = select(CALL.c.provider, CALL.c.provider_call_id).where(mine)
    versions = db.execute(
        delete(_VERSION).where(tuple_(_VERSION.c.provider, _VERSION.c.provider_call_id).in_(ids))
    ).rowcount
    calls = db.execute(
        update(CALL)
        .where(mine)
        .values(
            transcript=None,
            recording_url=None,
            analysis=None,
            ended_reason=_without(CALL.c.ended_reason, phone_number),
            missing="",
            detail_due_at=None,
            raw=b"",
            raw_detail=None,
        )
    ).rowcount
    return calls, versions


def _erase_unread(db: Connection, batches: Sequence[str], phone_number: str) -> int:
    query = select(_UNREAD.c.id, _UNREAD.c.raw).where(_UNREAD.c.batch_id.in_(batches))
    ids = [row_id for row_id, raw in db.execute(query) if _tells(raw, phone_number)]
    return db.execute(delete(_UNREAD).where(_UNREAD.c.id.in_(ids))).rowcount


def _erase_requests(db: Connection, tags: Sequence[str], phone_number: str) -> int:
    """Drop the bodies of decided requests; a claim composes its body anew, so none is missed."""
    db.execute(
        update(_LOG)
        .where(_LOG.c.tag.in_(tags))
        .values(detail=_without(_LOG.c.detail, phone_number))
    )
    statement = update(_SUBMISSION).where(
        _SUBMISSION.c.tag.in_(tags), _SUBMISSION.c.body.is_not(None)
    )
    return db.execute(statement.values(body=None)).rowcount


def _erase_people(db: Connection, phone_number: str, place: str) -> None:
    db.execute(
        update(_ATTEMPT)
        .where(_ATTEMPT.c.phone_number == phone_number)
        .values(phone_number=place, reason=_without(_ATTEMPT.c.reason, phone_number))
    )
    ready = _RECIPIENT.c.state == RecipientState.READY.value
    db.execute(
        update(_RECIPIENT)
        .where(_RECIPIENT.c.phone_number == phone_number)
        .values(
            phone_number=place,
            state=case((ready, RecipientState.SKIPPED.value), else_=_RECIPIENT.c.state),
            reason=case((ready, "erased"), else_=_without(_RECIPIENT.c.reason, phone_number)),
            due_at=None,
            external_id=None,
            source_row=0,
            variables="{}",
            region=None,
            timezone=None,
            jurisdiction=None,
            postcode=None,
            country=None,
        )
    )


def _suppress(db: Connection, phone_number: str, number_hash: str, now: datetime) -> None:
    suppressions.add(db, [phone_number], reason="erased", source="erase", now=now, in_clear=False)
    db.execute(
        update(_SUPPRESSION)
        .where(_SUPPRESSION.c.number_hash == number_hash)
        .values(phone_number=None)
    )


def _tells(raw: bytes, phone_number: str) -> bool:
    """Whether a raw row names the number, however it is punctuated."""
    return phone_number[-_NATIONAL:].lstrip("+").encode() in _NOT_DIGITS.sub(b"", raw)


def _without(column: ColumnElement[str], phone_number: str) -> ColumnElement[str]:
    return func.replace(column, phone_number.lstrip("+"), "[erased]")
