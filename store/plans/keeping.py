"""Plans that people were shown, kept to tell how things have changed since."""

import secrets
from datetime import timedelta

from sqlalchemy import Connection, delete, select

from store.database import bulk
from store.database.columns import table_of
from store.plans.fingerprint import written
from store.plans.making import Plan
from store.plans.members import Members
from store.tables import KeptPlan, LedgerSetting

_PLAN = table_of(KeptPlan)
_SETTING = table_of(LedgerSetting)
_KEY = "plan_key"
_KEPT_FOR = timedelta(days=30)


def plan_key(db: Connection) -> bytes:
    """Return what the hashes of numbers in plans are keyed with; it stays in the ledger."""
    query = select(_SETTING.c.value).where(_SETTING.c.name == _KEY)
    known = db.scalar(query)
    if known is None:
        made = (_KEY, secrets.token_hex(32))
        bulk.insert(db, _SETTING, ("name", "value"), [made], skip_existing=True)
        known = db.scalars(query).one()
    return bytes.fromhex(known)


def keep(db: Connection, plan: Plan) -> None:
    """Keep a plan for a month; it changes nothing about whom a campaign calls."""
    assert plan.members is not None  # noqa: S101 - it was made with a key
    same = (_PLAN.c.campaign_name == plan.name) & (_PLAN.c.hash == plan.hash)
    old = (_PLAN.c.campaign_name == plan.name) & (_PLAN.c.at < plan.at - _KEPT_FOR)
    db.execute(delete(_PLAN).where(same | old))
    kept = KeptPlan(
        campaign_name=plan.name,
        hash=plan.hash,
        at=plan.at,
        content=plan.content,
        edition=plan.edition,
        called=plan.called,
        members=plan.members.pack(),
    )
    db.execute(_PLAN.insert().values(kept.model_dump()))


def changes(db: Connection, plan: Plan, earlier: str) -> str:
    """Say how a plan differs from an earlier one of the same campaign, by its hash."""
    query = select(_PLAN).where(_PLAN.c.campaign_name == plan.name, _PLAN.c.hash == earlier)
    kept = db.execute(query).first()
    if kept is None:
        return f"this ledger knows no plan {written(earlier)} of {plan.name}"
    said: list[str] = []
    if kept.content != plan.content:
        said.append("the campaign file has changed")
    if kept.edition != plan.edition:
        said.append(f"the rules have changed from {kept.edition} to {plan.edition}")
    if plan.members is not None:
        people = plan.members.since(Members.unpacked(kept.members)).in_words
        said.append(people and f"of the people who are called, {people}")
    return "; ".join(filter(None, said)) or (
        "the same people are called, but what the agent is told, or why others are not called, has"
        " changed"
    )
