"""What the documentation says about the code, made from the code."""

import re
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import cache, partial
from typing import TypeVar

import providers
from campaign import states
from campaign.durations import say_duration
from campaign.spec import CampaignSpec
from outdial import capabilities
from outdial.cli import VERBS
from providers.settings import secret_variable
from store import tables
from store.database.columns import table_of
from tasks.registry import tasks_of
from tests.documents.pages import ROOT, Page
from tests.documents.reference import Reference, load, section

_State = TypeVar("_State", bound=StrEnum)

CAMPAIGN_PAGE = "docs/campaign-file.md"
PAGES = ("README.md", CAMPAIGN_PAGE, "docs/providers.md", "docs/reliability.md")

NOT_BUILT = frozenset[str]()
"""Keys that are read and checked, and that nothing acts on yet."""
FACTS = {
    "native_batch": "has batches of its own",
    "batch_limit": "calls in one submission, at most",
    "two_phase_start": "creating rings nobody; a start by id does",
    "start_in_future": "a start time must lie ahead by, seconds",
    "stop_in_future": "a last moment for new calls can be said with a start time",
    "finds_by_tag": "a submission can be looked up by our tag",
    "echoes_key": "our key comes back with each call",
    "listing_lag": "assumed: a new submission may be missing from lists for, seconds",
    "no_effect": "answers to a submit that prove that nothing was done",
    "cancels": "what can be stopped",
    "pauses": "a batch can be held back and let go on",
    "concurrency_setting": "the provider keeps to our `concurrency` itself",
    "counters": "its status tells how many calls are left",
    "lists_only_own": "a batch's list holds no foreign calls",
    "page_limit": "calls on a page",
    "transcript_from": "transcript comes with",
    "cost_from": "cost comes with",
    "requests_per_second": "requests a second from one process, at most",
}
"""The facts that adapters state, in words."""
_PATIENCE = {
    "first_look": "first look at a batch after its submission",
    "start_guard": "start set ahead by",
    "quiet": "in doubt and not found for so long: held",
}
_BLOCKS = {"Limits": "limits", "Policy": "policy"}
_DESIGNED = ("plan", "report", "explain", "suppress", "erase", *VERBS)
_NOT_BUILT = "**Not built yet: it is checked, and has no effect.**"


def parts() -> Mapping[str, Callable[[], str]]:
    """Every generated part by its name."""
    return {
        "provider table": capabilities.markdown,
        "verbs": _verbs,
        "not built": _not_built,
        "make": _make,
        "environment": _environment,
        "tables": _tables,
        "campaign file": campaign_file,
        **{f"agent of {name}": partial(agent, name) for name in providers.names()},
        "facts": _facts,
        "patience": _patience,
        "submission states": partial(_machine, states.SUBMISSION),
        "attempt states": partial(_machine, states.ATTEMPT),
        "batch states": partial(_machine, states.BATCH),
        "campaign states": partial(_machine, states.CAMPAIGN),
    }


@cache
def file_reference() -> Reference:
    """The reference of the campaign file, with the page's own examples."""
    remarks = dict.fromkeys(NOT_BUILT, _NOT_BUILT)
    return Reference(CampaignSpec, [load(text) for text in examples()], remarks=remarks)


@cache
def agent_reference(name: str) -> Reference:
    """The reference of a provider's agent block, with the page's examples for that provider."""
    documents = [load(text) for text in examples()]
    of_it = [one for one in documents if one.get("provider") == name]
    return Reference(providers.adapter(name).Agent, of_it, at=("agent",))


def examples() -> list[str]:
    """The pieces of campaign files on the page."""
    return [block.text for block in Page(CAMPAIGN_PAGE).blocks("yaml")]


def campaign_file() -> str:
    """All blocks of the campaign file but the agent's."""
    reference = file_reference()
    first, *others = reference.models()
    tables = [reference.table(first[0])]
    tables += [section(3, model, paths, reference.table(model)) for model, paths in others]
    return "\n\n".join(tables)


def agent(name: str) -> str:
    """The agent block of one provider."""
    reference = agent_reference(name)
    return "\n\n".join(reference.table(model) for model, _ in reference.models())


def missing_verbs() -> list[str]:
    """The verbs of the design that the command line does not have yet."""
    return [name for name in _DESIGNED if name not in VERBS]


def _not_built() -> str:
    lines: list[str] = []
    if keys := ", ".join(f"`{_BLOCKS[model]}.{name}`" for model, name in _not_built_keys()):
        lines.append(
            f"- These keys of the campaign file are checked and have no effect yet: {keys}."
        )
    if missing := missing_verbs():
        verbs = ", ".join(f"`outdial {name}`" for name in missing)
        lines.append(f"- Not built yet: {verbs}.")
    return "\n".join(lines or ["- Every key of the campaign file has an effect."])


def _not_built_keys() -> list[list[str]]:
    return [key.split(".") for key in sorted(NOT_BUILT)]


def _verbs() -> str:
    return _grid(("verb", "does"), [(f"`outdial {name}`", does) for name, does in VERBS.items()])


def _make() -> str:
    targets = re.findall(r"^([a-z]+):.*## (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return _grid(("", ""), [(f"`make {name}`", does) for name, does in targets])


def _environment() -> str:
    rows = [("OUTDIAL_DATABASE_URL", "the ledger, an SQLAlchemy URL", "a SQLite file of yours")]
    rows.append(
        ("OUTDIAL_LEASE", "how long a silent runner on another machine is waited for", "`5m`")
    )
    for name in providers.names():
        prefix, live = name.upper(), providers.adapter(name).base_url
        rows.append((f"{prefix}_API_KEY", f"the key for {name}", "none"))
        rows.append((f"{prefix}_BASE_URL", "where its API is", f"`{live}`"))
        rows.append((secret_variable(name), "proves its messages", "not received"))
        most = "calls that the account may have at a time, over all campaigns"
        rows.append((f"{prefix}_CONCURRENCY", most, "left to the provider"))
    return _grid(
        ("variable", "means", "if missing"),
        [(f"`{variable}`", means, missing) for variable, means, missing in rows],
    )


def _tables() -> str:
    models = [getattr(tables, name) for name in tables.__all__ if name != "METADATA"]
    rows = [(f"`{table_of(model).name}`", " ".join(model.__doc__.split())) for model in models]
    return _grid(("table", "one row is"), rows)


def _facts() -> str:
    known = capabilities.as_json()
    head = ("", *(f"{fact['provider']} {fact['api']}".strip() for fact in known))
    rows = [(words, *(_value(fact[name]) for fact in known)) for name, words in FACTS.items()]
    return _grid(head, rows)


def _patience() -> str:
    policies = {name: tasks_of(name).POLICY for name in providers.names()}
    rows = [
        (words, *(say_duration(getattr(policy, name)) for policy in policies.values()))
        for name, words in _PATIENCE.items()
    ]
    return _grid(("", *policies), rows)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " ".join(map(str, value))  # pyright: ignore[reportUnknownArgumentType]
    return "no" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _machine(machine: Mapping[_State, frozenset[_State]]) -> str:
    rows = [
        (f"`{state}`", ", ".join(f"`{one}`" for one in type(state) if one in nexts) or "nothing")
        for state, nexts in machine.items()
    ]
    return _grid(("state", "may become"), rows)


def _grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
