"""What calls cost, as far as anybody can tell before they are placed."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection, func, select

from campaign.spec import CampaignSpec
from store.database.columns import Money, table_of
from store.tables import Call

_C = table_of(Call).c
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class CostPerCall:
    """What one call of a provider costs, in USD, and how that is known."""

    usd: Decimal
    known_from: str


@dataclass(frozen=True, slots=True)
class CostRange:
    """From one call to each person to every attempt of the policy, in USD."""

    least: Decimal
    most: Decimal


def cost_per_call(db: Connection, spec: CampaignSpec) -> Mapping[str, CostPerCall]:
    """What a call costs by provider; a provider that nothing is known of is left out."""
    if spec.limits.cost_per_call_usd is not None:
        said = CostPerCall(spec.limits.cost_per_call_usd, "limits.cost_per_call_usd")
        return {share.provider: said for share in spec.shares}
    mean = func.avg(_C.cost_usd, type_=Money())
    names = [share.provider for share in spec.shares]
    query = (
        select(_C.provider, mean.label("mean"), func.count().label("calls"))
        .where(_C.provider.in_(names), _C.over, _C.cost_usd.is_not(None))
        .group_by(_C.provider)
    )
    return {
        row.provider: CostPerCall(row.mean, f"the mean of {row.calls:,} past calls")
        for row in db.execute(query)
    }


def cost_range(spec: CampaignSpec, people: int, cost: CostPerCall | None) -> CostRange | None:
    """What calling so many people costs; None: unknown. The limits of the campaign count too."""
    if cost is None:
        return None
    most = people * spec.policy.max_attempts
    if spec.limits.max_calls is not None:
        most = min(most, spec.limits.max_calls)
    least = min(people, most)
    budget = spec.limits.budget_usd
    amounts = [(cost.usd * calls).quantize(_CENT) for calls in (least, most)]
    least_usd, most_usd = (amount if budget is None else min(amount, budget) for amount in amounts)
    return CostRange(least_usd, most_usd)
