"""The protocol's transactions: who may send, what a late answer means, who may still be called."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from campaign.calls import Receipt
from campaign.candidates import Candidate, Ruling
from campaign.errors import NoRoom, Stopped
from campaign.states import SubmissionState
from campaign.words import Outcome
from store import suppressions
from store.batches import advancing
from store.batches import views as batches
from store.decisions import audit, holding, pausing
from store.decisions.holding import Decider
from store.planning.draft import PlannedBatch
from store.submissions import accepting, claiming, deciding, doubting, screening, starting
from store.submissions import views as submissions
from store.submissions.views import SubmissionView
from tests.store.desk import Desk, listed, number

ANN = Decider(actor="Ann", reason="their support has looked")


class Runner:
    """One runner at work on one submission."""

    def __init__(self, desk: Desk, tag: str, name: str = "me") -> None:
        self.desk, self.tag, self.name = desk, tag, name
        self.epoch = 0

    def claims(self, **changes: Any) -> bool:
        said: dict[str, Any] = {"body": b"{}", "start_at": None, "lease": timedelta(minutes=5)}
        said |= {"keys": self.desk.keys(self.tag)} | changes
        epoch = self.desk.ledger.run_sync(
            claiming.claim, self.tag, owner=self.name, now=self.desk.now, **said
        )
        self.epoch = epoch or 0
        return epoch is not None

    def marks(self, **changes: Any) -> None:
        said: dict[str, Any] = {"dials": True} | changes
        self.desk.ledger.run_sync(
            claiming.mark_wire, self.tag, self.epoch, self.desk.later(seconds=1), **said
        )

    def hears(self, provider_batch_id: str, *, dials: bool = True, **changes: Any) -> bool:
        said = Receipt(provider_batch_id=provider_batch_id, **changes)
        return self.desk.ledger.run_sync(
            accepting.accept, self.tag, said, self.desk.now, dials=dials
        )

    def releases(self, again_at: datetime | None = None) -> bool:
        return self.desk.ledger.run_sync(
            claiming.release, self.tag, self.epoch, self.desk.now, reason="no", again_at=again_at
        )

    def doubts(self) -> bool:
        now = self.desk.now
        return self.desk.ledger.run_sync(
            deciding.doubt, self.tag, self.epoch, now, look_at=now, reason="no answer"
        )


def planned(desk: Desk, people: int = 2) -> tuple[str, Runner]:
    """A planned submission: the id of its batch, and a runner who wants to send it."""
    batch = desk.plan(desk.campaign(people).id)
    assert batch is not None
    return batch.batch_id, Runner(desk, batch.tags[0])


def seen(desk: Desk, tag: str) -> SubmissionView:
    view = desk.ledger.run_sync(submissions.get, tag)
    assert view is not None
    return view


def taken_over(desk: Desk, *, dead: bool = True) -> int:
    return desk.ledger.run_sync(claiming.recover, desk.now, lambda _: dead)


def held(desk: Desk, runner: Runner) -> None:
    """The runner has sent it and vanished, and nobody finds it."""
    runner.claims()
    runner.marks()
    taken_over(desk)
    now = desk.later(hours=1)
    desk.ledger.run_sync(doubting.hold, runner.tag, now, look_at=now, reason="not found")


def test_one_of_two_runners_gets_a_submission(desk: Desk) -> None:
    _, first = planned(desk)
    second = Runner(desk, first.tag, "other")

    assert first.claims()
    assert not second.claims()


def test_what_was_put_off_is_not_claimed_before_its_time(desk: Desk) -> None:
    _, runner = planned(desk)
    runner.claims()
    runner.releases(again_at=desk.now + timedelta(minutes=30))

    early = Runner(desk, runner.tag, "other").claims()
    desk.later(minutes=31)

    assert not early
    assert Runner(desk, runner.tag, "other").claims()


def test_a_runner_that_was_overtaken_can_send_nothing(desk: Desk) -> None:
    _, asleep = planned(desk)
    asleep.claims()
    taken_over(desk)
    Runner(desk, asleep.tag, "other").claims()

    with pytest.raises(Stopped, match="another runner"):
        asleep.marks()


def test_without_a_wire_mark_a_dead_runners_claim_is_planned_again(desk: Desk) -> None:
    _, runner = planned(desk)
    runner.claims()

    assert taken_over(desk) == 1
    assert seen(desk, runner.tag).state is SubmissionState.PLANNED


def test_with_a_wire_mark_a_dead_runners_claim_is_in_doubt(desk: Desk) -> None:
    _, runner = planned(desk)
    runner.claims()
    runner.marks()

    assert taken_over(desk) == 1
    assert seen(desk, runner.tag).state is SubmissionState.UNKNOWN


def test_a_living_runner_keeps_its_claim_until_the_lease_runs_out(sqlite_desk: Desk) -> None:
    desk = sqlite_desk  # On PostgreSQL leases run by the server's clock.
    _, runner = planned(desk)
    runner.claims()

    desk.later(minutes=4)
    kept = taken_over(desk, dead=False) == 0
    desk.later(minutes=2)

    assert kept
    assert taken_over(desk, dead=False) == 1


def test_what_a_runner_learns_late_is_kept_however_it_was_decided_meanwhile(desk: Desk) -> None:
    _, runner = planned(desk)
    held(desk, runner)
    desk.ledger.run_sync(holding.confirm_not_placed, runner.tag, ANN, desk.now)

    assert runner.hears("job-1")
    assert seen(desk, runner.tag).state is SubmissionState.ACCEPTED
    assert not Runner(desk, runner.tag, "other").claims()
    assert all(row["dialled_at"] for row in desk.attempts())


def test_a_second_yes_to_another_request_is_told_apart_from_the_same_yes(desk: Desk) -> None:
    _, runner = planned(desk)
    runner.claims()
    runner.marks()
    runner.hears("job-1")

    assert runner.hears("job-1")
    assert not runner.hears("job-2")
    assert seen(desk, runner.tag).provider_batch_id == "job-1"


def test_a_second_call_is_seen_where_submissions_have_no_id_of_their_own(desk: Desk) -> None:
    _, runner = planned(desk)
    key = desk.attempts()[0]["key"]
    runner.claims()
    runner.marks()
    runner.hears(runner.tag, call_ids={key: "call-1"})

    assert runner.hears(runner.tag, call_ids={key: "call-1"})
    assert not runner.hears(runner.tag, call_ids={key: "call-2"})
    assert desk.attempts()[0]["provider_call_id"] == "call-1"


def test_whom_the_provider_refused_singly_counts_as_not_dialled(desk: Desk) -> None:
    _, runner = planned(desk)
    refused, taken = (row["key"] for row in desk.attempts())
    runner.claims()
    runner.marks()

    runner.hears("job-1", refused={refused: "no such number"})

    assert [(row["key"], bool(row["dialled_at"])) for row in desk.attempts()] == [
        (refused, False),
        (taken, True),
    ]


def test_a_yes_that_comes_after_its_submission_was_found_tells_whom_the_provider_refused(
    desk: Desk,
) -> None:
    _, runner = planned(desk)
    refused, taken = (row["key"] for row in desk.attempts())
    runner.claims()
    runner.marks()
    runner.doubts()
    runner.hears("job-1")

    assert runner.hears("job-1", refused={refused: "no such number"})

    assert [(row["key"], row["state"]) for row in desk.attempts()] == [
        (refused, "failed"),
        (taken, "submitted"),
    ]


def test_what_is_looked_for_may_be_as_old_as_its_first_request(desk: Desk) -> None:
    _, runner = planned(desk)
    runner.claims()
    runner.marks()
    first = desk.now
    runner.doubts()
    desk.later(hours=1)
    unknown = SubmissionState.UNKNOWN
    desk.ledger.run_sync(doubting.plan_again, runner.tag, desk.now, state=unknown, reason="again")
    runner.claims()
    runner.marks()
    runner.doubts()

    assert desk.ledger.run_sync(submissions.reference, runner.tag).since == first


def test_nothing_is_sent_again_once_a_call_of_it_is_known(desk: Desk) -> None:
    batch_id, runner = planned(desk, people=1)
    held(desk, runner)
    call = desk.call(desk.attempts()[0]["key"])
    desk.execute(
        "INSERT INTO call (provider, provider_call_id, campaign_id, batch_id, tag, beside, over,"
        " outcome, ended_reason, opted_out, missing, detail_reads, raw, raw_sha256, version,"
        " first_seen, last_changed) SELECT 'vogent', :id, campaign_id, id, :tag, false, true,"
        " 'answered', '', false, '', 0, :raw, '', 1, created_at, created_at FROM batch"
        " WHERE id = :batch",
        id=call.id,
        tag=runner.tag,
        raw=b"{}",
        batch=batch_id,
    )

    assert not desk.ledger.run_sync(holding.confirm_not_placed, runner.tag, ANN, desk.now)


def test_a_pause_of_everything_holds_back_the_next_byte(desk: Desk) -> None:
    _, runner = planned(desk)
    runner.claims()
    pause: dict[str, Any] = {"actor": "Ann", "reason": "the script is wrong", "now": desk.now}
    desk.ledger.run_sync(pausing.pause_all, **pause)

    with pytest.raises(Stopped, match="everything is paused"):
        runner.marks()
    desk.ledger.run_sync(pausing.resume_all, **pause)
    runner.marks()

    assert [one.verb for one in desk.ledger.run_sync(lambda db: list(audit.listing(db)))] == [
        "pause",
        "resume",
    ]


def test_a_paused_campaign_sends_nothing(desk: Desk) -> None:
    _, runner = planned(desk)
    runner.claims()
    desk.execute("UPDATE campaign SET state = 'paused'")

    with pytest.raises(Stopped, match="the campaign is paused"):
        runner.marks()
    assert seen(desk, runner.tag).wire_at is None


def suppress(desk: Desk, phone_number: str) -> None:
    said: dict[str, Any] = {"reason": "asked us", "source": "mail", "now": desk.now}
    desk.ledger.run_sync(suppressions.add, [phone_number], **said)


def test_a_number_that_was_suppressed_since_the_plan_holds_the_submission_back(
    desk: Desk,
) -> None:
    _, runner = planned(desk)
    runner.claims()
    suppress(desk, number(1))

    with pytest.raises(Stopped, match="may not be called"):
        runner.marks()


def test_the_others_are_called_without_whom_it_is_too_late_to_call(desk: Desk) -> None:
    _, runner = planned(desk)
    suppress(desk, number(0))

    dropped = desk.ledger.run_sync(screening.drop_uncallable, runner.tag, desk.now, anybody)

    assert dropped == 1
    assert [row["state"] for row in desk.attempts()] == ["skipped", "assigned"]
    assert [row["state"] for row in desk.recipients()] == ["skipped", "open"]
    assert runner.claims()
    runner.marks()
    calls = desk.ledger.run_sync(submissions.calls_to_place, runner.tag)
    assert [call.to for call in calls] == [number(1)]
    reference = desk.ledger.run_sync(submissions.reference, runner.tag)
    assert reference.keys == {calls[0].key}


def too_often(_candidate: Candidate) -> Ruling:
    """Of a judge to whom the call under way is one too many."""
    return Ruling.later(datetime(2030, 1, 1, tzinfo=UTC), "called a moment ago")


def test_whom_another_runner_is_calling_is_not_taken_out(desk: Desk) -> None:
    _, runner = planned(desk)
    runner.claims()
    runner.marks()

    judged = desk.ledger.run_sync(screening.drop_uncallable, runner.tag, desk.now, too_often)

    assert judged == 0
    assert [row["state"] for row in desk.attempts()] == ["assigned", "assigned"]
    assert [row["state"] for row in desk.recipients()] == ["open", "open"]


def test_a_body_is_not_sent_whose_people_have_changed_since_it_was_composed(desk: Desk) -> None:
    _, runner = planned(desk)
    composed_for = desk.keys(runner.tag)
    suppress(desk, number(0))
    desk.ledger.run_sync(screening.drop_uncallable, runner.tag, desk.now, anybody)

    assert not runner.claims(keys=composed_for)
    assert runner.claims()


def test_a_submission_that_nobody_is_left_in_is_given_up(desk: Desk) -> None:
    batch_id, runner = planned(desk, people=1)
    tomorrow = desk.now + timedelta(days=1)

    desk.ledger.run_sync(
        screening.drop_uncallable,
        runner.tag,
        desk.now,
        lambda _: Ruling.later(tomorrow, "it is night there"),
    )

    assert seen(desk, runner.tag).state is SubmissionState.ABANDONED
    (person,) = desk.recipients()
    assert (person["state"], person["reason"]) == ("ready", "it is night there")
    assert not runner.claims()
    assert desk.ledger.run_sync(batches.tally, batch_id).planned_submissions == 0


def test_the_last_look_does_not_count_the_attempt_that_it_is_about(desk: Desk) -> None:
    _, runner = planned(desk, people=1)
    shown: list[Candidate] = []

    def judge(candidate: Candidate) -> Ruling:
        shown.append(candidate)
        return Ruling.call()

    runner.claims()
    runner.marks(judge=judge)

    assert [(one.attempts, one.history) for one in shown] == [(0, ())]


def anybody(_candidate: Candidate) -> Ruling:
    return Ruling.call()


def created(desk: Desk) -> Runner:
    """A submission that a two-phase provider has taken and not started."""
    _, runner = planned(desk)
    runner.claims()
    runner.marks(dials=False)
    runner.hears("job-1", dials=False)
    return runner


def test_what_was_created_and_not_started_can_be_called_off(desk: Desk) -> None:
    runner = created(desk)
    again = Ruling.later(desk.now, "somebody in it was suppressed")

    assert desk.ledger.run_sync(screening.call_off, runner.tag, desk.now, again)
    assert {row["state"] for row in desk.attempts()} == {"skipped"}
    assert {row["state"] for row in desk.recipients()} == {"ready"}
    with pytest.raises(Stopped):
        desk.ledger.run_sync(starting.mark_start, runner.tag, "job-1", desk.now)


def test_a_late_answer_does_not_bring_back_what_was_called_off(desk: Desk) -> None:
    runner = created(desk)
    again = Ruling.later(desk.now, "somebody in it was suppressed")
    desk.ledger.run_sync(screening.call_off, runner.tag, desk.now, again)

    runner.hears("job-1", dials=False)

    assert seen(desk, runner.tag).state is SubmissionState.ABANDONED


def test_what_may_have_been_started_is_not_called_off(desk: Desk) -> None:
    runner = created(desk)
    desk.ledger.run_sync(starting.mark_start, runner.tag, "job-1", desk.now)

    assert not desk.ledger.run_sync(
        screening.call_off, runner.tag, desk.now, Ruling.later(desk.now, "too late")
    )


def test_only_the_batch_that_was_adopted_is_started(desk: Desk) -> None:
    runner = created(desk)

    with pytest.raises(Stopped):
        desk.ledger.run_sync(starting.mark_start, runner.tag, "job-2", desk.now)
    desk.ledger.run_sync(starting.mark_start, runner.tag, "job-1", desk.now)

    assert all(row["dialled_at"] for row in desk.attempts())


def test_nobody_is_rung_by_a_start_after_he_was_suppressed(desk: Desk) -> None:
    runner = created(desk)
    suppress(desk, number(0))

    with pytest.raises(Stopped, match="may not be called"):
        desk.ledger.run_sync(starting.mark_start, runner.tag, "job-1", desk.now, anybody)
    assert seen(desk, runner.tag).start_wire_at is None


def test_a_start_that_was_lost_is_repeated_and_its_attempts_do_not_hinder_themselves(
    desk: Desk,
) -> None:
    def nobody_twice(candidate: Candidate) -> Ruling:
        return Ruling.skip("dialled before") if candidate.history else Ruling.call()

    runner = created(desk)
    desk.ledger.run_sync(starting.mark_start, runner.tag, "job-1", desk.now, nobody_twice)
    first = desk.attempts()[0]["dialled_at"]

    later = desk.later(minutes=1)
    desk.ledger.run_sync(starting.mark_start, runner.tag, "job-1", later, nobody_twice)

    assert desk.attempts()[0]["dialled_at"] == first


def test_a_start_that_was_lost_is_not_repeated_for_somebody_who_was_suppressed_meanwhile(
    desk: Desk,
) -> None:
    runner = created(desk)
    desk.ledger.run_sync(starting.mark_start, runner.tag, "job-1", desk.now, anybody)
    suppress(desk, number(0))

    with pytest.raises(Stopped):
        desk.ledger.run_sync(
            starting.mark_start, runner.tag, "job-1", desk.later(minutes=1), anybody
        )


@pytest.mark.parametrize("answer", ["yes", "lost"])
def test_a_start_that_was_on_its_way_when_its_batch_was_stopped_is_stopped_again(
    desk: Desk, answer: str
) -> None:
    runner = created(desk)
    batch_id = desk.row("SELECT id FROM batch")["id"]
    run, now = desk.ledger.run_sync, desk.now
    run(starting.mark_start, runner.tag, "job-1", now)
    run(starting.give_way, runner.tag, now, "it was stopped")
    run(advancing.stopped, batch_id, now)

    if answer == "yes":
        run(starting.started, runner.tag, now)
    else:
        run(starting.start_again_at, runner.tag, desk.later(minutes=1), now, reason="cut off")

    batch = run(batches.get, batch_id)
    assert batch.stop_asked_at is not None
    assert batch.stopped_at is None
    assert batch.due_at == now


@pytest.mark.parametrize(
    "decide, state, people",
    [
        (holding.confirm_not_placed, SubmissionState.PLANNED, "open"),
        (holding.abandon, SubmissionState.ABANDONED, "not_reached"),
    ],
)
def test_what_a_person_decides_about_a_doubt_is_done_and_kept(
    decide: Any, state: SubmissionState, people: str, desk: Desk
) -> None:
    batch_id, runner = planned(desk)
    held(desk, runner)

    assert desk.ledger.run_sync(decide, runner.tag, ANN, desk.now)
    assert not desk.ledger.run_sync(decide, runner.tag, ANN, desk.now)
    assert seen(desk, runner.tag).state is state
    assert {row["state"] for row in desk.recipients()} == {people}
    (decision,) = desk.ledger.run_sync(lambda db: list(audit.listing(db)))
    assert (decision.actor, decision.subject) == ("Ann", runner.tag)
    assert desk.ledger.run_sync(batches.get, batch_id).due_at == desk.now


@pytest.mark.parametrize("over", [False, True])
@pytest.mark.parametrize("decide", [holding.confirm_not_placed, holding.abandon])
def test_a_doubt_of_which_a_call_is_known_is_neither_given_up_nor_sent_again(
    decide: Any, desk: Desk, *, over: bool
) -> None:
    batch_id, runner = planned(desk)
    held(desk, runner)
    first, *_ = desk.attempts()
    call = desk.call(first["key"], Outcome.UNKNOWN, over=over, missing=frozenset({"outcome"}))
    batch = PlannedBatch(batch_id=batch_id, no=1, provider="vogent", tags=(runner.tag,), attempts=3)
    desk.page(batch, [listed(call)])

    assert not desk.ledger.run_sync(decide, runner.tag, ANN, desk.now)

    assert seen(desk, runner.tag).state is SubmissionState.HELD
    assert {row["state"] for row in desk.attempts()} == {"held"}
    assert desk.plan(desk.campaign(1, "other").id) is None


def test_what_a_person_has_found_is_collected(desk: Desk) -> None:
    batch_id, runner = planned(desk)
    held(desk, runner)
    found = Receipt(provider_batch_id="job-1")

    assert desk.ledger.run_sync(holding.adopt, runner.tag, found, ANN, desk.now, dials=True)
    assert not desk.ledger.run_sync(
        holding.adopt, runner.tag, replace(found), ANN, desk.now, dials=True
    )
    assert seen(desk, runner.tag).state is SubmissionState.ACCEPTED
    assert desk.ledger.run_sync(batches.get, batch_id).state == "collecting"
    assert {row["state"] for row in desk.attempts()} == {"submitted"}


@pytest.mark.parametrize("decider", [Decider(actor="", reason="x"), Decider(actor="x", reason="")])
def test_nobody_decides_without_a_name_and_a_reason(decider: Decider, desk: Desk) -> None:
    _, runner = planned(desk)
    held(desk, runner)

    with pytest.raises(ValueError, match="name"):
        desk.ledger.run_sync(holding.abandon, runner.tag, decider, desk.now)
    assert seen(desk, runner.tag).state is SubmissionState.HELD


def test_nothing_is_sent_while_the_disk_of_a_sqlite_ledger_is_all_but_full(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, runner = planned(desk)
    assert runner.claims()
    full = shutil.disk_usage(Path.cwd())._replace(free=7 * 1024 * 1024)

    def usage(_folder: Path) -> object:
        return full

    monkeypatch.setattr(shutil, "disk_usage", usage)

    if desk.ledger.engine.dialect.name == "sqlite":
        with pytest.raises(NoRoom, match="7 MB left"):
            runner.marks()
        monkeypatch.undo()
    runner.marks()

    assert desk.row("SELECT count(*) AS marks FROM submit_log WHERE event = 'wire'")["marks"] == 1


def test_a_doubt_about_a_claim_without_a_wire_mark_counts_from_the_claim(desk: Desk) -> None:
    _, runner = planned(desk)
    runner.claims()
    claimed_at = desk.now
    desk.later(minutes=1)

    assert runner.doubts()
    assert seen(desk, runner.tag).wire_at == claimed_at
    assert all(one["dialled_at"] is not None for one in desk.attempts(tag=runner.tag))
