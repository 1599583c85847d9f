"""What the documentation says is so; tests/test_readme.py looks after the README's commands."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

import providers
from campaign.document import read_campaign
from campaign.spec import CampaignSpec, Canary
from providers.port import Capabilities
from tests.documents.generated import (
    FACTS,
    NOT_BUILT,
    PAGES,
    agent_reference,
    examples,
    file_reference,
    parts,
)
from tests.documents.pages import ROOT, Page

PACKAGES = ("flows", "outdial", "providers", "store", "tasks", "campaign")
WITH_LINKS = sorted(
    str(path.relative_to(ROOT))
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("deployments/*.md"))
)
LEAST: Mapping[str, Any] = {
    "name": "an-example",
    "provider": "vogent",
    "agent": {"agent_id": "0d6f7a52-6b0e-4b61-9d3a-5c1f0a7b9e11"},
    "recipients": {"source": "people.csv"},
}
"""What a piece of a campaign file needs besides, to be a whole one."""
FICTIONAL = re.compile(r"\+1[2-9]\d\d55501\d\d|\+447700900\d{3}")
NUMBER = re.compile(r"\+\d{8,15}")


MARKED = [(name, part) for name in PAGES for part in Page(name).parts()]


@pytest.mark.parametrize("page,part", MARKED)
def test_what_is_made_from_the_code_is_fresh(page: str, part: str) -> None:
    fresh = parts()[part]()

    assert Page(page).parts()[part] == fresh, (
        f"{page} is stale: run `python -m tests.documents`, or paste this:\n\n{fresh}\n"
    )


def test_every_part_that_can_be_made_is_on_a_page() -> None:
    assert {part for _, part in MARKED} == set(parts())


@pytest.mark.parametrize("text", examples(), ids=lambda text: text.split("\n", 1)[0])
def test_every_example_on_the_page_of_the_campaign_file_is_right(text: str) -> None:
    whole = {**LEAST, **yaml.safe_load(text)}

    spec = read_campaign(yaml.safe_dump(whole))

    for share in spec.shares:
        providers.adapter(share.provider).Agent.model_validate(share.agent)


def test_every_key_of_the_campaign_file_has_an_example() -> None:
    assert file_reference().lacking() == []


@pytest.mark.parametrize("name", providers.names())
def test_every_key_of_an_agent_block_has_an_example(name: str) -> None:
    assert agent_reference(name).lacking() == []


@cache
def sources() -> str:
    """All of our code that could act on a campaign file, but for the model itself."""
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    model = ROOT / "campaign" / "spec"
    return "\n".join(path.read_text() for path in files if model not in path.parents)


def test_the_keys_that_nothing_acts_on_are_the_ones_that_the_page_says_have_no_effect() -> None:
    keys = [
        f"{model.__name__}.{name}"
        for model, _ in file_reference().models()
        for name in model.model_fields
        # The top is all read, and of a block that nothing reads only the block is told of.
        if model not in {CampaignSpec, Canary}
    ]

    unread = {key for key in keys if not re.search(rf"\.{key.split('.')[1]}\b", sources())}

    assert unread == NOT_BUILT


def test_every_fact_that_adapters_state_is_told() -> None:
    assert set(FACTS) == set(Capabilities.__dataclass_fields__)


@pytest.mark.parametrize("name", providers.names())
def test_every_provider_has_a_section_that_tells_what_it_does(name: str) -> None:
    told = Page("docs/providers.md").text.split("\n## ")[1:]
    [section] = [text for text in told if text.split("\n", 1)[0].lower() == name]

    for question in ("Submits", "Guards", "Reconciles", "Collects", "Stops", "Surprises"):
        assert f"**{question}" in section, question


@pytest.mark.parametrize("name", WITH_LINKS)
def test_every_link_between_pages_leads_somewhere(name: str) -> None:
    page = Page(name)

    for link in page.links():
        target = (page.path.parent / link.file).resolve() if link.file else page.path
        assert target.exists(), link
        if link.anchor and target.suffix == ".md":
            assert link.anchor in Page(str(target.relative_to(ROOT))).anchors(), link


@pytest.mark.parametrize("name", WITH_LINKS)
def test_no_page_holds_a_number_that_could_be_somebodys(name: str) -> None:
    found = NUMBER.findall((ROOT / name).read_text("utf-8"))

    assert [number for number in found if not FICTIONAL.fullmatch(number)] == []


def test_pictures_are_small() -> None:
    pictures = [path for path in Path(ROOT, "docs", "images").iterdir() if path.is_file()]

    assert pictures
    assert [path.name for path in pictures if path.stat().st_size >= 300_000] == []
