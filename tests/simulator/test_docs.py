"""What docs/simulator.md says is so."""

import re
from pathlib import Path
from typing import get_args

import pytest
import yaml
from pydantic import BaseModel

from simulator.faults.rules import AnyFault, FaultPlan, mixes
from simulator.people import SCRIPT
from simulator.settings import SimulatorSettings

TEXT = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text("utf-8")
EXAMPLES = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)]
KINDS: tuple[type[BaseModel], ...] = get_args(get_args(AnyFault)[0])


@pytest.mark.parametrize("fault", KINDS, ids=lambda fault: fault.__name__)
def test_every_kind_of_fault_is_told_of_with_all_its_fields(fault: type[BaseModel]) -> None:
    kind: str = fault.model_fields["kind"].default
    [row] = [line for line in TEXT.splitlines() if line.startswith(f"| `{kind}` |")]

    assert [name for name in fault.model_fields if name != "kind" and f"`{name}`" not in row] == []


def test_every_mix_and_every_scripted_ending_is_told_of() -> None:
    assert [name for name in (*mixes(), *SCRIPT) if f"`{name}`" not in TEXT] == []


def test_every_example_can_be_used() -> None:
    settings, faults = EXAMPLES

    assert SimulatorSettings.model_validate(settings).speed == 100
    assert len(FaultPlan.model_validate(faults).rules) == 3


def test_every_switch_that_is_told_of_exists_with_the_default_that_is_told() -> None:
    rows = re.findall(r"^\| (`(?:vogent|bland)\..*?) \| (.*?) \|$", TEXT, re.MULTILINE)
    settings = SimulatorSettings()

    for names, told in rows:
        paths = re.findall(r"`(\w+\.\w+)`", names)
        # A number that several switches share is told once each; a remark may follow.
        for path, values in zip(paths, re.split("; |, (?=100)", told), strict=True):
            provider, name = path.split(".")
            default = getattr(getattr(settings, provider), name)
            first = re.split(r"[,: (]", values.replace("`", ""))[0]
            said = str(default).lower().removesuffix(".0")
            assert first == said, path
