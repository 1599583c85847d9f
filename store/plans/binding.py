"""Hold a campaign to a plan: whom it does not call is not called, whatever changes later."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, select, update

from campaign.errors import BadInput, Fault
from campaign.spec import CampaignSpec
from store import campaigns
from store.campaigns import CampaignView
from store.database.columns import table_of
from store.decisions import audit
from store.ledger import Ledger
from store.planning.choosing import set_aside
from store.plans import keeping
from store.plans.fingerprint import written
from store.plans.making import Plan, make_plan
from store.recipients import count
from store.tables import Campaign

_CAMPAIGN = table_of(Campaign)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Who lets a plan be run, and why."""

    actor: str
    reason: str


def plan_of(
    ledger: Ledger,
    spec: CampaignSpec,
    now: datetime,
    *,
    base_dir: Path | None = None,
    campaign_id: str | None = None,
    shown: int = 0,
) -> Plan:
    """Work out a plan and keep it. Blocks, so call it from a thread of its own.

    Takes what `make_plan` takes.
    """
    key = ledger.run_sync(keeping.plan_key)
    with ledger.reading() as db:
        plan = make_plan(
            db, spec, now=now, base_dir=base_dir, campaign_id=campaign_id, key=key, shown=shown
        )
    ledger.run_sync(keeping.keep, plan)
    return plan


def verify(ledger: Ledger, spec: CampaignSpec, base_dir: Path, wanted: str, now: datetime) -> None:
    """See whether a campaign file's plan is still the wanted one, before anything is changed.

    A campaign that is held to it already goes on. Raises `BadInput` with what has changed.
    """
    known = find(ledger, spec.name)
    if known is not None and known.plan == wanted and not known.unbound:
        return
    campaign_id = None if known is None else known.id
    _compare(ledger, plan_of(ledger, spec, now, base_dir=base_dir, campaign_id=campaign_id), wanted)


def find(ledger: Ledger, name: str) -> CampaignView | None:
    """The campaign of this name; None: the ledger has none yet."""
    with ledger.reading() as db:
        return next((one for one in campaigns.listing(db) if one.name == name), None)


def bind(ledger: Ledger, campaign_id: str, wanted: str, approval: Approval, now: datetime) -> None:
    """Hold a campaign, whose list has been read, to the wanted plan.

    Raises `BadInput`, and holds it to nothing, if the plan is another by now. Once it is held to a
    plan, people who are not in it are skipped, and none are imported.
    """
    with ledger.reading() as db:
        campaign = campaigns.get(db, campaign_id)
    if campaign.plan == wanted and not campaign.unbound:
        return
    plan = plan_of(ledger, campaign.spec, now, campaign_id=campaign_id)
    _compare(ledger, plan, wanted)
    ledger.run_sync(_bind, campaign, plan, approval, now)


def _bind(
    db: Connection, campaign: CampaignView, plan: Plan, approval: Approval, now: datetime
) -> None:
    query = select(_CAMPAIGN.c.spec).where(_CAMPAIGN.c.id == campaign.id).with_for_update()
    unchanged = CampaignSpec.model_validate_json(db.scalars(query).one()) == campaign.spec
    if not unchanged or count(db, campaign.id) != plan.people:
        raise _changed(plan.name, plan.hash, "somebody else is changing the campaign right now")
    set_aside(db, plan.rulings)
    db.execute(
        update(_CAMPAIGN)
        .where(_CAMPAIGN.c.id == campaign.id)
        .values(plan=plan.hash, plan_bound_at=now, changed_at=now)
    )
    audit.append(
        db,
        actor=approval.actor,
        verb="approve",
        subject=f"plan {written(plan.hash)} of {campaign.id}",
        reason=approval.reason,
        now=now,
    )


def _compare(ledger: Ledger, plan: Plan, wanted: str) -> None:
    if plan.hash == wanted:
        return
    with ledger.reading() as db:
        raise _changed(plan.name, wanted, keeping.changes(db, plan, wanted), plan.hash)


def _changed(name: str, wanted: str, why: str, now: str = "") -> BadInput:
    message = f"{name} is not run: its plan is no longer {written(wanted)}"
    said = f"{why}; it is {written(now)} now" if now else why
    remedy = f"Look at `outdial plan {name}` again, then run what it shows."
    return BadInput(message, [Fault(f"{message}: {said}", remedy)])
