"""Removing a person: what is left proves that they were removed, and not who they were.

Counts, outcomes, times and money stay, so that the books still close. The list that the person came
from, exports, and the provider's own records are out of the ledger's reach.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, case, delete, func, text, tuple_, update

from campaign.errors import BadInput, Fault
from campaign.states import RecipientState
from store import suppressions
from store.calls.joining import ERASED
from store.calls.rows import CALL
from store.database.columns import table_of
from store.decisions import audit, traces
from store.decisions.traces import Traces
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
    provider_calls: Sequence[tuple[str, str]]
    """Provider and its id of each call: what to have erased there, too."""
    audit_hash: str


def erase(db: Connection, phone_number: str, *, actor: str, reason: str, now: datetime) -> Receipt:
    """Remove an E.164 number and all that was said with it from every campaign, and suppress it.

    Raises `BadInput` while a call to the number may be under way: its result has to come in first.
    """
    found = traces.find(db, phone_number)
    refuse_open(found)
    if db.dialect.name == "sqlite":
        # Otherwise what is deleted stays readable in the file until its place is used again.
        db.execute(text("PRAGMA secure_delete = ON"))
    number_hash = NumberHash(db)(phone_number)
    _erase_calls(db, found, phone_number)
    # The hash stays here, too.
    db.execute(update(_UNREAD).where(_UNREAD.c.id.in_(found.unread)).values(raw=b""))
    _erase_requests(db, found, phone_number)
    _erase_people(db, phone_number, f"{ERASED}{number_hash[:32]}")
    _suppress(db, phone_number, number_hash, now)
    proof = audit.append(db, actor=actor, verb="erase", subject=number_hash, reason=reason, now=now)
    return Receipt(
        number_hash=number_hash,
        at=now,
        recipients=len(found.recipients),
        attempts=found.attempts,
        calls=len(found.calls),
        raw_rows=found.versions + len(found.unread),
        bodies=found.bodies,
        provider_calls=found.calls,
        audit_hash=proof,
    )


def refuse_open(found: Traces) -> None:
    """Raise `BadInput` while a call to the number may be under way or in doubt."""
    if found.open:
        fault = Fault(
            "a call to this number is under way or in doubt, and its result would bring it back",
            remedy="Suppress it now, and erase it when the call is over and no doubt is held.",
        )
        raise BadInput("The number cannot be erased yet.", [fault])


def _erase_calls(db: Connection, found: Traces, phone_number: str) -> None:
    """Empty the calls.

    Their hashes stay: a row that is listed again as it was is known, and is not stored again.
    """
    old = tuple_(_VERSION.c.provider, _VERSION.c.provider_call_id)
    db.execute(delete(_VERSION).where(old.in_(found.calls)))
    db.execute(
        update(CALL)
        .where(tuple_(CALL.c.provider, CALL.c.provider_call_id).in_(found.calls))
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
    )


def _erase_requests(db: Connection, found: Traces, phone_number: str) -> None:
    """Drop the bodies of decided requests; a claim composes its body anew, so none is missed."""
    db.execute(
        update(_LOG)
        .where(_LOG.c.tag.in_(found.tags))
        .values(detail=_without(_LOG.c.detail, phone_number))
    )
    db.execute(update(_SUBMISSION).where(_SUBMISSION.c.tag.in_(found.tags)).values(body=None))


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
            consent_source=None,
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


def _without(column: ColumnElement[str], phone_number: str) -> ColumnElement[str]:
    return func.replace(column, phone_number.lstrip("+"), "[erased]")
