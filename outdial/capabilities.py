"""What each provider can do, from the facts that its adapter states."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

import providers
from campaign.durations import say_duration
from campaign.spec import CampaignSpec
from outdial.terminal import Column
from providers.port import Capabilities
from providers.settings import access, configured
from store.accounts.pacing import Quota, Rate
from tasks.steps.submitting import submission_size

COLUMNS = (
    Column("provider"),
    Column("batches"),
    Column("at most", right=True),
    Column("safe start"),
    Column("finds tag"),
    Column("pause"),
    Column("stop"),
    Column("transcript"),
    Column("cost"),
)
LEGEND = """\
batches      the provider's own, or ours made of single calls
at most      calls in one submission
safe start   how a doubt can be settled before a telephone rings
finds tag    a submission whose answer was lost can be looked up
transcript, cost   where they come from"""


def facts() -> Iterator[tuple[str, str, Capabilities]]:
    """Every provider and API generation with its facts; the API's name is empty if there is one."""
    for name in providers.names():
        for variant, capabilities in providers.adapter(name).variants().items():
            yield name, variant, capabilities


def of_campaign(spec: CampaignSpec, provider: str) -> Capabilities:
    """Return the facts for the API generation that a campaign's agent block chose."""
    variants = providers.adapter(provider).variants()
    agents = [share.agent for share in spec.shares if share.provider == provider]
    chosen = str(agents[0].get("api", "")) if agents and agents[0] else ""
    # The first is what an agent block without a choice means.
    return variants.get(chosen) or next(iter(variants.values()))


def calls_at_once(spec: CampaignSpec, provider: str, able: Capabilities) -> int:
    """How many calls a runner with our environment would put into one submission."""
    per_minute = spec.limits.calls_per_minute
    quota = Quota(
        account="",  # Whoever asks may have no key.
        rate=None if per_minute is None else Rate.of(per_minute),
        concurrency=access(provider).concurrency if configured(provider) else None,
    )
    return submission_size(able, quota, spec.limits.concurrency_of_a_batch)


def rows() -> Iterator[tuple[str, ...]]:
    """Yield the cells of the table, in the order of `COLUMNS`."""
    for name, variant, said in facts():
        yield (
            f"{name} {variant}".strip(),
            "own" if said.native_batch else "ours",
            str(said.batch_limit),
            _guard(said),
            _yes(said.finds_by_tag),
            _yes(said.pauses),
            said.cancels,
            said.transcript_from,
            said.cost_from,
        )


def as_json() -> list[Mapping[str, object]]:
    """Return all facts, for programs."""
    return [
        {"provider": name, "api": variant} | _plain(capabilities)
        for name, variant, capabilities in facts()
    ]


def markdown() -> str:
    """Return the table for the README."""
    lines = [_line([column.title for column in COLUMNS])]
    lines.append(_line(["---:" if column.right else "---" for column in COLUMNS]))
    lines += [_line(row) for row in rows()]
    return "\n".join(lines)


def _guard(said: Capabilities) -> str:
    """How a doubtful submission can be settled before a telephone rings."""
    if said.two_phase_start:
        return "separate"
    if said.start_in_future is not None:
        return f"{say_duration(said.start_in_future)} ahead"
    return "no"


def _plain(said: Capabilities) -> dict[str, object]:
    values = {name: getattr(said, name) for name in Capabilities.__dataclass_fields__}
    return {name: _jsonable(value) for name, value in values.items()}


def _jsonable(value: object) -> object:
    if isinstance(value, timedelta):
        return value.total_seconds()
    return sorted(value) if isinstance(value, frozenset) else value  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _yes(fact: bool) -> str:
    return "yes" if fact else "no"
