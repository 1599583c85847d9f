"""People: imported in bulk, each number once per campaign, and counted as they come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, func, select, update

from campaign.states import RecipientState
from store.database import bulk
from store.database.columns import table_of
from store.tables import Import, Recipient

_IMPORT = table_of(Import)
_RECIPIENT = table_of(Recipient)

_COLUMNS = (
    "campaign_id",
    "external_id",
    "phone_number",
    "source_row",
    "provider",
    "variables",
    "region",
    "timezone",
    "jurisdiction",
    "postcode",
    "country",
    "consent",
    "consent_date",
    "consent_source",
    "state",
    "reason",
    "imported_at",
)


class NewRecipient(NamedTuple):
    """One good row of a list. Its provider is decided by the campaign's split."""

    phone_number: str
    """E.164."""
    provider: str
    variables: Mapping[str, str] = {}
    external_id: str | None = None
    source_row: int = 0
    region: str | None = None
    timezone: str | None = None
    jurisdiction: str | None = None
    postcode: str | None = None
    country: str | None = None
    consent: str | None = None
    consent_date: str | None = None
    consent_source: str | None = None


@dataclass(frozen=True, slots=True)
class Added:
    """What became of some rows."""

    accepted: int
    duplicates: int
    """Their number is in the campaign already, or stands twice in the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportView:
    """One reading of a list. Counts are of rows."""

    id: int
    source: str
    started_at: datetime
    finished_at: datetime | None
    """None: it was interrupted; reading the list again completes it."""
    listed: int
    accepted: int
    duplicates: int
    rejected: int


def begin_import(
    db: Connection,
    campaign_id: str,
    source: str,
    now: datetime,
    *,
    flow_run_id: str | None = None,
) -> int:
    """Open an import and return its id. `source` names the list; no password."""
    statement = (
        _IMPORT.insert()
        .values(
            campaign_id=campaign_id,
            source=source,
            flow_run_id=flow_run_id,
            started_at=now,
            listed=0,
            accepted=0,
            duplicates=0,
            rejected=0,
        )
        .returning(_IMPORT.c.id)
    )
    return db.execute(statement).scalar_one()


def add_recipients(
    db: Connection,
    campaign_id: str,
    rows: Sequence[NewRecipient],
    now: datetime,
    *,
    import_id: int,
    rejected: int = 0,
) -> Added:
    """Add people and count them in one transaction; 10 000 rows a time are well handled.

    `rejected` counts the rows that were passed over since the last call because they are wrong.
    """
    values = [_values(campaign_id, row, now) for row in rows]
    accepted = bulk.insert(db, _RECIPIENT, _COLUMNS, values, skip_existing=True)
    added = Added(accepted, len(rows) - accepted)
    db.execute(
        update(_IMPORT)
        .where(_IMPORT.c.id == import_id, _IMPORT.c.campaign_id == campaign_id)
        .values(
            listed=_IMPORT.c.listed + len(rows) + rejected,
            accepted=_IMPORT.c.accepted + added.accepted,
            duplicates=_IMPORT.c.duplicates + added.duplicates,
            rejected=_IMPORT.c.rejected + rejected,
        )
    )
    return added


def _values(campaign_id: str, row: NewRecipient, now: datetime) -> bulk.Values:
    return (
        campaign_id,
        row.external_id,
        row.phone_number,
        row.source_row,
        row.provider,
        msgspec.json.encode(row.variables).decode(),
        row.region,
        row.timezone,
        row.jurisdiction,
        row.postcode,
        row.country,
        row.consent,
        row.consent_date,
        row.consent_source,
        RecipientState.READY.value,
        "",
        now,
    )


def finish_import(db: Connection, import_id: int, now: datetime) -> ImportView:
    """Close an import and return its counts."""
    db.execute(update(_IMPORT).where(_IMPORT.c.id == import_id).values(finished_at=now))
    return _views(db, _IMPORT.c.id == import_id)[0]


def imported_by(db: Connection, campaign_id: str, flow_run_id: str) -> bool:
    """A flow run has read the campaign's list to the end already."""
    query = select(_IMPORT.c.id).where(
        _IMPORT.c.campaign_id == campaign_id,
        _IMPORT.c.flow_run_id == flow_run_id,
        _IMPORT.c.finished_at.is_not(None),
    )
    return db.execute(query).first() is not None


def imports(db: Connection, campaign_id: str) -> list[ImportView]:
    """Every reading of the campaign's list, the oldest first."""
    return _views(db, _IMPORT.c.campaign_id == campaign_id)


def close_ready(
    db: Connection,
    campaign_id: str,
    state: Literal[RecipientState.SKIPPED, RecipientState.EXPIRED],
    reason: str,
) -> int:
    """Close everybody who is still to be called: the campaign was cancelled, or its time is over.

    Returns how many. Whoever is being called stays so until the call is over.
    """
    statement = (
        update(_RECIPIENT)
        .where(
            _RECIPIENT.c.campaign_id == campaign_id,
            _RECIPIENT.c.state == RecipientState.READY.value,
        )
        .values(state=state.value, reason=reason, due_at=None)
    )
    return db.execute(statement).rowcount


def count(db: Connection, campaign_id: str) -> int:
    """How many people the campaign has."""
    query = (
        select(func.count()).select_from(_RECIPIENT).where(_RECIPIENT.c.campaign_id == campaign_id)
    )
    return db.execute(query).scalar_one()


def _views(db: Connection, condition: ColumnElement[bool]) -> list[ImportView]:
    query = select(_IMPORT).where(condition).order_by(_IMPORT.c.id)
    return [
        ImportView(
            id=row.id,
            source=row.source,
            started_at=row.started_at,
            finished_at=row.finished_at,
            listed=row.listed,
            accepted=row.accepted,
            duplicates=row.duplicates,
            rejected=row.rejected,
        )
        for row in db.execute(query)
    ]
