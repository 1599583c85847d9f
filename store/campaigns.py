"""Campaigns: enrolled by name, moved from state to state."""

import functools
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, or_, select, update

from campaign.errors import BadInput, Fault
from campaign.spec import CampaignSpec
from campaign.states import CAMPAIGN, CampaignState, move
from campaign.tags import new_code
from store.database.columns import table_of
from store.plans.demanding import demand
from store.plans.fingerprint import content_hash
from store.tables import Campaign, Recipient

_CAMPAIGN = table_of(Campaign)
_RECIPIENT = table_of(Recipient)


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignView:
    """One campaign as the ledger has it. Times are aware UTC."""

    id: str
    name: str
    spec: CampaignSpec
    base_dir: str
    state: CampaignState
    state_reason: str
    flow_run_id: str | None
    handed_over: bool
    progress_artifact_id: str | None
    plan: str | None
    """The hash of the plan that it is run by; empty: of one still to be approved; None: of none."""
    plan_bound_at: datetime | None
    created_at: datetime
    changed_at: datetime

    @property
    def unbound(self) -> bool:
        """It is to be run by a plan that nobody is held to yet: nobody may be called."""
        return self.plan is not None and self.plan_bound_at is None

    def held_to_plan(self, spec: CampaignSpec) -> bool:
        """It is held to a plan of a campaign with this content: no list is read any more."""
        held = self.plan is not None and not self.unbound
        return held and content_hash(self.spec) == content_hash(spec)


@functools.lru_cache(maxsize=64)
def read_spec(text: str) -> CampaignSpec:
    """Read a campaign file as the ledger keeps it: every step does, and it hardly ever changes."""
    return CampaignSpec.model_validate_json(text)


def enroll(
    db: Connection, spec: CampaignSpec, base_dir: str, now: datetime, *, plan: str | None = None
) -> CampaignView:
    """Create the campaign of this name, or give the one that there is its newest file.

    `plan`: as in `CampaignView`. Raises `BadInput` if the file would move people who are imported
    already to other providers, or if the campaign is held to a plan of which this is not the file.
    """
    row = db.execute(
        select(_CAMPAIGN).where(_CAMPAIGN.c.name == spec.name).with_for_update()
    ).first()
    if row is None:
        return _create(db, spec, base_dir, now, plan)
    if _split(read_spec(row.spec)) != _split(spec):
        _refuse_if_imported(db, row.id, spec)
    demand(db, _view(row), spec, plan)
    db.execute(
        update(_CAMPAIGN)
        .where(_CAMPAIGN.c.id == row.id)
        .values(spec=spec.model_dump_json(), base_dir=base_dir, changed_at=now)
    )
    return get(db, row.id)


# Built once: to put a query together takes longer than to run it, and every step asks this.
_GET = select(_CAMPAIGN).where(
    or_(_CAMPAIGN.c.name == bindparam("said"), _CAMPAIGN.c.id == bindparam("said"))
)


def get(db: Connection, name_or_id: str) -> CampaignView:
    """One campaign. Raises `BadInput` if there is none of this name or id."""
    rows = db.execute(_GET, {"said": name_or_id}).all()
    if not rows:
        raise BadInput(
            "There is no such campaign.",
            [
                Fault(
                    "there is no such campaign in this ledger",
                    remedy="`outdial status` lists the campaigns that there are.",
                    value=name_or_id,
                )
            ],
        )
    # A name may look like another campaign's id: the name is what a person means.
    return _view(next((row for row in rows if row.name == name_or_id), rows[0]))


def get_for(db: Connection, name_or_id: str, plan: str | None) -> CampaignView:
    """The same, to be run by a plan, as `enroll` does it."""
    known = get(db, name_or_id)
    demand(db, known, known.spec, plan)
    return get(db, known.id)


def listing(db: Connection) -> list[CampaignView]:
    """All campaigns, the newest first."""
    query = select(_CAMPAIGN).order_by(_CAMPAIGN.c.created_at.desc(), _CAMPAIGN.c.id)
    return [_view(row) for row in db.execute(query)]


def set_state(
    db: Connection,
    campaign_id: str,
    state: CampaignState,
    reason: str,
    now: datetime,
    *,
    expected: CampaignState | None = None,
) -> bool:
    """Move a campaign to `state`. Returns False, and does nothing, if it is not in `expected`.

    Raises `IllegalTransition` for a move that no campaign makes.
    """
    current = CampaignState(
        db.execute(
            select(_CAMPAIGN.c.state).where(_CAMPAIGN.c.id == campaign_id).with_for_update()
        ).scalar_one()
    )
    if expected is not None and current is not expected:
        return False
    move(CAMPAIGN, current, state)
    db.execute(
        update(_CAMPAIGN)
        .where(_CAMPAIGN.c.id == campaign_id)
        .values(state=state.value, state_reason=reason, changed_at=now)
    )
    return True


def attach_flow_run(db: Connection, campaign_id: str, flow_run_id: str | None) -> None:
    """Remember which Prefect flow run looks after the campaign."""
    _set(db, campaign_id, flow_run_id=flow_run_id)


def set_progress_artifact(db: Connection, campaign_id: str, artifact_id: str | None) -> None:
    """Remember which Prefect artifact shows the campaign's progress."""
    _set(db, campaign_id, progress_artifact_id=artifact_id)


def progress_artifact(db: Connection, campaign_id: str) -> str | None:
    """Return what `set_progress_artifact` remembered."""
    query = select(_CAMPAIGN.c.progress_artifact_id).where(_CAMPAIGN.c.id == campaign_id)
    return db.execute(query).scalar_one()


def _create(
    db: Connection, spec: CampaignSpec, base_dir: str, now: datetime, plan: str | None
) -> CampaignView:
    campaign_id = new_code()
    db.execute(
        _CAMPAIGN.insert().values(
            id=campaign_id,
            name=spec.name,
            secret=secrets.token_bytes(32),
            spec=spec.model_dump_json(),
            base_dir=base_dir,
            state=CampaignState.DRAFT.value,
            state_reason="",
            canary="",
            handed_over=False,
            plan=plan,
            created_at=now,
            changed_at=now,
        )
    )
    return get(db, campaign_id)


def _split(spec: CampaignSpec) -> dict[str, float]:
    return {share.provider: share.share for share in spec.shares}


def _refuse_if_imported(db: Connection, campaign_id: str, spec: CampaignSpec) -> None:
    people = select(_RECIPIENT.c.id).where(_RECIPIENT.c.campaign_id == campaign_id).limit(1)
    if db.execute(people).first() is None:
        return
    fault = Fault(
        "the providers of a campaign, and their shares, cannot change once its people are imported",
        remedy="Restore `provider`, or give the campaign another `name`.",
        value=", ".join(f"{name} {share:g}" for name, share in _split(spec).items()),
    )
    raise BadInput(f"The campaign {spec.name} is spread over its providers already.", [fault])


def _set(db: Connection, campaign_id: str, **values: object) -> None:
    db.execute(update(_CAMPAIGN).where(_CAMPAIGN.c.id == campaign_id).values(**values))


def _view(row: Row[Any]) -> CampaignView:
    return CampaignView(
        id=row.id,
        name=row.name,
        spec=read_spec(row.spec),
        base_dir=row.base_dir,
        state=CampaignState(row.state),
        state_reason=row.state_reason,
        flow_run_id=row.flow_run_id,
        handed_over=row.handed_over,
        progress_artifact_id=row.progress_artifact_id,
        plan=row.plan,
        plan_bound_at=row.plan_bound_at,
        created_at=row.created_at,
        changed_at=row.changed_at,
    )
