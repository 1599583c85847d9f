"""A plan as a page in the Prefect UI: counts only, and nothing of any number."""

from datetime import UTC, datetime

from store.plans.costs import CostRange
from store.plans.fingerprint import written
from store.plans.making import Plan, ProviderPlan
from store.plans.tally import Line


def plan_page(plan: Plan) -> str:
    """Write a plan in Markdown."""
    said = [
        f"# Plan {written(plan.hash)} of {plan.name}",
        (
            f"As of {_utc(plan.at)}, {plan.called:,} of {plan.people:,} people are called:"
            f" {plan.now:,} at once, {plan.later:,} later."
        ),
        "| provider | people | calls at most | USD |\n| --- | ---: | ---: | --- |\n"
        + "\n".join(_provider(name, one) for name, one in plan.providers.items()),
    ]
    if plan.first_at is not None and plan.last_at is not None:
        said.append(f"First call {_utc(plan.first_at)}, last first call {_utc(plan.last_at)}.")
    if plan.lines:
        head = "| called | why not now | people |\n| --- | --- | ---: |\n"
        said.append(head + "\n".join(map(_line, plan.lines)))
    said += [f"- {rule} asks: {duty}" for rule, duty in plan.duties]
    said.append("This is not legal advice: who approves answers for the calls.")
    return "\n\n".join(said)


def _provider(name: str, planned: ProviderPlan) -> str:
    return f"| {name} | {planned.people:,} | {planned.calls_at_most:,} | {_usd(planned.cost)} |"


def _line(line: Line) -> str:
    when = f"later, from {_utc(line.first_at)}" if line.first_at is not None else "never"
    return f"| {when} | {line.kind.replace('|', '/')} | {line.people:,} |"


def _usd(cost: CostRange | None) -> str:
    return "unknown" if cost is None else f"{cost.least} to {cost.most}"


def _utc(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%a %Y-%m-%d %H:%M} UTC"
