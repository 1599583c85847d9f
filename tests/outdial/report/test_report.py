"""The page that is shown around, and its figures."""

import json
import os
import stat
from collections.abc import Generator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest

from campaign.calls import Call
from campaign.words import Outcome
from store.ledger import Ledger
from store.recipients import NewRecipient
from tests.outdial.command import outdial
from tests.store.desk import Desk, listed

EVIL = "<script>alert('x')</script> & \"quotes\""
VOID = {"meta", "link", "br", "img"}
VOGENT, VAPI, SKIPPED = 10, 12, 2


class Parsed(HTMLParser):
    """A page as a browser reads it; complains about tags that do not match."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] != ["style"]:
            self.words += data.split()

    @property
    def text(self) -> str:
        return " ".join(self.words)


@pytest.fixture
def desk(database_url: str, surroundings: None) -> Generator[Desk]:
    """A ledger of each kind, which the command line opens."""
    os.environ["OUTDIAL_DATABASE_URL"] = database_url
    with Ledger.open(database_url) as ledger:
        yield Desk(ledger)


def person(n: int) -> NewRecipient:
    return NewRecipient(
        phone_number=f"+131255501{n:02}",
        provider="vogent" if n < VOGENT else "vapi",
        variables={"name": "Ada Lovelace"},
        timezone="America/Chicago",
        region="US",
        source_row=n + 2,
    )


@pytest.fixture
def told(desk: Desk) -> Desk:
    """A campaign over two providers with calls of several kinds, and people not called.

    At Vogent one in ten is answered, at Vapi all; the cost of half of Vapi's is known.
    """
    split = [{"provider": name, "share": 0.5} for name in ("vogent", "vapi")]
    campaign = desk.enroll(provider=split)
    desk.add(campaign.id, [person(n) for n in range(VOGENT + VAPI + SKIPPED)])
    desk.execute("UPDATE campaign SET state = 'running'")
    desk.execute(
        "UPDATE recipient SET state = 'skipped', reason = :said WHERE source_row >= :row",
        said=f"{EVIL} said of {person(23).phone_number}",
        row=VOGENT + VAPI + 2,
    )
    for provider in ("vogent", "vapi"):
        batch = desk.plan(campaign.id, provider=provider)
        assert batch is not None
        desk.submit(batch)
        calls = [
            _called(call, provider, n)
            for n, call in enumerate(desk.calls(batch, Outcome.NO_ANSWER))
        ]
        desk.page(batch, [listed(call) for call in calls])
    return desk


def _called(call: Call, provider: str, n: int) -> Call:
    if provider == "vogent":
        return replace(call, outcome=Outcome.ANSWERED) if n == 0 else call
    cost = Decimal("0.25") if n % 2 else None
    began = call.started_at and call.started_at + timedelta(hours=3)
    return replace(
        call, outcome=Outcome.ANSWERED, cost_usd=cost, duration_seconds=60.0 + n, started_at=began
    )


def page() -> str:
    ran = outdial("report", "spring")
    assert ran.code == 0, ran.err
    return ran.out


def test_the_page_tells_the_funnel_the_outcomes_the_cost_and_the_comparison(told: Desk) -> None:
    text = Parsed(page()).text

    for said in (
        "24 people listed",
        "22 people called",
        "13 people reached, 59 % of those called",
        "22 calls, 59 % answered",
        "$1.50 cost of 6 calls; others are not told",
        "$0.25 per answered call",
        "listed 24 (100 %) called 22 (92 %) picked up 13 (54 %) reached 13 (54 %)",
        "answered 13 59.1 % 12 1",
        "no answer 9 40.9 % 9",
        "vapi was answered more often than vogent: the intervals do not overlap.",
        "07:00: 10 calls, 1 answered",
        "10:00: 12 calls, 12 answered",
        "1 22",
    ):
        assert said in text, said
    assert "vapi 12 12 100.0 % 75.8 to 100.0 %" in text
    assert "vogent 10 1 10.0 % 1.8 to 40.4 %" in text


def test_the_page_names_nobody_and_takes_what_it_shows_for_text(told: Desk) -> None:
    shown = page()
    parsed = Parsed(shown)

    assert "script" not in parsed.tags
    assert f"{EVIL} said of …23" in parsed.text
    assert "Ada" not in shown
    assert "55501" not in shown


def test_the_page_needs_nothing_from_anywhere(told: Desk) -> None:
    parsed = Parsed(page())

    assert {"script", "link", "img", "iframe", "object", "base"}.isdisjoint(parsed.tags)
    assert {"src", "href", "onload", "onclick"}.isdisjoint({name for name, _ in parsed.attributes})
    assert "url(" not in page()
    assert "@import" not in page()
    policy = dict(parsed.attributes)["content"] or ""
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"


def test_what_is_in_doubt_is_told_first(told: Desk) -> None:
    assert "Nothing is in doubt" in Parsed(page()).text
    told.execute("UPDATE submission SET state = 'held' WHERE provider = 'vapi'")

    text = Parsed(page()).text

    assert "vapi may or may not have taken 12 people" in text
    assert text.index("In doubt, or wrong") < text.index("From the list to the line")


def test_a_campaign_that_has_called_nobody_has_a_page(desk: Desk) -> None:
    desk.enroll()

    text = Parsed(page()).text

    assert "No call yet." in text
    assert "0 people listed" in text
    assert "Nobody is listed." in text


def test_intervals_that_overlap_are_told_plainly(told: Desk) -> None:
    told.execute("UPDATE call SET outcome = 'answered' WHERE provider = 'vogent'")

    assert "All intervals overlap: these calls do not tell" in Parsed(page()).text


def test_programs_have_the_same_figures(told: Desk) -> None:
    ran = outdial("report", "spring", "--json")
    said = json.loads(ran.out)

    assert ran.code == 0
    assert said["funnel"] == {"listed": 24, "called": 22, "picked_up": 13, "reached": 13}
    assert (said["calls"], said["answered"], said["priced_calls"]) == (22, 13, 6)
    assert Decimal(said["cost_usd"]) == Decimal("1.5")
    vapi, vogent = said["providers"]
    assert vapi["provider"] == "vapi"
    assert vapi["median_seconds"] == 65.5
    assert vapi["answer_rate_95"] == pytest.approx([0.7575, 1.0], abs=1e-4)
    assert vogent["cost_per_answered_usd"] is None
    assert len(said["comparison"]) == 1
    assert [one["calls"] for one in said["hours"] if one["calls"]] == [10, 12]
    assert said["tries"][1] == {"times": 1, "people": 22, "picked_up": 13, "reached": 13}
    assert person(23).phone_number not in ran.out


def test_a_file_is_its_owners_and_replaces_the_one_before(told: Desk, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text("the one before")

    ran = outdial("report", "spring", "--output", file)

    assert (ran.code, ran.out) == (0, "")
    assert "The report of spring is in" in ran.err
    assert Parsed(file.read_text()).tags[0] == "html"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_campaign_that_is_not_there_is_told(desk: Desk) -> None:
    ran = outdial("report", "autumn")

    assert ran.code == 2
    assert "no such campaign in this ledger (got 'autumn')" in ran.err


def test_a_folder_that_is_not_there_is_told(told: Desk, tmp_path: Path) -> None:
    ran = outdial("report", "spring", "--output", tmp_path / "no" / "report.html")

    assert ran.code == 2
    assert "cannot be written (No such file or directory)" in ran.err
    assert "Choose another by --output." in ran.err
