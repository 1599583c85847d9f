"""What people get wrong, and what they are told: place, value, remedy, exit code 2."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from simulator.server import start_in_thread
from tests.outdial.command import Ran, outdial, program

CAMPAIGN = """\
name: spring
provider: vogent
agent: {agent_id: 0d6f7a52}
from_numbers: [9a4be2b7]
recipients: {source: people.csv, country: US}
variables: {who: "{first_name}"}
"""
PEOPLE = "first_name,phone_number\nAda,+13125550101\n"
KEY = {"VOGENT_API_KEY": "test-key"}


@dataclass(frozen=True)
class Case:
    """One mistake and what must be said of it."""

    name: str
    said: str
    """The line on stderr, from its beginning."""
    remedy: str
    change: tuple[str, str] = ("", "")
    """What is replaced in the campaign file."""
    campaign: str | bytes | None = None
    """The whole campaign file instead."""
    people: str | bytes = PEOPLE
    source: str = "people.csv"
    arguments: tuple[str, ...] = ("check", "c.yaml", "--offline")
    env: Mapping[str, str] = field(default_factory=dict[str, str])


def append(line: str) -> tuple[str, str]:
    return '"{first_name}"}\n', f'"{{first_name}}"}}\n{line}\n'


def split(*shares: str) -> tuple[str, str]:
    return "provider: vogent\n", f"provider: [{', '.join(shares)}]\n"


CAMPAIGN_FILES = [
    Case("no file", "autumn: there is no such campaign file.", "Check the path.",
         arguments=("check", "autumn")),
    Case("a file nearly of that name", "c.yml: there is no such campaign file.",
         "Was 'c.yaml' meant?", arguments=("check", "c.yml")),
    Case("a folder", ".: this is a folder.", "Name the campaign file in it.",
         arguments=("check", ".")),
    Case("an empty file", "c.yaml:1:1: the file is empty.", "", campaign=""),
    Case("another encoding", "c.yaml:1: byte 0xfc is not UTF-8.", "Save the file as UTF-8.",
         campaign="name: frühling\n".encode("latin-1")),
    Case("the list in its place", "c.yaml: the file is far too large for a campaign file.",
         "Is it the list of people?", campaign=PEOPLE * 50_000),
    Case("a tab", "c.yaml:3:1: a tab stands where YAML wants blanks (got 'agent_id: x').",
         "Indent with blanks.", campaign="name: x\nagent:\n\tagent_id: x\n"),
    Case("an unquoted template", "c.yaml:6:18: variables.who must be text (got '{first_name}').",
         'Put a text with braces in quotes: "{first_name}".',
         change=('"{first_name}"', "{first_name}")),
    Case("a misspelt key", "c.yaml:3:9: there is no key 'agent.agentid' (got 'agentid').",
         "Was 'agent_id' meant?", change=("agent_id", "agentid")),
    Case("a key on the wrong level",
         "c.yaml:1:1: there is no key 'max_attempts' (got 'max_attempts').",
         "It belongs in policy.max_attempts.",
         change=("name: spring", "max_attempts: 3\nname: spring")),
    Case("a key twice", "c.yaml:2:1: 'name' is here twice (first on line 1).",
         "Remove one of them.", change=("name: spring", "name: spring\nname: autumn")),
    Case("a missing key", "c.yaml:1:1: recipients is missing.",
         "Add `recipients: {source: people.csv, phone: phone_number}`.",
         change=("recipients: {source: people.csv, country: US}\n", "")),
    Case("a name with blanks", "c.yaml:1:7: the campaign's name is 2 to 64 small letters,",
         "Write it as spring-renewals.", change=("spring", "Spring Renewals")),
    Case("a number for text", "c.yaml:4:16: from_numbers[0] must be text (got '13125550100').",
         "Put it in quotes.", change=("9a4be2b7", "13125550100")),
    Case("text for a number",
         "c.yaml:7:23: limits.concurrency must be a whole number (got 'many').",
         "Write digits only, such as 20.",
         change=append("limits: {concurrency: many}")),
    Case("a number out of bounds", "c.yaml:7:22: limits.batch_size must be at least 1 (got '0').",
         "Raise it.", change=append("limits: {batch_size: 0}")),
    Case("a budget below zero", "c.yaml:7:22: limits.budget_usd must be above 0 (got '-5').",
         "Raise it.", change=append("limits: {budget_usd: -5}")),
    Case("a price in words",
         "c.yaml:7:44: limits.cost_per_call_usd must be an amount (got 'cheap').",
         "such as 250.00",
         change=append("limits: {budget_usd: 5, cost_per_call_usd: cheap}")),
    Case("a budget that nothing is counted against",
         "c.yaml:7:22: vogent does not tell what a call costs (got '250').",
         "Add what you reckon with, such as `cost_per_call_usd: 0.15`.",
         change=append("limits: {budget_usd: 250}")),
    Case("a failure rate in per cent",
         "c.yaml:7:28: limits.max_failure_rate must be at most 1.0 (got '30').", "Lower it.",
         change=append("limits: {max_failure_rate: 30}")),
    Case("a canary wave of nobody",
         "c.yaml:7:25: policy.canary.size must be at least 1 (got '0').", "Raise it.",
         change=append("policy: {canary: {size: 0}}")),
    Case("a canary wave that may fail more than always",
         "c.yaml:7:46: policy.canary.max_failure_rate must be at most 1.0 (got '20').", "Lower it.",
         change=append("policy: {canary: {size: 5, max_failure_rate: 20}}")),
    Case("failover to nobody", "c.yaml:2:11: provider: failover needs a split", "",
         change=append("policy: {failover: true}")),
    Case("failover that is neither yes nor no",
         "c.yaml:7:20: policy.failover must be true or false (got 'sometimes').", "without quotes",
         change=append("policy: {failover: sometimes}")),
    Case("a time without unit", "c.yaml:7:19: policy.min_gap: a length of time needs a unit",
         "such as 30s", change=append("policy: {min_gap: 30}")),
    Case("an unknown outcome", "c.yaml:7:21: policy.retry_on[0] must be one of answered,",
         "Was 'no_answer' meant?",
         change=append("policy: {retry_on: [noanswer]}")),
    Case("an instant without offset",
         "c.yaml:7:22: policy.expires_at must be an instant with its offset from UTC",
         "2026-11-30T18:00:00-05:00",
         change=append("policy: {expires_at: 2026-11-30T18:00:00}")),
    Case("hours that are no hours",
         "c.yaml:7:45: policy.calling_windows.default.hours: hours are written 09:00-20:00",
         "parted by ;", change=append("policy: {calling_windows: {default: {hours: 9-5}}}")),
    Case("a country in words", "c.yaml:5:43: a country is two capital letters (got 'usa').",
         "Write its ISO 3166 code, such as US or GB.", change=("US", "usa")),
    Case("an unknown provider", "c.yaml:2:11: there is no provider 'vogant' (got 'vogant').",
         "Was 'vogent' meant?", change=("vogent", "vogant")),
    Case("shares that do not add up",
         "c.yaml:2:11: provider: the shares of the split must add up to 1", "",
         change=split("{provider: vogent, share: 0.5}")),
    Case("a provider twice", "c.yaml:2:11: provider: a provider appears twice in the split", "",
         change=split("{provider: vogent, share: 0.5}", "{provider: vogent, share: 0.5}")),
    Case("an agent block of another provider",
         "c.yaml:3:9: there is no key 'agent.agent_id' (got 'agent_id').", "Known here: api,",
         change=("vogent", "vapi")),
    Case("no agent block", "c.yaml:2:11: vogent needs an agent block (got 'vogent').",
         "Add `agent: {agent_id: ...}`.", change=("agent: {agent_id: 0d6f7a52}\n", "")),
    Case("what the provider cannot say",
         "c.yaml:3:1: happyrobot: HappyRobot calls from a number by its id",
         "id of 24 characters", change=("provider: vogent\nagent: {agent_id: 0d6f7a52}",
         "provider: happyrobot\nagent: {use_case_id: 665f1c2a9b8d7e6f5a4b3c2d}")),
    Case("a key in the file",
         "c.yaml:3:29: a key or password has no place in a campaign file (agent.api_key).",
         "Set <PROVIDER>_API_KEY in the environment and remove it here.",
         change=("0d6f7a52", "0d6f7a52, api_key: sk-sesame")),
    Case("a caller number as people write it",
         "c.yaml:4:16: a caller number is written in E.164 (got '312-555-0100').",
         "Write +13125550100.", change=("9a4be2b7", "312-555-0100")),
    Case("a reference to nothing",
         "c.yaml:4:16: the environment variable MY_NUMBER is not set (got 'env:MY_NUMBER').",
         "Set MY_NUMBER.", change=("9a4be2b7", "env:MY_NUMBER")),
    Case("a broken template",
         "c.yaml:6:19: a brace has no partner (got '{first_name').", "Write a column as",
         change=("{first_name}", "{first_name")),
    Case("a template over a column that is not there",
         "c.yaml:6:18: people.csv has no column 'frist_name' (got '\"{frist_name}\"').",
         "Was 'first_name' meant?", change=("first_name", "frist_name")),
    Case("a phone column that is not there",
         "c.yaml:5:41: people.csv has no column 'phone' (got 'phone').",
         "Was 'phone_number' meant?",
         change=("people.csv,", "people.csv, phone: phone,")),
]  # fmt: skip

LISTS = [
    Case("no list", "c.yaml:5:22: there is no list poeple.csv (got 'poeple.csv').",
         "Was 'people.csv' meant?", change=("people.csv", "poeple.csv")),
    Case("a list of an unknown kind", "c.yaml:5:22: a list of the kind '.xls' cannot be read",
         "Known are .csv,", change=("people.csv", "people.xls"), source="people.xls"),
    Case("an empty list", "people.csv:1: the list is empty.", "Is it the right file?", people=""),
    Case("a list without a header", "c.yaml:6:18: people.csv has no column 'first_name'",
         "Its first row looks like a person", people="Ada,+13125550101\n"),
    Case("two columns of one name", "people.csv:1:3: two columns are called 'first_name'.",
         "Rename one of them.", people="first_name,phone_number,first_name\n"),
    Case("a quote without end", "people.csv:3: a quote is opened and not closed",
         "Look at the quotes from line 3 on.", people=f'{PEOPLE}"Grace,+13125550102\n'),
    Case("bytes of no encoding", "people.csv:3: byte 0x81 on line 3 is neither UTF-8 nor",
         "Save the list as UTF-8.", people=PEOPLE.encode() + b"\x81,1\n"),
    Case("a line without end", "people.csv:3: a line is longer than", "Is this a CSV file?",
         people=PEOPLE + "x" * 2_000_000),
    Case("a workbook that is none", "c.yaml:5:22: this is no .xlsx workbook", "Save it anew",
         change=("people.csv", "people.xlsx"), source="people.xlsx"),
    Case("Parquet that is none", "c.yaml:5:22: this is no Parquet file", "Export it anew.",
         change=("people.csv", "people.parquet"), source="people.parquet"),
    Case("JSON Lines that are none", "people.jsonl:1: no line holds a JSON object.",
         'Write {"phone_number": "..."}, one a line.',
         change=("people.csv", "people.jsonl"), source="people.jsonl"),
    Case("a query on a file", "c.yaml:5:41: the source is no database URL", "SQLAlchemy URL",
         change=("people.csv,", "people.csv, query: 'SELECT 1',")),
    Case("a database URL without a query", "c.yaml:5:22: the source is a database URL",
         "Add `query: SELECT ...` to recipients.",
         change=("people.csv", "'sqlite:///customers.db'")),
    Case("nobody who can be called", "people.csv:2:2: phone_number: it is an emergency or other",
         "", people="first_name,phone_number\nAda,+1312\n"),
]  # fmt: skip

RUN = ("run", "c.yaml")
SETTINGS = [
    Case("no key", "VOGENT_API_KEY: the key is missing.", "Set VOGENT_API_KEY in the environment.",
         arguments=RUN),
    Case("an empty key", "VOGENT_API_KEY: the key is missing.", "Set VOGENT_API_KEY",
         arguments=RUN, env={"VOGENT_API_KEY": " "}),
    Case("a key in quotes", "VOGENT_API_KEY: the key is in quotes.", "Set it without them.",
         arguments=RUN, env={"VOGENT_API_KEY": '"sesame"'}),
    Case("a key with its header", "VOGENT_API_KEY: the key begins with 'Bearer'.",
         "Set the key alone.", arguments=RUN, env={"VOGENT_API_KEY": "Bearer sesame"}),
    Case("a key with a line break", "VOGENT_API_KEY: the key holds a blank or a strange character.",
         "Copy it anew.", arguments=RUN, env={"VOGENT_API_KEY": "ses\name"}),
    Case("plain http", "VOGENT_BASE_URL: plain http would show the key to everyone",
         "Write https://.", arguments=RUN,
         env={**KEY, "VOGENT_BASE_URL": "http://api.vogent.example/api"}),
    Case("no URL", "VOGENT_BASE_URL: this is not a URL (got 'api.vogent.example').",
         "Write https://host/path.", arguments=RUN,
         env={**KEY, "VOGENT_BASE_URL": "api.vogent.example"}),
    Case("a URL with a password", "VOGENT_BASE_URL: the URL holds a user or password.",
         "Remove it.", arguments=RUN, env={**KEY, "VOGENT_BASE_URL": "https://a:sesame@b.example"}),
    Case("a URL with a query", "VOGENT_BASE_URL: the URL has a query or fragment.",
         "End it with the path.", arguments=RUN,
         env={**KEY, "VOGENT_BASE_URL": "https://b.example/?a=b"}),
    Case("real telephones without a yes", "this would dial real telephones through vogent.",
         "Add --yes if you mean it.", arguments=RUN, env=KEY),
    Case("no database URL", "The database URL cannot be read; write sqlite:////path/outdial.db",
         "postgresql://", arguments=("status",), env={"OUTDIAL_DATABASE_URL": "ledger"}),
    Case("a kind of database that will not do", "The ledger cannot be kept in 'mysql'",
         "use a sqlite:/// or postgresql:// URL", arguments=("status",),
         env={"OUTDIAL_DATABASE_URL": "mysql://ada:sesame@h/d"}),
    Case("a database server that is silent", "The PostgreSQL ledger 127.0.0.1/d cannot be opened",
         "Check OUTDIAL_DATABASE_URL", arguments=("status",),
         env={"OUTDIAL_DATABASE_URL": "postgresql://ada:sesame@127.0.0.1:1/d"}),
    Case("a database that is something else", "", "choose another file by OUTDIAL_DATABASE_URL",
         arguments=("status", "--database-url", "sqlite:///people.csv")),
]  # fmt: skip

# Prefect reads its settings once in the life of a process, so this needs one of its own.
SILENT_PREFECT = Case(
    "a Prefect server that is silent", "PREFECT_API_URL: no Prefect server answers there",
    "Start it by `prefect server start`", arguments=RUN,
    env={**KEY, "VOGENT_BASE_URL": "http://127.0.0.1:9", "PREFECT_API_URL": "http://127.0.0.1:9/api"},
)  # fmt: skip

ARGUMENTS = [
    Case("no such verb", "", "No such command 'chekc'.", arguments=("chekc",)),
    Case("no file", "", "Missing argument 'FILE'.", arguments=("run",)),
    Case("no such option", "", "No such option", arguments=("run", "c.yaml", "--force")),
    Case("no such campaign", "there is no such campaign in this ledger (got 'autumn').",
         "`outdial status` lists the campaigns that there are.", arguments=("status", "autumn")),
    Case("nothing to export", "there is no such campaign in this ledger (got 'autumn').",
         "`outdial status` lists", arguments=("export", "autumn", "--output", "calls.csv")),
    Case("an unknown format", "", "'xlsx' is not one of 'csv', 'jsonl', 'parquet'",
         arguments=("export", "autumn", "--format", "xlsx")),
    Case("an unknown provider", "", "'vogant' is not one of",
         arguments=("providers", "check", "vogant")),
    Case("no key at all", "No key is set.", "BLAND_API_KEY", arguments=("providers", "check")),
    Case("a port that is none", "", "99999 is not in the range",
         arguments=("simulate", "--port", "99999")),
    Case("an unknown mix", "", "'storm' is not one of", arguments=("simulate", "--mix", "storm")),
    Case("no faults file", "storm: there is no such faults file.", "Check the path.",
         arguments=("simulate", "--faults", "storm")),
    Case("a wrong faults file", "c.yaml:1:1: there is no key 'name' (got 'name').",
         "Known here: seed, mixes, rules.", arguments=("simulate", "--faults", "c.yaml")),
]  # fmt: skip

CASES = [*CAMPAIGN_FILES, *LISTS, *SETTINGS, *ARGUMENTS]


def prepare(case: Case, folder: Path) -> None:
    old, new = case.change
    assert not old or old in CAMPAIGN, case.name
    campaign = CAMPAIGN.replace(old, new, 1) if case.campaign is None else case.campaign
    files = {"c.yaml": campaign, "people.csv": PEOPLE, case.source: case.people}
    for name, content in files.items():
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)


def judge(case: Case, ran: Ran) -> None:
    lines = [line for line in ran.err.splitlines() if case.remedy in line]

    assert ran.code == 2, ran
    assert any(line.startswith(case.said) for line in lines), ran.err
    assert "Traceback" not in ran.err
    assert "sesame" not in ran.err + ran.out


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_mistake_is_told_with_place_value_and_remedy(case: Case, tmp_path: Path) -> None:
    prepare(case, tmp_path)

    judge(case, outdial(*case.arguments, env=case.env))


INSTALLED = [CAMPAIGN_FILES[8], SETTINGS[0], ARGUMENTS[3], SILENT_PREFECT]


@pytest.mark.parametrize("case", INSTALLED, ids=[case.name for case in INSTALLED])
def test_the_installed_program_says_the_same(case: Case, tmp_path: Path) -> None:
    prepare(case, tmp_path)

    judge(case, program(*case.arguments, env=case.env))


def test_every_fault_is_told_at_once_also_those_of_the_list(tmp_path: Path) -> None:
    text = CAMPAIGN.replace("vogent", "vogant").replace("{first_name}", "{nmae}")
    (tmp_path / "c.yaml").write_text(text.replace("9a4be2b7", "env:MY_NUMBER"))
    (tmp_path / "people.csv").write_text(PEOPLE)

    ran = outdial("check", "c.yaml")

    assert [line.split(" ")[0] for line in ran.err.splitlines()] == [
        "c.yaml:2:11:",
        "c.yaml:4:16:",
        "c.yaml:6:18:",
    ]


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        ran = outdial("simulate", "--port", str(server.getsockname()[1]))

    assert ran.code == 2
    assert "Choose another by --port" in ran.err


def test_a_file_that_cannot_be_written_is_told_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CAMPAIGN)

    ran = outdial("export", "autumn", "--output", str(tmp_path / "no" / "calls.csv"))

    assert ran.code == 2


def test_a_key_that_the_provider_refuses_is_told(tmp_path: Path) -> None:
    prepare(CASES[0], tmp_path)
    with start_in_thread() as simulator:
        env = {"VOGENT_BASE_URL": simulator.base_urls["vogent"], "VOGENT_API_KEY": "wrong"}

        ran = outdial("check", "c.yaml", env=env)

    assert ran.code == 2
    assert "vogent refused" in ran.out
    assert "Set the right key" in ran.out


def test_a_provider_that_cannot_be_reached_is_no_fault_of_the_file(tmp_path: Path) -> None:
    prepare(CASES[0], tmp_path)

    ran = outdial("check", "c.yaml", env={**KEY, "VOGENT_BASE_URL": "http://127.0.0.1:9"})

    assert ran.code == 1
    assert "vogent unreachable" in ran.out


def test_debug_shows_where_an_error_comes_from(tmp_path: Path) -> None:
    ran = program("--debug", "check", str(tmp_path / "nope.yaml"))

    assert "Traceback" in ran.err
    assert "BadInput" in ran.err


def test_a_wrong_row_is_told_and_costs_nobody_else_the_call(tmp_path: Path) -> None:
    prepare(CASES[0], tmp_path)
    (tmp_path / "people.csv").write_text(f"{PEOPLE}Grace,12\n,+13125550103\n")

    ran = outdial("check", "c.yaml", "--offline")

    assert ran.code == 1
    assert "3: 1 to be called, 2 wrong" in ran.out
    assert "people.csv:3:2: phone_number: it has too few" in ran.err
    assert "people.csv:4:1: first_name: it is empty" in ran.err
    assert "+13125550101" not in ran.out
