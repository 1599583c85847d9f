"""What became of a campaign's calls at each provider, counted from the rows."""

from collections.abc import Mapping

from sqlalchemy import Connection, case, func, select

from campaign.comparison import ProviderFigures
from campaign.words import Outcome
from store.database.columns import Money, table_of
from store.tables import Call

_CALL = table_of(Call).c
_REACHED = _CALL.outcome.in_([outcome.value for outcome in Outcome if outcome.reached])


def by_provider(db: Connection, campaign_id: str) -> list[ProviderFigures]:
    """Count the calls that are over, provider by provider, in the order of their names."""
    query = (
        select(
            _CALL.provider,
            func.count().label("calls"),
            func.count(case((_REACHED, 1))).label("answered"),
            func.count(_CALL.recipient_id.distinct()).label("people"),
            func.count(case((_REACHED, _CALL.recipient_id)).distinct()).label("reached"),
            func.count(_CALL.cost_usd).label("priced"),
            func.count(case((_REACHED, _CALL.cost_usd))).label("priced_answered"),
            func.coalesce(func.sum(_CALL.cost_usd), 0, type_=Money()).label("cost_usd"),
        )
        .where(_CALL.campaign_id == campaign_id, _CALL.over)
        .group_by(_CALL.provider)
        .order_by(_CALL.provider)
    )
    medians = _medians(db, campaign_id)
    return [
        ProviderFigures(**row, median_seconds=medians.get(row["provider"]))
        for row in db.execute(query).mappings()
    ]


def _medians(db: Connection, campaign_id: str) -> Mapping[str, float]:
    """The median length of answered calls by provider; SQLite has no function for it."""
    mine, length = _CALL.provider, _CALL.duration_seconds
    ranked = (
        select(
            mine,
            length,
            func.row_number().over(partition_by=mine, order_by=length).label("rank"),
            func.count().over(partition_by=mine).label("calls"),
        )
        .where(
            _CALL.campaign_id == campaign_id,
            _CALL.over,
            _REACHED,
            length.is_not(None),
        )
        .subquery()
        .c
    )
    # The one in the middle, or the two there.
    middle = (2 * ranked.rank >= ranked.calls) & (2 * ranked.rank <= ranked.calls + 2)
    query = select(ranked.provider, func.avg(ranked.duration_seconds).label("median"))
    rows = db.execute(query.where(middle).group_by(ranked.provider))
    return {row.provider: row.median for row in rows}
