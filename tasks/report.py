"""The campaign's report on its run page: the books, and the providers side by side."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from prefect.artifacts import acreate_markdown_artifact
from sqlalchemy import Connection

from campaign.comparison import ProviderFigures, verdict
from store import books, campaigns, doubts
from store.books import Books
from store.doubts import Doubt
from store.reports import comparisons
from tasks.progress import dispensable
from tasks.steps.runtime import Runtime

_DEFINITION = (
    "Calls that are over, redials included. Answered: a person was on the line. In brackets"
    " Wilson's interval, 95 %. Cost is what the providers have told by now; it may come later."
)


async def publish_report(runtime: Runtime, campaign_id: str) -> None:
    """Put the report on the page of the run; counts only, nobody's number."""
    campaign = await runtime.ledger.run(campaigns.get, campaign_id)
    counted = await runtime.ledger.run(books.books, campaign_id)
    in_doubt = await runtime.ledger.run(_doubts, campaign_id)
    figures = await runtime.ledger.run(comparisons.by_provider, campaign_id)
    with dispensable("the report"):
        await acreate_markdown_artifact(
            markdown(campaign.name, counted, in_doubt, figures),
            key=f"report-{campaign.name}",
            description=counted.in_words,
        )


def markdown(
    name: str, counted: Books, in_doubt: Sequence[Doubt], figures: Sequence[ProviderFigures]
) -> str:
    """Write the report. Every word in it is ours: nothing that a provider or a person said."""
    lines = [f"# {name}", "", counted.in_words, ""]
    if in_doubt:
        people = sum(doubt.people for doubt in in_doubt)
        lines += [f"**In doubt**: {len(in_doubt)} submissions with {people} people.", ""]
    if figures:
        lines += ["## Providers", "", *_table(figures), ""]
        lines += [f"- {sentence}" for sentence in verdict(figures)]
        lines += ["", _DEFINITION]
    return "\n".join(lines)


def _doubts(db: Connection, campaign_id: str) -> list[Doubt]:
    return list(doubts.doubts(db, campaign_id))


def _table(figures: Sequence[ProviderFigures]) -> Iterator[str]:
    yield "| provider | calls | answered | answer rate | per answered call | median talk | cost |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    for one in figures:
        median = "-" if one.median_seconds is None else f"{one.median_seconds:.0f} s"
        cells = [
            one.provider,
            f"{one.calls:,}",
            f"{one.answered:,}",
            _rate(one),
            _money(one.cost_per_answered),
            median,
            _cost(one),
        ]
        yield f"| {' | '.join(cells)} |"


def _rate(one: ProviderFigures) -> str:
    if one.answer_rate is None or one.interval is None:
        return "-"
    return f"{one.answer_rate:.1%} ({one.interval.low:.1%} to {one.interval.high:.1%})"


def _cost(one: ProviderFigures) -> str:
    if not one.priced:
        return "not told"
    told = "" if one.priced == one.calls else f" of {one.priced:,} calls"
    return _money(one.cost_usd) + told


def _money(amount: Decimal | None) -> str:
    return "-" if amount is None else f"${amount:,.2f}"
