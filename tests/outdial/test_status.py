import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from rich.console import Console

from campaign.clock import SystemClock
from campaign.errors import RateLimited
from campaign.words import Outcome
from outdial.progress import Bars, Lines
from store.accounts import memory as accounts
from store.accounts import pacing
from store.accounts.pacing import Wait
from store.decisions import pausing
from store.ledger import Ledger
from store.reports.glance import glance
from tests.outdial.command import outdial
from tests.outdial.operator.doubts import held, lose
from tests.outdial.operator.workspace import AGENT
from tests.store.desk import Desk, listed, unreadable


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    return Desk(ledger)


def test_without_campaigns_it_says_how_to_begin(ledger: Ledger) -> None:
    ran = outdial("status")

    assert (ran.code, ran.out) == (0, "")
    assert "outdial demo" in ran.err


def test_all_campaigns_are_listed(desk: Desk) -> None:
    desk.campaign(people=3, name="spring")
    desk.campaign(people=2, name="autumn", first=50)

    rows = outdial("status").out.splitlines()
    listing = json.loads(outdial("status", "--json").out)

    assert sorted(row.split()[:3] for row in rows[1:]) == [
        ["autumn", "running", "2"],
        ["spring", "running", "3"],
    ]
    assert {one["campaign"]: one["people"]["ready"] for one in listing} == {
        "spring": 3,
        "autumn": 2,
    }


def test_a_provider_that_is_left_alone_is_told_in_words_with_the_time(desk: Desk) -> None:
    desk.campaign(people=1)
    now = SystemClock().now()
    account = desk.ledger.run_sync(accounts.open_account, "vogent", "f00d", now)
    told = RateLimited("no", retry_after=timedelta(minutes=30), status=429)
    full = RateLimited("no", capacity=True, status=429)
    for refusal in (told, full):
        desk.ledger.run_sync(accounts.refused, account, refusal, now)

    for words in (outdial("status", "spring").out, outdial("status").out):
        until = f"{(now + timedelta(minutes=30)).astimezone():%H:%M}"
        assert f"vogent asked us to wait (429): it is left alone until {until}" in words
        assert "vogent has no free line: no call is placed until" in words
        assert "f00d" not in words


def test_one_campaign_is_told_in_full(desk: Desk) -> None:
    batch = desk.placed(people=4)
    answered, busy, *_ = desk.calls(batch)
    busy = desk.call(busy.key, Outcome.BUSY)
    desk.page(batch, [listed(answered), listed(busy), unreadable('{"id": []}')])

    ran = outdial("status", "spring")

    assert "spring is running" in ran.out
    assert "4 listed" in ran.out
    assert "1 reached" in ran.out
    assert "vogent 1 submitting" in ran.out
    header = next(line for line in ran.out.splitlines() if line.startswith("provider"))
    assert {"answered", "busy", "talk", "cost"} <= set(header.split())
    assert "1 row of vogent could not be read" in ran.out


def test_what_is_in_doubt_is_told_with_what_happens_next(desk: Desk) -> None:
    batch = desk.placed(people=2)
    tomorrow = (desk.now + timedelta(days=365 * 20)).isoformat(timespec="microseconds")
    desk.execute(
        "UPDATE submission SET state = 'held', looks = 3, due_at = :due WHERE tag = :tag",
        tag=batch.tags[0],
        due=tomorrow,
    )

    ran = outdial("status", "spring")
    (doubt,) = json.loads(outdial("status", "spring", "--json").out)["doubts"]

    assert ran.code == 1
    assert "vogent may or may not have taken 2 people" in ran.out
    assert "asked 3 times" in ran.out
    assert "nobody of them is called again before you settle it: outdial held list" in ran.out
    assert (doubt["tag"], doubt["people"], doubt["state"]) == (batch.tags[0], 2, "held")


def test_who_waits_for_a_line_is_told_with_what_the_lines_are_in_use_by(desk: Desk) -> None:
    desk.now = SystemClock().now()
    limits = {"concurrency": 7, "open_batches": 2}
    campaign = desk.campaign(people=5, provider="vocode", agent=AGENT, limits=limits)
    desk.execute("UPDATE recipient SET provider = 'vocode'")
    batch = desk.plan(campaign.id, provider="vocode", submission_size=1)
    assert batch is not None
    doubtful, *placed = batch.tags[:2]
    lose(desk, replace(batch, tags=(doubtful,)))
    desk.submit(replace(batch, tags=tuple(placed)))

    assert "more" not in outdial("status", "spring").out  # As one of three lines is free.
    desk.submit(replace(batch, tags=batch.tags[2:3]))

    assert (
        "- batch 1 at vocode calls 2 people more when a line is free: it has 3 lines"
        " (limits.concurrency 7, shared by 2 batches), in use by 2 calls and"
        " 1 doubt until found or held"
    ) in flat(outdial("status", "spring").out)
    (said,) = json.loads(outdial("status", "spring", "--json").out)["unsent"]
    assert (said["people"], said["under_way"], said["doubts"]) == (2, 2, 1)
    desk.ledger.run_sync(pausing.pause_all, actor="ann", reason="lunch", now=desk.now)
    assert "more" not in outdial("status", "spring").out


def test_who_waits_for_the_turn_of_the_account_is_told_until_when(desk: Desk) -> None:
    desk.now = SystemClock().now()
    batch = desk.plan(desk.campaign(people=2).id)
    assert batch is not None
    its_turn = Wait(until=desk.later(minutes=3), reason="1 a minute")
    desk.ledger.run_sync(pacing.put_off, batch.batch_id, its_turn)

    told = flat(outdial("status", "spring").out)

    assert f"- batch 1 at vogent calls 2 people more at {its_turn.until.astimezone():%H:%M}" in told
    assert "): 1 a minute" in told


def flat(text: str) -> str:
    return " ".join(text.split())


def test_the_json_of_a_campaign_holds_all_that_is_told(desk: Desk) -> None:
    batch = desk.placed(people=2)
    desk.page(batch, [listed(call) for call in desk.calls(batch)])

    said = json.loads(outdial("status", "spring", "--json").out)

    assert said["campaign"] == "spring"
    assert said["books"]["reached"] == 2
    assert said["outcomes"][0]["outcome"] == "answered"
    assert said["batches"] == [{"provider": "vogent", "state": "submitting", "batches": 1}]
    assert said["imports"][0]["accepted"] == 2
    assert set(said) >= {"state", "reason", "needs_attention", "doubts", "unread", "incidents"}


def test_that_everything_is_paused_is_told_by_whom_and_how_to_go_on(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    campaign = desk.campaign(people=1)
    now = SystemClock().now()
    desk.ledger.run_sync(pausing.pause_all, actor="ann", reason="wrong greeting", now=now)

    for arguments in (["status"], ["status", "spring"]):
        said = outdial(*arguments).out
        assert "everything is paused (ann: wrong greeting), since" in said
        assert "outdial resume --all" in said
    told = json.loads(outdial("status", "spring", "--json").out)["everything_paused"]
    assert (told["actor"], told["reason"]) == ("ann", "wrong greeting")
    with desk.ledger.reading() as db:
        Lines("spring").show(glance(db, campaign.id))
    assert "spring: everything is paused (ann: wrong greeting); 0/1" in capsys.readouterr().err


def test_the_list_of_campaigns_asks_for_attention_as_each_of_them_does(desk: Desk) -> None:
    desk.now = SystemClock().now()
    desk.campaign(people=1, name="autumn", first=50)
    assert outdial("status").code == 0

    held(desk)

    assert (outdial("status").code, outdial("status", "spring").code) == (1, 1)
    assert outdial("status", "autumn").code == 0
    assert "- spring needs a look: outdial status spring" in outdial("status").out
    listing = json.loads(outdial("status", "--json").out)
    assert {one["campaign"]: one["needs_attention"] for one in listing} == {
        "spring": True,
        "autumn": False,
    }


def test_no_number_is_told(desk: Desk) -> None:
    batch = desk.placed(people=2)
    desk.page(batch, [listed(call) for call in desk.calls(batch)])

    for arguments in (["status"], ["status", "spring"], ["status", "spring", "--json"]):
        assert "55501" not in outdial(*arguments).out


def test_progress_is_told_in_lines_where_there_is_no_terminal(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    batch = desk.placed(people=2)
    lines = Lines("spring")
    with desk.ledger.reading() as db:
        lines.show(glance(db, batch.batch_id.partition("-")[0]))
        lines.show(glance(db, batch.batch_id.partition("-")[0]))
    desk.page(batch, [listed(call) for call in desk.calls(batch)])
    with desk.ledger.reading() as db:
        lines.show(glance(db, batch.batch_id.partition("-")[0]))

    assert capsys.readouterr().err.splitlines() == [
        "spring: 0/2 people, 0/1 batches done; calls: none yet",
        "spring: 2/2 people, 0/1 batches done; calls: answered 2",
    ]


def test_progress_is_drawn_as_bars_at_a_terminal(desk: Desk) -> None:
    batch = desk.placed(people=2)
    desk.page(batch, [listed(call) for call in desk.calls(batch)[:1]])
    bars = Bars("spring")
    with desk.ledger.reading() as db:
        bars.show(glance(db, batch.batch_id.partition("-")[0]))
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(bars.picture)

    drawn = console.export_text()

    assert "spring: running" in drawn
    assert "1/2" in drawn
    assert "answered 1" in drawn


def test_an_empty_ledger_is_named(sqlite_database_url: str) -> None:
    said = outdial("status", env={"OUTDIAL_DATABASE_URL": sqlite_database_url})

    assert sqlite_database_url.removeprefix("sqlite:///") in said.err
    assert said.code == 0
