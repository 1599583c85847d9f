"""The canary wave in the ledger: whom it takes, when it is over, and how it went."""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, case, func, or_, select

from campaign.allowance.canary import Stage, lot, quotas
from campaign.states import RecipientState
from store.allowance.terms import Terms, set_stage
from store.allowance.tries import ATTEMPT, SUBMISSION, UNDER_WAY, is_try, sample
from store.database.columns import table_of
from store.tables import Recipient

_RECIPIENT = table_of(Recipient)


@dataclass(frozen=True, slots=True)
class Wave:
    """The canary wave at one provider. Counts are of people."""

    quota: int
    called: int
    under_way: int

    @property
    def left(self) -> int:
        """How many may still join it."""
        return max(self.quota - self.called, 0)


def waves(db: Connection, known: Terms) -> Mapping[str, Wave]:
    """Count the wave at each provider; empty: the campaign has none."""
    canary = known.spec.policy.canary
    if canary is None:
        return {}
    open_attempts = func.sum(case((ATTEMPT.c.state.in_(UNDER_WAY), 1), else_=0))
    query = (
        select(ATTEMPT.c.provider, func.count(ATTEMPT.c.recipient_id.distinct()), open_attempts)
        .join(SUBMISSION, SUBMISSION.c.tag == ATTEMPT.c.tag)
        .where(ATTEMPT.c.campaign_id == known.campaign_id, is_try())
        .group_by(ATTEMPT.c.provider)
    )
    counted = {provider: (called, under_way) for provider, called, under_way in db.execute(query)}
    return {
        name: Wave(quota, *counted.get(name, (0, 0)))
        for name, quota in quotas(canary.size, known.shares).items()
    }


def judged(db: Connection, known: Terms) -> str:
    """Judge the wave if it is over; return why the rest must wait for a person, or nothing."""
    canary = known.spec.policy.canary
    if canary is None or known.stage.lets_go:
        return ""
    if known.stage is Stage.OPEN and not _over(db, known):
        return ""
    samples = [sample(db, known.campaign_id, share.provider) for share in known.shares]
    bad = [str(one) for one in samples if one.exceeds(canary.max_failure_rate)]
    if known.stage is Stage.OPEN:
        set_stage(db, known.campaign_id, Stage.FAILED if bad else Stage.PASSED)
        if not bad:
            return ""
    said = "; ".join(bad or map(str, samples))
    return f"the canary wave went badly: {said}, more than {canary.max_failure_rate:.0%}"


def _over(db: Connection, known: Terms) -> bool:
    """Nothing of it is under way, and everybody who may join it has been called."""
    counted = waves(db, known)
    if not any(wave.called for wave in counted.values()):
        return False
    return not any(
        wave.under_way or (wave.left and next_due(db, known, name) is not None)
        for name, wave in counted.items()
    )


def next_due(db: Connection, known: Terms, provider: str) -> datetime | None:
    """When the next of those who may join the wave is due; None: there is nobody."""
    due_at = func.coalesce(_RECIPIENT.c.due_at, _RECIPIENT.c.imported_at)
    return db.scalar(select(func.min(due_at)).where(*_may_join(known.campaign_id, provider)))


def drawn(db: Connection, campaign_id: str, provider: str, now: datetime, wanted: int) -> list[int]:
    """Draw lots among those who are due: return the ids of `wanted` people."""
    is_due = or_(_RECIPIENT.c.due_at.is_(None), _RECIPIENT.c.due_at <= now)
    query = select(_RECIPIENT.c.id).where(*_may_join(campaign_id, provider), is_due)
    return heapq.nsmallest(wanted, db.scalars(query), key=lambda one: lot(campaign_id, one))


def _may_join(campaign_id: str, provider: str) -> list[ColumnElement[bool]]:
    tried = (
        select(ATTEMPT.c.no)
        .join(SUBMISSION, SUBMISSION.c.tag == ATTEMPT.c.tag)
        .where(ATTEMPT.c.recipient_id == _RECIPIENT.c.id, is_try())
        .correlate(_RECIPIENT)
        .exists()
    )
    return [
        _RECIPIENT.c.campaign_id == campaign_id,
        _RECIPIENT.c.state == RecipientState.READY.value,
        _RECIPIENT.c.provider == provider,
        ~tried,
    ]
