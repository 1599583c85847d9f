"""The table of calls, read and written in bulk."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, select

from campaign.calls import Call, ListedCall
from campaign.opt_out import asked_to_stop
from campaign.spec import Policy
from campaign.words import AnsweredBy, Outcome
from store.calls.reading import given_up
from store.database import bulk
from store.database.columns import table_of
from store.tables import Call as CallTable
from store.tables import CallVersion, UnreadRow

CALL = table_of(CallTable)
_VERSION = table_of(CallVersion)
_UNREAD = table_of(UnreadRow)

_CONTENT = (
    "over",
    "outcome",
    "ended_reason",
    "answered_by",
    "started_at",
    "ended_at",
    "duration_seconds",
    "cost_usd",
    "transcript",
    "recording_url",
    "analysis",
    "opted_out",
    "missing",
)
_DETAIL = ("detail_due_at", "detail_reads")
_PLACE = ("campaign_id", "batch_id", "tag", "recipient_id", "attempt_no")
_KEY = ("provider", "provider_call_id")
_LONGEST_ID = 500
_DEAREST = Decimal(1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a call belongs. Without a recipient it is an orphan."""

    campaign_id: str
    batch_id: str
    tag: str | None
    recipient_id: int | None = None
    attempt_no: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCall:
    """A call as the ledger has it, or will have it."""

    provider: str
    call: Call
    place: Place
    raw: bytes
    raw_sha256: str
    raw_detail: bytes | None = None
    beside: bool = False
    """It is of a batch beside the one that counts."""
    detail_due_at: datetime | None = None
    detail_reads: int = 0
    version: int = 1

    @property
    def final(self) -> bool:
        """It is over, and its outcome is known as far as it will be."""
        call, read = self.call, self.raw_detail is not None or given_up(self.detail_reads)
        return call.over and "outcome" not in call.missing and (read or self.detail_due_at is None)

    @property
    def erased(self) -> bool:
        """What its provider told of it was removed, with the person whom it called."""
        return not self.raw


def sha256(raw: bytes) -> str:
    """Return the hash by which raw rows are told apart."""
    return hashlib.sha256(raw).hexdigest()


def prepared(call: Call, policy: Policy) -> Call:
    """Return the call as it is stored: opted out or not, in texts that every database can hold.

    PostgreSQL takes no NUL, and no database takes half a surrogate pair; the raw row keeps both.
    """
    if not call.opted_out and asked_to_stop(call.analysis, policy.opt_out):
        call = replace(call, opted_out=True)
    texts = {
        name: text
        for name in ("id", "to", "ended_reason", "transcript", "recording_url", "analysis")
        if (text := getattr(call, name)) and not _storable(text)
    }
    return replace(call, **{name: _clean(text) for name, text in texts.items()}) if texts else call


def _storable(text: str) -> bool:
    if "\0" in text:
        return False
    return text.isascii() or _clean(text) == text


def _clean(text: str) -> str:
    return text.replace("\0", "").encode(errors="replace").decode()


def fault(call: Call) -> str:
    """Say why a call cannot be stored as it was read; empty: it can."""
    if not 0 < len(call.id) <= _LONGEST_ID:
        return "its id is empty or too long"
    cost = call.cost_usd
    if cost is not None and not (cost.is_finite() and abs(cost) < _DEAREST):
        return "its cost is out of range"
    return ""


def load(db: Connection, provider: str, call_ids: Sequence[str]) -> dict[str, StoredCall]:
    """Read calls in full, by provider call id."""
    if not call_ids:
        return {}
    query = select(CALL).where(CALL.c.provider == provider, CALL.c.provider_call_id.in_(call_ids))
    return {row.provider_call_id: _stored(row) for row in db.execute(query)}


def of_attempt(db: Connection, recipient_id: int, attempt_no: int) -> list[StoredCall]:
    """Read the calls of an attempt in full: one, unless a provider made two of it."""
    query = (
        select(CALL)
        .where(CALL.c.recipient_id == recipient_id, CALL.c.attempt_no == attempt_no)
        .order_by(CALL.c.first_seen, CALL.c.provider_call_id)
    )
    return [_stored(row) for row in db.execute(query)]


def insert(db: Connection, calls: Sequence[StoredCall], now: datetime) -> None:
    """Store calls that are new."""
    columns = (*_KEY, *_PLACE, "beside", *_CONTENT, *_DETAIL, "raw", "raw_sha256", "version")
    rows = [
        (
            one.provider,
            one.call.id,
            *_place(one.place),
            one.beside,
            *_content(one.call),
            one.detail_due_at,
            one.detail_reads,
            one.raw,
            one.raw_sha256,
            one.version,
            now,
            now,
        )
        for one in calls
    ]
    bulk.insert(db, CALL, (*columns, "first_seen", "last_changed"), rows)


def update(db: Connection, calls: Sequence[StoredCall], now: datetime) -> None:
    """Store calls that were there in their new form."""
    said = (*_PLACE, "beside", *_CONTENT, *_DETAIL)
    columns = (*said, "raw", "raw_sha256", "raw_detail", "version")
    rows = [
        (
            *_place(one.place),
            one.beside,
            *_content(one.call),
            one.detail_due_at,
            one.detail_reads,
            one.raw,
            one.raw_sha256,
            one.raw_detail,
            one.version,
            now,
            one.provider,
            one.call.id,
        )
        for one in calls
    ]
    bulk.update(db, CALL, _KEY, (*columns, "last_changed"), rows)


def keep_versions(
    db: Connection, provider: str, raws: Iterable[tuple[str, bytes]], now: datetime
) -> None:
    """Keep raw rows of calls, by provider call id, that are about to be replaced."""
    columns = (*_KEY, "raw_sha256", "raw", "seen_at")
    rows = [(provider, call_id, sha256(raw), raw, now) for call_id, raw in raws]
    bulk.insert(db, _VERSION, columns, rows, skip_existing=True)


def keep_unread(db: Connection, batch_id: str, rows: Sequence[ListedCall], now: datetime) -> int:
    """Keep rows that could not be read, each once per batch; return how many are new."""
    columns = ("batch_id", "raw", "raw_sha256", "problem", "first_seen")
    values = [(batch_id, row.raw, sha256(row.raw), _clean(row.problem), now) for row in rows]
    return bulk.insert(db, _UNREAD, columns, values, skip_existing=True)


def _place(place: Place) -> tuple[Any, ...]:
    return (
        place.campaign_id,
        place.batch_id,
        place.tag,
        place.recipient_id,
        place.attempt_no,
    )


def _content(call: Call) -> tuple[Any, ...]:
    return (
        call.over,
        call.outcome.value,
        call.ended_reason,
        call.answered_by.value if call.answered_by else None,
        call.started_at,
        call.ended_at,
        call.duration_seconds,
        call.cost_usd,
        call.transcript,
        call.recording_url,
        call.analysis,
        call.opted_out,
        " ".join(sorted(call.missing)),
    )


def _stored(row: Row[tuple[Any, ...]]) -> StoredCall:
    call = Call(
        id=row.provider_call_id,
        key=None,
        to=None,
        over=row.over,
        outcome=Outcome(row.outcome),
        ended_reason=row.ended_reason,
        answered_by=AnsweredBy(row.answered_by) if row.answered_by else None,
        started_at=row.started_at,
        ended_at=row.ended_at,
        duration_seconds=row.duration_seconds,
        cost_usd=row.cost_usd,
        transcript=row.transcript,
        recording_url=row.recording_url,
        analysis=row.analysis,
        opted_out=row.opted_out,
        missing=frozenset(row.missing.split()),
    )
    return StoredCall(
        provider=row.provider,
        call=call,
        place=Place(
            campaign_id=row.campaign_id,
            batch_id=row.batch_id,
            tag=row.tag,
            recipient_id=row.recipient_id,
            attempt_no=row.attempt_no,
        ),
        raw=row.raw,
        raw_sha256=row.raw_sha256,
        raw_detail=row.raw_detail,
        beside=row.beside,
        detail_due_at=row.detail_due_at,
        detail_reads=row.detail_reads,
        version=row.version,
    )
