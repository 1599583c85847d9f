"""What a campaign was allowed: its file as it is in the ledger now, and what was decided since."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from campaign.allowance.canary import Stage
from campaign.spec import CampaignSpec, Share
from store.campaigns import read_spec
from store.database.columns import table_of
from store.tables import Batch, Campaign, Submission

_BATCH = table_of(Batch)
_CAMPAIGN = table_of(Campaign)
_SUBMISSION = table_of(Submission)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The terms of one campaign."""

    campaign_id: str
    spec: CampaignSpec
    stage: Stage
    """Of its canary wave, if it has one."""
    failures_since: datetime | None
    """Aware UTC; None: since its beginning."""

    @property
    def shares(self) -> tuple[Share, ...]:
        """The providers."""
        return self.spec.shares

    @property
    def in_canary(self) -> bool:
        """Only the canary wave may be called."""
        return self.spec.policy.canary is not None and not self.stage.lets_go

    @property
    def limited(self) -> bool:
        """The file says anything about how much, how dear or how well."""
        limits = self.spec.limits
        said = (limits.max_calls, limits.budget_usd, limits.max_failure_rate)
        careful = self.in_canary or self.spec.policy.failover
        return careful or any(one is not None for one in said)


# Built once: to put a query together takes longer than to run it.
_TERMS = select(_CAMPAIGN).where(_CAMPAIGN.c.id == bindparam("its_id"))
_TERMS_OF = (
    select(_CAMPAIGN)
    .join(_BATCH, _BATCH.c.campaign_id == _CAMPAIGN.c.id)
    .join(_SUBMISSION, _SUBMISSION.c.batch_id == _BATCH.c.id)
    .where(_SUBMISSION.c.tag == bindparam("its_tag"))
)


def terms(db: Connection, campaign_id: str) -> Terms:
    """Read the terms of a campaign."""
    return _terms(db.execute(_TERMS, {"its_id": campaign_id}).one())


def terms_of(db: Connection, tag: str) -> Terms:
    """Read the terms of the campaign behind a submission."""
    return _terms(db.execute(_TERMS_OF, {"its_tag": tag}).one())


def set_stage(db: Connection, campaign_id: str, stage: Stage) -> None:
    """Write down how the canary wave was judged."""
    statement = update(_CAMPAIGN).where(_CAMPAIGN.c.id == campaign_id)
    db.execute(statement.values(canary=stage.value))


def let_go(db: Connection, campaign_id: str, now: datetime) -> None:
    """A person has looked: a failed canary wave holds nobody up, failures count anew from now."""
    mine = _CAMPAIGN.c.id == campaign_id
    db.execute(update(_CAMPAIGN).where(mine).values(failures_since=now))
    failed = _CAMPAIGN.c.canary == Stage.FAILED.value
    db.execute(update(_CAMPAIGN).where(mine, failed).values(canary=Stage.WAIVED.value))


def _terms(row: Row[Any]) -> Terms:
    return Terms(
        campaign_id=row.id,
        spec=read_spec(row.spec),
        stage=Stage(row.canary),
        failures_since=row.failures_since,
    )
