"""`outdial check` says what a campaign does about consent, as `outdial plan` would count it."""

import json
from pathlib import Path

import pytest

from tests.outdial.command import outdial

CAMPAIGN = """\
name: spring
provider: vogent
agent: {agent_id: 0d6f7a52-4b0c-4f6e-9a53-2b1d8c7e6f10}
from_numbers: [9a4be2b7-7c1d-4f0a-8a2e-5d3c6b7a8f90]
"""
PEOPLE = """\
phone_number,agreed
+13125550101,written
+13125550102,express
+13125550103,
+447700900001,none
12,written
"""
WITH = "recipients: {source: people.csv, country: US, consent: agreed}\n"
WITHOUT = "recipients: {source: people.csv, country: US}\n"
SAID = {
    "some lack it": (WITH, "in column 'agreed'; asked of ", " are not called for lack of it"),
    "no column": (WITHOUT, "the list has no column for it; asked of 4 of 4", "and answer for the"),
    "nobody is asked": (
        f"{WITHOUT}policy: {{require_consent: never}}\n",
        "nobody is asked for it",
        "you answer for the list",
    ),
    "the union of rules": (
        f"{WITH}policy: {{require_consent: always}}\n",
        "in column 'agreed'; asked of 4 of 4 people",
        " are not called for lack of it",
    ),
}


def write(folder: Path, more: str) -> None:
    (folder / "c.yaml").write_text(CAMPAIGN + more)
    (folder / "people.csv").write_text(PEOPLE)


@pytest.mark.parametrize("name", SAID)
def test_check_says_in_a_line_what_the_campaign_does_about_consent(
    name: str, tmp_path: Path
) -> None:
    more, begins, ends = SAID[name]
    write(tmp_path, more)

    ran = outdial("check", "c.yaml", "--offline")

    (line,) = [line for line in ran.out.splitlines() if line.startswith("  consent")]
    assert line.partition("consent")[2].strip().startswith(begins)
    assert ends in line


@pytest.mark.parametrize("name", SAID)
def test_it_counts_as_the_plan_does(name: str, tmp_path: Path) -> None:
    write(tmp_path, SAID[name][0])

    checked = json.loads(outdial("check", "c.yaml", "--offline", "--json").out)
    planned = json.loads(outdial("plan", "c.yaml", "--json").out)

    lacking = [line["people"] for line in planned["reasons"] if line["kind"] == "consent"]
    assert checked["consent"]["blocked"] == sum(lacking)
    assert bool(lacking) == (name != "nobody is asked")


def test_where_no_rule_asks_nothing_is_said(tmp_path: Path) -> None:
    write(tmp_path, f"{WITHOUT}policy: {{calling_windows: any_hour}}\n")

    assert "consent" not in outdial("check", "c.yaml", "--offline").out
