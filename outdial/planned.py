"""A plan as a person, or a program, reads it: no number in full."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import providers
from campaign.rules.results import clock_at
from campaign.spec import CampaignSpec
from outdial.capabilities import calls_at_once
from outdial.explaining import NOT_ADVICE
from outdial.terminal import Column, print_table, say
from providers.http import Http
from providers.settings import resolved
from store.plans.costs import CostRange
from store.plans.fingerprint import written
from store.plans.making import Plan, ProviderPlan
from store.plans.people import Passed
from store.plans.tally import Example, Line
from tasks.steps.planning import batch_size


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A plan, and what only the providers' adapters know of it."""

    plan: Plan
    spec: CampaignSpec
    batch_sizes: Mapping[str, int]
    """People in one batch, by provider."""
    held_to: str | None
    """The plan that the campaign is held to already, of which this is what is left."""

    def batches(self, provider: str) -> int:
        """How many batches the first calls to everybody make."""
        return -(-self.plan.providers[provider].people // self.batch_sizes[provider])


def batch_sizes(spec: CampaignSpec) -> Mapping[str, int]:
    """People in one batch, by provider. Raises `BadInput` for an agent block that is wrong."""
    sizes: dict[str, int] = {}
    for share in spec.shares:
        adapter = providers.adapter(share.provider)
        provider = adapter.open(Http(adapter.base_url, {}), resolved(share.agent or {}))
        able = provider.capabilities
        part = calls_at_once(spec, share.provider, able)
        sizes[share.provider] = batch_size(able, spec.limits.batch_size, part)
    return sizes


_PROVIDERS = (
    Column("provider"),
    Column("people", right=True),
    Column("batches", right=True),
    Column("calls at most", right=True),
    Column("USD", right=True),
    Column("a call costs"),
)
_CLOCKS = (
    Column("clock"),
    Column("people", right=True),
    Column("first call, their time"),
    Column("last of the first calls"),
)
_REASONS = (
    Column("called"),
    Column("why not now"),
    Column("people", right=True),
    Column("numbers ending in"),
)
_EXAMPLES = (Column("number"), Column("row", right=True), Column("provider"), Column("their time"))


def print_plan(shown: Shown) -> None:
    """Print it for a person."""
    plan = shown.plan
    say(f"plan {written(plan.hash)}")
    say(f"{plan.name}, as of {_utc(plan.at)}: {_counts(plan)}")
    if plan.first_at is not None:
        last = f"; everybody may have been called once from {_utc(plan.last_at)} on"
        say(f"  first call {_utc(plan.first_at)}{last if plan.last_at != plan.first_at else ''}")
    limits = _limits(shown.spec)
    if limits:
        say(f"  limits {limits}")
    if plan.called:
        print_table(_PROVIDERS, [_provider_row(shown, name) for name in plan.providers])
        print_table(_CLOCKS, [_clock_row(*one) for one in _clocks(plan)])
    reasons = [_reason_row(line) for line in plan.lines]
    reasons += [_passed_row(*one) for one in plan.passed.items()]
    if reasons:
        print_table(_REASONS, reasons)
    if plan.examples:
        print_table(_EXAMPLES, [_example_row(one) for one in plan.examples])
    for (rule, duty), people in plan.duties.items():
        say(f"  {rule} asks of the calls to {people:,} of them: {duty}")
    say(NOT_ADVICE)
    say(_next_step(shown))


def _counts(plan: Plan) -> str:
    said = f"{plan.called:,} of {plan.people:,} people are called"
    parts = {"at once": plan.now, "later": plan.later}
    when = ", ".join(f"{people:,} {name}" for name, people in parts.items() if people)
    return f"{said} ({when})" if when else said


def _limits(spec: CampaignSpec) -> str:
    limits = spec.limits
    said = {
        "at most {} calls": limits.max_calls,
        "{} USD": limits.budget_usd,
        "{:g} calls a minute": limits.calls_per_minute,
        "{} at the same time": limits.concurrency,
    }
    return ", ".join(text.format(value) for text, value in said.items() if value is not None)


def _provider_row(shown: Shown, name: str) -> tuple[object, ...]:
    planned = shown.plan.providers[name]
    return (
        name,
        planned.people,
        shown.batches(name),
        planned.calls_at_most,
        _usd(planned.cost),
        _known_from(planned),
    )


def _usd(cost: CostRange | None) -> str:
    if cost is None:
        return "unknown"
    return f"{cost.least}" if cost.least == cost.most else f"{cost.least} to {cost.most}"


def _known_from(planned: ProviderPlan) -> str:
    cost = planned.cost_per_call
    if cost is None:
        return "unknown: no past calls, and no limits.cost_per_call_usd"
    return f"{cost.usd} USD, {cost.known_from}"


_MANY = 12


def _clocks(plan: Plan) -> list[tuple[str, int, str, str]]:
    """Clock, people, and the first and last of the first calls by it; rare ones together."""
    rows = [
        (
            " and ".join(clock.zones[:3]) + (" ..." if len(clock.zones) > 3 else ""),  # noqa: PLR2004 - enough for a line
            clock.people,
            _local(clock.first_at, clock.zones),
            _local(clock.last_at, clock.zones),
        )
        for clock in plan.clocks
    ]
    if len(rows) <= _MANY:
        return rows
    rest = rows[_MANY:]
    return [*rows[:_MANY], (f"{len(rest)} others", sum(row[1] for row in rest), "", "")]


def _clock_row(zones: str, people: int, first: str, last: str) -> tuple[object, ...]:
    return zones or "any hour", people, first, last if last != first else ""


def _reason_row(line: Line) -> tuple[object, ...]:
    if line.called:
        until = "" if line.first_at is None else f" from {_utc(line.first_at)}"
        return f"later{until}", line.kind, line.people, _endings(line.examples)
    return "never", line.reason or line.kind, line.people, _endings(line.examples)


def _passed_row(reason: str, passed: Passed) -> tuple[object, ...]:
    rows = ", ".join(map(str, passed.examples))
    more = ", ..." if passed.rows > len(passed.examples) else ""
    return "not read", reason, passed.rows, f"in row {rows}{more}"


def _endings(examples: list[str]) -> str:
    return ", ".join(f"…{digits}" for digits in examples)


def _example_row(one: Example) -> tuple[object, ...]:
    return f"…{one.last_two}", one.source_row, one.provider, _local(one.at, one.zones)


def _next_step(shown: Shown) -> str:
    plan = shown.plan
    if shown.held_to is not None:
        held = written(shown.held_to)
        return f"{plan.name} is held to the plan {held}, and this is what is left of it."
    return f"Nobody was called. `outdial run FILE --plan {written(plan.hash)}` runs just this."


def _local(instant: datetime, zones: tuple[str, ...]) -> str:
    if not zones:
        return _utc(instant)
    return f"{clock_at(zones[0], instant).local:%a %Y-%m-%d %H:%M}"


def _utc(instant: datetime | None) -> str:
    return "" if instant is None else f"{instant.astimezone(UTC):%a %Y-%m-%d %H:%M} UTC"


def as_json(shown: Shown) -> dict[str, Any]:
    """Return it for programs."""
    plan = shown.plan
    return {
        "plan": written(plan.hash),
        "campaign": plan.name,
        "at": plan.at,
        "held_to": shown.held_to and written(shown.held_to),
        "rules": plan.edition,
        "listed": plan.listed,
        "people": plan.people,
        "called": plan.called,
        "now": plan.now,
        "later": plan.later,
        "first_at": plan.first_at,
        "last_at": plan.last_at,
        "providers": {name: _provider_json(shown, name) for name in plan.providers},
        "clocks": [asdict(clock) for clock in plan.clocks],
        "reasons": [asdict(line) for line in plan.lines],
        "passed": [{"reason": reason} | asdict(passed) for reason, passed in plan.passed.items()],
        "examples": [asdict(one) for one in plan.examples],
        "duties": [
            {"rule": rule, "duty": duty, "people": people}
            for (rule, duty), people in plan.duties.items()
        ],
        "note": NOT_ADVICE,
    }


def _provider_json(shown: Shown, name: str) -> Mapping[str, Any]:
    planned = shown.plan.providers[name]
    return asdict(planned) | {"batches": shown.batches(name)}
