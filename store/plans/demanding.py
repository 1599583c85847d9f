"""A campaign that is to be run by a plan calls nobody until it is held to it."""

from typing import Protocol

from sqlalchemy import Connection, update

from campaign.errors import BadInput, Fault
from campaign.spec import CampaignSpec
from store.database.columns import table_of
from store.plans.fingerprint import written
from store.tables import Campaign

_CAMPAIGN = table_of(Campaign)

TO_BE_APPROVED = ""
"""In place of the hash of a plan that nobody has approved yet."""


class _Campaign(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def plan(self) -> str | None: ...
    @property
    def unbound(self) -> bool: ...
    def held_to_plan(self, spec: CampaignSpec) -> bool: ...
    @property
    def handed_over(self) -> bool: ...


def demand(db: Connection, known: _Campaign, spec: CampaignSpec, plan: str | None) -> None:
    """Let a campaign that is there call nobody but by this plan, or go on by the one it has.

    `spec`: what the campaign is to be from now on. Whoever is held to a plan stays so, whoever
    runs it. Raises `BadInput` if it has a plan that cannot hold any more.
    """
    if known.plan is None and plan is None:
        return
    same = known.held_to_plan(spec)
    bound = known.plan is not None and not known.unbound
    if same and plan in {None, TO_BE_APPROVED, known.plan}:
        return
    if bound and not same and plan in {None, known.plan}:
        raise _refused(
            known,
            f"it is held to the plan {written(known.plan or '')}, and its file has changed since",
        )
    if plan is None:
        raise _refused(known, "it is to be run by a plan, and is held to none yet")
    if known.handed_over:
        raise _refused(known, "another run looks after it, by another plan")
    db.execute(
        update(_CAMPAIGN).where(_CAMPAIGN.c.id == known.id).values(plan=plan, plan_bound_at=None)
    )


def _refused(known: _Campaign, why: str) -> BadInput:
    message = f"{known.name} is not run: {why}"
    remedy = "See `outdial plan FILE`, then `outdial run FILE --plan HASH`."
    return BadInput(message, [Fault(message, remedy)])
