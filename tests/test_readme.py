"""What a newcomer reads and types, done as it stands there."""

import csv
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import click
import pytest
import yaml
from sqlalchemy import text

from outdial.cli import VERBS, cli
from simulator.people import People
from simulator.server import RunningSimulator, start_in_thread
from simulator.settings import SimulatorSettings
from store.ledger import Ledger
from tests.documents.generated import missing_verbs
from tests.documents.pages import ROOT, Page

README = Page("README.md")
PAGES = sorted(
    str(path.relative_to(ROOT))
    for path in (ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("deployments/*.md"))
)
SERVERS = ("prefect server start", "prefect worker start")
"""They run on until they are stopped: of these only the options are proved."""
PATIENCE_SECONDS = 240


def commands(page: Page, heading: str | None = None) -> Iterator[str]:
    """Yield what is typed in the blocks of a page, or of those under one heading."""
    for block in page.blocks("console"):
        if heading in {None, block.heading}:
            yield from re.findall(r"^\s*\$ (.+)$", block.text, re.MULTILINE)


def block(language: str, heading: str) -> str:
    """The one block in a language under a heading."""
    [found] = [one.text for one in README.blocks(language) if one.heading == heading]
    return found


def typed(lines: Iterator[str], folder: Path) -> str:
    """Type lines into one shell, which stops at the first that fails; returns what it prints."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash")
    programs = str(Path(sys.executable).parent)
    done = subprocess.run(
        [bash, "-euo", "pipefail", "-c", "\n".join(lines)],
        check=False,
        cwd=folder,
        env={**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def simulator(monkeypatch: pytest.MonkeyPatch) -> Generator[RunningSimulator]:
    """Vogent's API with people who pick up, at the place that the environment names."""
    settings = SimulatorSettings(speed=200, people=People(mode="script"))
    with start_in_thread(settings) as running:
        monkeypatch.setenv("VOGENT_BASE_URL", running.base_urls["vogent"])
        yield running


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the newcomer works; the ledger is there, too."""
    monkeypatch.setenv("OUTDIAL_DATABASE_URL", f"sqlite:///{tmp_path / 'ledger.db'}")
    return tmp_path


def hurried(campaign: str) -> str:
    """The campaign file as it is, but for waits: neither for the morning nor for seconds."""
    said = yaml.safe_load(campaign)
    said["policy"]["calling_windows"] = "any_hour"
    said["polling"] = {"min": "100ms", "max": "300ms", "settle": "2s"}
    return yaml.safe_dump(said)


@pytest.mark.long
def test_the_first_campaign_goes_as_it_is_told(
    folder: Path, simulator: RunningSimulator, prefect_api: str
) -> None:
    heading = "A first campaign"
    people, campaign = block("csv", heading), block("yaml", heading)
    (folder / "people.csv").write_text(people)
    (folder / "first-campaign.yaml").write_text(hurried(campaign))
    lines = list(commands(README, heading))
    assert len(lines) == 5, "it is promised in five lines"

    said = typed(iter(line.replace("KEY=...", "KEY=test-key") for line in lines), folder)

    listed = [row["phone_number"] for row in csv.DictReader(people.splitlines())]
    rung = [ring.row()["number"] for ring in simulator.stage.world.ledger.rings]
    assert sorted(rung) == sorted(listed)
    assert "vogent works" in said
    assert "first-campaign is completed" in said
    with (folder / "calls.csv").open() as file:
        called = list(csv.DictReader(file))
    assert sorted(row["phone_number"] for row in called) == sorted(listed)
    assert {row["outcome"] for row in called} == {"answered"}
    with Ledger.open() as ledger, ledger.reading() as db:
        answers = [db.execute(text(query)).all() for query in queries()]
    assert [len(rows) for rows in answers] == [2, 1, 1]


def queries() -> list[str]:
    found = [one.text for one in README.blocks("sql")]
    assert len(found) == 3
    return found


def test_the_queries_are_understood_by_postgresql_too(postgres_database_url: str) -> None:
    with Ledger.open(postgres_database_url) as ledger, ledger.reading() as db:
        for query in queries():
            assert db.execute(text(query)).all() == []


@pytest.mark.long
def test_deployments_and_the_api_call_go_as_they_are_told(prefect_api: str) -> None:
    if shutil.which("curl") is None:
        pytest.skip("there is no curl")
    told = list(commands(README, "Three ways in"))
    lines = [line.replace("http://127.0.0.1:4200/api", prefect_api) for line in told]
    assert lines != told
    lasting = [line for line in lines if line.startswith(SERVERS)]
    assert len(lasting) == len(SERVERS)
    typed((f"{line} --help" for line in lasting), ROOT)
    *others, trigger = [line for line in lines if line not in lasting]

    words = shlex.split(trigger)
    sent = json.loads(words[words.index("-d") + 1])

    said = typed(iter([*others, trigger, "echo", trigger]), ROOT)

    runs = [json.loads(line) for line in said.splitlines() if line.startswith('{"id"')]
    assert [run["state_name"] for run in runs] == ["Scheduled", "Scheduled"]
    assert runs[0]["id"] == runs[1]["id"]
    assert runs[0]["parameters"] == sent["parameters"]


def test_the_two_commands_are_there() -> None:
    lines = list(commands(README, "Try it"))

    assert lines == ["make demo", "make test"]
    typed((f"{line} --dry-run" for line in lines), ROOT)


@pytest.mark.parametrize("name", PAGES)
def test_every_outdial_command_that_is_shown_is_understood(name: str) -> None:
    for line in commands(Page(name)):
        found = re.search(r"(?:^| exec worker )(outdial .*)", line)
        if found:
            parse(cli, shlex.split(found[1], comments=True))


def parse(command: click.Command, words: list[str], above: click.Context | None = None) -> None:
    """Read a command line as click does, and run nothing. Raises `click.UsageError`."""
    name, rest = words[0], words[1:]
    stop = {"&", "&&", "|", ">"}
    rest = rest[: next((at for at, word in enumerate(rest) if word in stop), len(rest))]
    if isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        context = click.Context(command, parent=above, info_name=name)
        inner = command.get_command(context, rest[0])
        assert inner is not None, rest[0]
        parse(inner, rest, context)
        return
    command.make_context(name, rest, parent=above)


@pytest.mark.parametrize("name", PAGES)
def test_every_verb_that_is_named_exists_or_is_said_to_be_missing(name: str) -> None:
    named = set(re.findall(r"`outdial ([a-z]+)", Page(name).text))

    assert named - set(missing_verbs()) <= set(VERBS)
