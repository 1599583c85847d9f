"""Every key of `policy` and `limits` has an example, a wrong value that is told, and a line.

The keys are those of the models, so that a new one fails here until it has all three.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from campaign.document import read_campaign
from tests.documents.generated import examples, file_reference
from tests.outdial.command import outdial
from tests.outdial.operator.conftest import Terminal, desk
from tests.outdial.operator.conftest import outdial as terminal
from tests.outdial.test_bad_input import CAMPAIGN_FILES, Case, append, judge, prepare
from tests.store.desk import Desk, number
from tests.test_docs import LEAST

__all__ = ["desk", "terminal"]


def windows(said: str) -> tuple[str, str]:
    return append(f"policy: {{calling_windows: {{{said}}}}}")


def rule(said: str, place: str = "NL", **changed: str) -> tuple[str, str]:
    known = {
        "place": place,
        "windows": "[{days: daily}]",
        "source": "our counsel",
        "as_of": "2026-11-03",
    }
    written = ", ".join(f"{name}: {value}" for name, value in (known | changed).items())
    return windows(f"rules: [{{{written}{', ' if said else ''}{said}}}]")


def blackout(said: str, start: str = "2026-12-24T12:00:00-05:00", **more: str) -> tuple[str, str]:
    end = more.get("end", "2026-12-27T00:00:00-05:00")
    return windows(f"blackouts: [{{start: {start}, end: {end}{said}}}]")


BLOCK, LIST, YES_OR_NO = "`key: value`", "[one, two]", "without quotes"
LENGTH = "30s, 5m, 4h"
W = "policy.calling_windows"
WRONG: Sequence[tuple[str, str, str, tuple[str, str]]] = [
    # key, what is said of it, how it is mended, what is written
    ("policy", "must be a block of keys (got 'often')", BLOCK, append("policy: often")),
    (W, "must be a block of keys (got 'always')", BLOCK,
     append("policy: {calling_windows: always}")),
    ("policy.max_attempts", "must be at least 1 (got '0')", "Raise it.",
     append("policy: {max_attempts: 0}")),
    ("policy.max_attempts", "must be at most 20 (got '21')", "Lower it.",
     append("policy: {max_attempts: 21}")),
    ("policy.min_gap", "a length of time is a number and a unit", LENGTH,
     append("policy: {min_gap: -4h}")),
    ("policy.gap_growth", "must be at least 1.0 (got '0.5')", "Raise it.",
     append("policy: {gap_growth: 0.5}")),
    ("policy.vary_hours", "must be true or false (got 'maybe')", YES_OR_NO,
     append("policy: {vary_hours: maybe}")),
    ("policy.retry_on", "must be a list (got 'busy')", LIST, append("policy: {retry_on: busy}")),
    ("policy.caps", "must be a list (got '3')", LIST, append("policy: {caps: 3}")),
    ("policy.caps[0].calls", "must be at least 1 (got '0')", "Raise it.",
     append("policy: {caps: [{calls: 0, per: 1d}]}")),
    ("policy.caps[0].per", "a length of time must be above zero here", "such as 3m (got '0h')",
     append("policy: {caps: [{calls: 3, per: 0h}]}")),
    ("policy.require_consent", "must be one of rule, always, never (got 'sometimes')",
     "rule, always, never", append("policy: {require_consent: sometimes}")),
    ("policy.canary", "must be a block of keys (got '50')", BLOCK, append("policy: {canary: 50}")),
    ("policy.opt_out.disposition", "must be a list (got 'dnc')", LIST,
     append("policy: {opt_out: {disposition: dnc}}")),
    ("policy.opt_out", "must be a block of keys (got 'dnc')", BLOCK,
     append("policy: {opt_out: dnc}")),
    ("policy.hash_numbers", "must be true or false (got '2')", YES_OR_NO,
     append("policy: {hash_numbers: 2}")),
    (f"{W}.default", "must be a block of keys (got '9-5')", BLOCK, windows("default: 9-5")),
    (f"{W}.default.days", "days are written mon-fri", "daily", windows("default: {days: weekly}")),
    (f"{W}.weekends", "must be a block of keys (got 'none')", BLOCK, windows("weekends: none")),
    (f"{W}.jurisdiction", "a country is written US or GB", "none stands for no rule table",
     windows("jurisdiction: UK")),
    (f"{W}.purpose", "must be one of marketing, informational, debt_collection (got 'market')",
     "Was 'marketing' meant?", windows("purpose: market")),
    (f"{W}.rules", "must be a list (got 'NL')", LIST, windows("rules: NL")),
    (f"{W}.rules[0].place", "a place is a country such as NL", "such as US-WA (got 'US-ZZ')",
     rule("", place="US-ZZ")),
    (f"{W}.rules[0].windows", "is empty (got '[]')", "Write one", rule("", windows="[]")),
    (f"{W}.rules[0].consent", "must be one of none, express, written (got 'verbal')",
     "none, express, written", rule("consent: verbal")),
    (f"{W}.rules[0].caps", "must be a list (got '2')", LIST, rule("caps: 2")),
    (f"{W}.rules[0].holidays", "must be true or false (got 'some')", YES_OR_NO,
     rule("holidays: some")),
    (f"{W}.rules[0].source", "is shorter than 3 characters (got 'me')", "in full",
     rule("", source="me")),
    (f"{W}.rules[0].as_of", "must be a date (got 'last year')", "2026-11-03",
     rule("", as_of="last year")),
    (f"{W}.max_rule_age", "a length of time needs a unit", LENGTH, windows("max_rule_age: 365")),
    (f"{W}.zone_mode", "must be one of number, strict_us (got 'strict')", "Was 'strict_us' meant?",
     windows("zone_mode: strict")),
    (f"{W}.holidays", "must be true or false (got 'christmas')", YES_OR_NO,
     windows("holidays: christmas")),
    (f"{W}.blackouts", "must be a list (got 'christmas')", LIST, windows("blackouts: christmas")),
    (f"{W}.blackouts[0].start", "must be an instant with its offset from UTC", "-05:00",
     blackout("", start="2026-12-24")),
    (f"{W}.blackouts[0].end", "must be an instant with its offset from UTC", "-05:00",
     blackout("", end="2026-12-27T00:00:00")),
    (f"{W}.blackouts[0].reason", "must be text (got '5')", "in quotes", blackout(", reason: 5")),
    (f"{W}.blackouts[0].jurisdiction", "a place is a country such as NL", "(got 'Ohio')",
     blackout(", jurisdiction: Ohio")),
    (f"{W}.margin", "a length of time needs a unit", LENGTH, windows("margin: 5")),
    ("limits", "must be a block of keys (got 'fast')", BLOCK, append("limits: fast")),
    ("limits.call_length", "a length of time must be above zero", "such as 3m (got '0s')",
     append("limits: {call_length: 0s}")),
    ("limits.open_batches", "must be at least 1 (got '0')", "Raise it.",
     append("limits: {open_batches: 0}")),
    ("limits.calls_per_minute", "must be above 0.0 (got '0')", "Raise it.",
     append("limits: {calls_per_minute: 0}")),
    ("limits.max_calls", "must be at least 1 (got '0')", "Raise it.",
     append("limits: {max_calls: 0}")),
    ("limits.start_guard", "a length of time needs a unit", LENGTH,
     append("limits: {start_guard: 600}")),
]  # fmt: skip


KEY = re.compile(r"\b(?:policy|limits)(?:\.\w+|\[\d+\])*")


def keys() -> list[str]:
    """Every key of both blocks in all its places, those of lists with `[]`."""
    found = [
        f"{'.'.join(path)}.{name}".replace(".[]", "[]")
        for model, paths in file_reference().models()
        for path in paths
        if path[:1] in {("policy",), ("limits",)}
        for name in model.model_fields
    ]
    assert len(found) > 50
    return found


def once(found: Sequence[str]) -> set[tuple[str, ...]]:
    """A key of a block that may stand in several places need be shown wrong in one of them."""
    places = {
        model: [".".join(path).replace(".[]", "[]") for path in paths]
        for model, paths in file_reference().models()
    }
    return {
        tuple(f"{place}.{name}" for place in places[model] if f"{place}.{name}" in found)
        for model, _ in file_reference().models()
        for name in model.model_fields
    } - {()}


def without_numbers(key: str) -> str:
    return re.sub(r"\[\d+\]", "[]", key)


def test_every_key_has_an_example_that_check_accepts() -> None:
    documents = [yaml.safe_load(text) for text in examples()]
    for one in documents:
        read_campaign(yaml.safe_dump({**LEAST, **one}))

    shown = {key for one in documents for key in spelled(one)}

    assert [several for several in once(keys()) if not shown & set(several)] == []


def spelled(document: Any, at: str = "") -> list[str]:
    """Every key that a document has."""
    if isinstance(document, dict):
        said = cast("dict[str, Any]", document)
        pairs = [(f"{at}.{name}".lstrip("."), inner) for name, inner in said.items()]
        return [key for name, inner in pairs for key in (name, *spelled(inner, name))]
    if isinstance(document, list):
        items = cast("list[Any]", document)
        return [key for inner in items for key in spelled(inner, f"{at}[]")]
    return []


@pytest.mark.parametrize("key, said, remedy, change", WRONG, ids=[f"{o[0]} {o[1]}" for o in WRONG])
def test_a_wrong_value_is_told_with_place_value_and_remedy(
    key: str, said: str, remedy: str, change: tuple[str, str], tmp_path: Path
) -> None:
    case = Case(key, "", remedy, change=change)
    prepare(case, tmp_path)

    ran = outdial(*case.arguments)

    judge(case, ran)
    (line,) = ran.err.splitlines()
    place, _, words = line.partition(f": {key}")
    assert re.fullmatch(r"c\.yaml:7:\d+", place), line
    assert words.lstrip(": ").startswith(said)
    assert "(got '" in words


def test_every_key_has_a_wrong_value_that_is_told() -> None:
    told = {without_numbers(key) for key, *_ in WRONG}
    told |= {without_numbers(key) for case in CAMPAIGN_FILES for key in KEY.findall(case.said)}

    assert [several for several in once(keys()) if not told & set(several)] == []


CHICAGO = 11200
"""The first number of `number` with its area code."""


@pytest.fixture
def everything() -> dict[str, Any]:
    """The example on the page that says everything."""
    return max((yaml.safe_load(text) for text in examples()), key=lambda one: len(str(one)))


def explained(desk: Desk, terminal: Terminal, **changes: Any) -> tuple[dict[str, Any], str]:
    """What is told of somebody in a campaign, to a program and to a person."""
    desk.campaign(people=1, first=CHICAGO, **changes)
    words = ("explain", "spring", number(CHICAGO))
    return json.loads(terminal.done(*words, "--json")), terminal.done(*words)


def test_every_key_that_a_file_sets_has_a_line_in_explain(
    desk: Desk, terminal: Terminal, everything: dict[str, Any]
) -> None:
    split = [{"provider": "vogent", "share": 0.5}, {"provider": "bland", "share": 0.5}]
    policy = everything["policy"] | {"failover": True}
    said, shown = explained(
        desk, terminal, provider=split, policy=policy, limits=everything["limits"]
    )

    lines = [one["key"] for one in said["asked"]]
    told = {without_numbers(line) for line in lines}
    blocks = {
        key for key in keys() if any(re.match(rf"{re.escape(key)}[.\[]", one) for one in told)
    }
    assert sorted(set(keys()) - told - blocks) == []
    assert all(one["value"] and one["meaning"] for one in said["asked"] if one["key"] in NAMED)
    assert all(line in shown for line in lines)


NAMED = ("policy.min_gap", "policy.gap_growth", "limits.concurrency")


def test_what_asks_for_nothing_has_no_line(desk: Desk, terminal: Terminal) -> None:
    said, shown = explained(desk, terminal)

    told = {one["key"]: one["value"] for one in said["asked"]}
    assert told["policy.max_attempts"] == "1"
    assert told["policy.calling_windows.default.hours"] == "09:00-20:00"
    assert told["limits.call_length"] == "3 min"
    assert not {"policy.canary", "policy.failover", "policy.caps", "limits.budget_usd"} & set(told)
    assert "Between two attempts to one person, at least" in shown


def test_calling_at_any_hour_is_told(desk: Desk, terminal: Terminal) -> None:
    off = {"calling_windows": "any_hour", "min_gap": "0s"}
    said, _ = explained(desk, terminal, policy=off)

    told = {one["key"]: one["value"] for one in said["asked"]}
    assert told["policy.calling_windows"] == "any_hour"
    assert told["policy.min_gap"] == "0 s"
