import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import providers
from outdial.capabilities import markdown
from outdial.cli import VERBS
from tests.outdial.command import outdial, program

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself_with_an_example(verb: str) -> None:
    ran = outdial(verb, "--help")

    assert ran.code == 0
    assert re.search(rf"Examples?:\s+(\w+=\S+ )*outdial {verb}\b", ran.out), ran.out
    assert "--database-url" in ran.out


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_a_module_of_its_name(verb: str) -> None:
    assert import_module(f"outdial.verbs.{verb}").command.help


def test_help_lists_the_verbs_without_loading_any() -> None:
    source = (
        "import sys; from outdial.cli import cli; cli(['--help'], standalone_mode=False);"
        " print([name for name in ('prefect', 'pyarrow', 'simulator') if name in sys.modules])"
    )
    said = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True
    ).stdout

    assert all(verb in said for verb in VERBS)
    assert said.endswith("[]\n")


@pytest.mark.parametrize("verb", ["check", "status", "export", "report", "providers"])
def test_a_verb_that_runs_no_flow_does_not_wait_for_prefect(verb: str) -> None:
    source = f"import sys, outdial.verbs.{verb}; print('prefect' in sys.modules)"
    said = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True
    ).stdout

    assert said == "False\n"


def test_the_version_is_that_of_the_package() -> None:
    ran = program("--version")

    assert (ran.code, ran.out.split()[0]) == (0, "outdial,")


def test_the_table_of_providers_has_every_api_of_each() -> None:
    table = outdial("providers").out
    facts = outdial("providers", "--json").out

    for name in providers.names():
        for variant in providers.adapter(name).variants():
            assert f"{name} {variant}".strip() in table
        assert f'"provider": "{name}"' in facts


def test_the_table_for_the_readme_is_markdown() -> None:
    lines = markdown().splitlines()

    assert len({line.count("|") for line in lines}) == 1
    assert set(lines[1]) <= set("| -:")
    assert outdial("providers", "--markdown").out == markdown() + "\n"


@pytest.mark.parametrize("example", sorted(path.name for path in EXAMPLES.glob("*.yaml")))
def test_every_example_passes_its_check(example: str) -> None:
    ran = outdial("check", EXAMPLES / example, "--offline")

    assert (ran.code, ran.err) == (0, "")
    assert "40: 40 to be called" in ran.out


def test_there_is_an_example_for_every_provider() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.yaml")} >= set(providers.names())


def test_an_error_of_ours_is_told_without_numbers_and_costs_exit_code_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(_path: Path) -> None:
        raise RuntimeError("cannot call +13125550101")

    monkeypatch.setattr(import_module("outdial.verbs.check"), "load", broken)

    ran = outdial("check", "c.yaml")

    assert ran.code == 1
    assert ran.err == (
        "outdial has failed (RuntimeError: cannot call …01). `outdial --debug ...` shows where.\n"
    )
