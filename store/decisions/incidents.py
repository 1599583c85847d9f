"""What must not happen and did: written down once, and the campaign waits for a person."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects import postgresql, sqlite

from campaign.states import CampaignState
from store.database.columns import table_of
from store.decisions import audit
from store.tables import Campaign, Incident

_INCIDENT = table_of(Incident)
_CAMPAIGN = table_of(Campaign)


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentView:
    """One incident as the ledger has it."""

    id: int
    campaign_id: str
    kind: str
    subject: str
    detail: str
    at: datetime
    batch_id: str | None


def report(
    db: Connection,
    campaign_id: str,
    batch_id: str | None,
    kind: str,
    *,
    subject: str,
    detail: str,
    now: datetime,
    about: Iterable[str] = (),
) -> None:
    """Write an incident down, once per kind and subject, and pause the campaign if it runs.

    `about`: names without blanks that it is about, for `known_about`.
    """
    insert = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    statement = insert(_INCIDENT).values(
        campaign_id=campaign_id,
        batch_id=batch_id,
        kind=kind,
        subject=subject,
        detail=detail,
        about=" ".join(sorted(about)),
        at=now,
    )
    # SQLAlchemy counts the rows of UPDATE and DELETE only; of an INSERT it is the driver's whim.
    told = db.execute(statement.on_conflict_do_nothing().returning(_INCIDENT.c.id)).first()
    if told is not None:
        attention(db, campaign_id, f"{kind}: {detail}", now)


def attention(db: Connection, campaign_id: str, reason: str, now: datetime) -> None:
    """Send nothing more for a running campaign before a person has looked.

    What is under way is still collected.
    """
    db.execute(
        update(_CAMPAIGN)
        .where(_CAMPAIGN.c.id == campaign_id, _CAMPAIGN.c.state == CampaignState.RUNNING.value)
        .values(state=CampaignState.NEEDS_ATTENTION.value, state_reason=reason, changed_at=now)
    )


def resolve(db: Connection, incident_id: int, *, actor: str, reason: str, now: datetime) -> bool:
    """A person has looked at an incident and answers for going on.

    Returns False if it is resolved already, or there is none. Raises `ValueError` without a name
    and a reason.
    """
    mine = (_INCIDENT.c.id == incident_id) & _INCIDENT.c.resolved_at.is_(None)
    resolved = db.execute(update(_INCIDENT).where(mine).values(resolved_at=now)).rowcount == 1
    if resolved:
        subject = f"incident {incident_id}"
        audit.append(db, actor=actor, verb="resolve", subject=subject, reason=reason, now=now)
    return resolved


def known_about(db: Connection, campaign_id: str, kind: str) -> Mapping[str, bool]:
    """Return the names that incidents of a kind were about: whether a person vouched for them."""
    query = (
        select(_INCIDENT.c.about, _INCIDENT.c.resolved_at)
        .where(_INCIDENT.c.campaign_id == campaign_id, _INCIDENT.c.kind == kind)
        .order_by(_INCIDENT.c.resolved_at.is_not(None))
    )
    return {
        name: row.resolved_at is not None for row in db.execute(query) for name in row.about.split()
    }


def unresolved(db: Connection, campaign_id: str | None = None) -> Sequence[IncidentView]:
    """Return the incidents that nobody has resolved, the oldest first; None: of all campaigns."""
    query = select(_INCIDENT).where(_INCIDENT.c.resolved_at.is_(None)).order_by(_INCIDENT.c.id)
    if campaign_id is not None:
        query = query.where(_INCIDENT.c.campaign_id == campaign_id)
    return [
        IncidentView(
            id=row.id,
            campaign_id=row.campaign_id,
            kind=row.kind,
            subject=row.subject,
            detail=row.detail,
            at=row.at,
            batch_id=row.batch_id,
        )
        for row in db.execute(query)
    ]
