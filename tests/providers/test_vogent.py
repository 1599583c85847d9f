from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pydantic
import pytest

from campaign.calls import BatchRef, Call, CallRequest, ListedCall, Order, SubmissionRef
from campaign.errors import (
    Ambiguous,
    NotFound,
    OutdialError,
    Rejected,
    Stopped,
    Transient,
    Unreadable,
    Unsupported,
)
from campaign.words import AnsweredBy, Outcome, Progress
from providers.http import Http
from providers.vogent import Vogent
from providers.vogent.dials import OUTCOMES, read, scrub
from tests.providers.wired import Exchange, connected, exchange, opened

TAG = "od1-abcd2345-3-1-7f3c9a1e"
JOB, JOBS = "/api/batch_dial_jobs/j_1", "/api/batch_dial_jobs"
AGENT = {"agent_id": "a_1"}
FIRST = {"limit": "100"}
SUBMISSION = SubmissionRef(
    tag=TAG,
    provider_batch_id="j_1",
    since=datetime(2026, 4, 6, tzinfo=UTC),
    keys=frozenset({"k1", "k2"}),
)
BATCH = BatchRef(submissions=(SUBMISSION,))
ORDER = Order(
    tag=TAG,
    label="spring-renewals",
    calls=(
        CallRequest(key="k1", to="+13125550101"),
        CallRequest(key="k2", to="+13125550102"),
    ),
)
HUMAN = {"speaker": "HUMAN", "text": "Hello?"}
ROBOT = {"speaker": "AI", "text": "Hi, is this Dana?"}


class Gate:
    def __init__(self) -> None:
        self.asked = 0

    async def __call__(self) -> None:
        self.asked += 1


@asynccontextmanager
async def vogent(*pairs: Exchange) -> AsyncGenerator[Vogent]:
    async with opened("vogent", AGENT, *pairs) as provider:
        assert isinstance(provider, Vogent)
        yield provider


def call(**dial: Any) -> Call:
    return read(msgspec.json.encode({"id": "d_1", "status": "completed", **dial}))


def job(status: str, **more: Any) -> dict[str, Any]:
    return {"id": "j_1", "name": f"spring-renewals#{TAG}", "status": status, **more}


def looked_at(status: str) -> Exchange:
    return exchange(f"GET {JOB}", job(status))


def told(*, paused: bool, status: int = 200) -> Exchange:
    return exchange(f"POST {JOB}/paused", job("ACTIVE"), status, json={"paused": paused})


def queue(*keys: object) -> Exchange:
    rows = [{"id": f"r_{n}", "inputs": {"outdial_key": key}} for n, key in enumerate(keys)]
    return exchange(f"GET {JOB}/queue", {"data": rows, "cursor": None}, query=FIRST)


def dials(*ids: str, cursor: str | None = None, after: str | None = None) -> Exchange:
    query = FIRST if after is None else {**FIRST, "cursor": after}
    rows = [{"id": dial_id, "status": "completed"} for dial_id in ids]
    return exchange(f"GET {JOB}/dials", {"data": rows, "cursor": cursor}, query=query)


async def swept(provider: Vogent) -> list[ListedCall]:
    page = await provider.page(BATCH)
    rows = list(page.calls)
    while page.next is not None:
        page = await provider.page(BATCH, page.next)
        rows += page.calls
    return rows


# --- Words


@pytest.mark.parametrize(
    "result, status, outcome, who",
    [
        ("VOICEMAIL_DETECTED_HANGUP", "completed", Outcome.VOICEMAIL, AnsweredBy.MACHINE),
        ("VOICEMAIL_LEFT", "completed", Outcome.VOICEMAIL, AnsweredBy.MACHINE),
        ("VOICEMAIL_NOT_LEFT", "completed", Outcome.VOICEMAIL, AnsweredBy.MACHINE),
        ("TRANSFERRED", "completed", Outcome.TRANSFERRED, AnsweredBy.HUMAN),
        ("BUSY", "busy", Outcome.BUSY, None),
        (None, "busy", Outcome.BUSY, None),
        ("BUSY", "completed", Outcome.BUSY, None),
        ("NO_ANSWER", "busy", Outcome.BUSY, None),
        ("NO_ANSWER", "no-answer", Outcome.NO_ANSWER, None),
        (None, "no-answer", Outcome.NO_ANSWER, None),
        ("CANCELLED", "canceled", Outcome.CANCELLED, None),
        (None, "canceled", Outcome.CANCELLED, None),
        ("RATE_LIMITED", "failed", Outcome.FAILED, None),
        ("DNC_SKIPPED", "canceled", Outcome.CANCELLED, None),
        ("DNC_SKIPPED", "completed", Outcome.CANCELLED, None),
        ("NUMBER_SKIPPED", "completed", Outcome.CANCELLED, None),
        ("FAILED", "failed", Outcome.FAILED, None),
        (None, "failed", Outcome.FAILED, None),
        ("AGENT_HANGUP", "completed", Outcome.ANSWERED, AnsweredBy.HUMAN),
        ("COUNTERPARTY_HANGUP", "completed", Outcome.ANSWERED, AnsweredBy.HUMAN),
        ("USER_HANGUP", "completed", Outcome.ANSWERED, AnsweredBy.HUMAN),
        ("LONG_SILENCE_HANGUP", "completed", Outcome.ANSWERED, AnsweredBy.UNKNOWN),
        ("TIMEOUT", "completed", Outcome.NO_ANSWER, None),
        (None, "completed", Outcome.UNKNOWN, None),
        ("DIAL_TREE_FOUND", "completed", Outcome.UNKNOWN, None),
        ("QUANTUM_HANGUP", "completed", Outcome.UNKNOWN, None),
    ],
)
def test_every_word_for_the_end_of_a_dial_has_its_meaning(
    result: str | None, status: str, outcome: Outcome, who: AnsweredBy | None
) -> None:
    said = call(systemResultType=result, status=status)

    assert (said.over, said.outcome, said.answered_by) == (True, outcome, who)
    assert said.ended_reason == (result or status)


@pytest.mark.parametrize(
    "result, outcome, who",
    [
        ("TIMEOUT", Outcome.ANSWERED, AnsweredBy.HUMAN),
        ("LONG_SILENCE_HANGUP", Outcome.ANSWERED, AnsweredBy.HUMAN),
        (None, Outcome.ANSWERED, AnsweredBy.HUMAN),
        ("QUANTUM_HANGUP", Outcome.UNKNOWN, None),
    ],
)
def test_a_person_who_spoke_decides_where_the_word_does_not(
    result: str | None, outcome: Outcome, who: AnsweredBy | None
) -> None:
    said = call(systemResultType=result, transcript=[ROBOT, HUMAN])

    assert (said.outcome, said.answered_by) == (outcome, who)


def test_a_call_that_ran_into_its_time_limit_with_the_agent_was_answered() -> None:
    said = call(systemResultType="TIMEOUT", aiDurationSeconds=300)

    assert (said.outcome, said.answered_by) == (Outcome.ANSWERED, AnsweredBy.UNKNOWN)


@pytest.mark.parametrize("status", ["queued", "ringing", "in-progress", "hibernating", "", None])
@pytest.mark.parametrize("result", [None, "TRANSFERRED", "NO_ANSWER"])
def test_a_dial_that_is_not_known_to_be_over_has_no_outcome(
    status: str | None, result: str | None
) -> None:
    said = call(status=status, systemResultType=result)

    assert (said.over, said.outcome, said.missing) == (False, Outcome.UNKNOWN, frozenset())


def test_no_word_means_more_than_our_vocabulary() -> None:
    assert set(OUTCOMES.values()) < set(Outcome)


def test_somebody_on_the_providers_own_list_is_not_called_again() -> None:
    assert call(systemResultType="DNC_SKIPPED").opted_out
    assert not call(systemResultType="NUMBER_SKIPPED").opted_out


# --- Fields


def test_a_dial_with_nothing_but_its_id_can_be_read() -> None:
    said = read(b'{"id": "d_1"}')

    assert (said.id, said.key, said.to, said.over) == ("d_1", None, None, False)


@pytest.mark.parametrize(
    "field",
    ["toNumber", "status", "systemResultType", "durationSeconds", "aiDurationSeconds", "startedAt",
     "endedAt", "inputs", "transcript", "recordings", "aiResult", "agent"],
)  # fmt: skip
def test_any_field_may_be_null(field: str) -> None:
    assert read(msgspec.json.encode({"id": "d_1", field: None})).id == "d_1"


def test_durations_are_seconds_of_the_whole_call() -> None:
    assert call(durationSeconds=96, aiDurationSeconds=88).duration_seconds == 96
    assert call(aiDurationSeconds=88).duration_seconds == 88
    assert call(durationSeconds=0).duration_seconds == 0
    assert call().duration_seconds is None


def test_a_time_that_a_go_server_does_not_have_is_no_time() -> None:
    said = call(startedAt="0001-01-01T00:00:00Z", endedAt="2026-04-06T09:04:38-05:00")

    assert said.started_at is None
    assert said.ended_at == datetime(2026, 4, 6, 14, 4, 38, tzinfo=UTC)


def test_a_transcript_is_what_was_spoken() -> None:
    turns = [
        HUMAN,
        {**ROBOT, "text": "Hi,\n is this  Dana?"},
        {"speaker": "AI", "text": '{"ok":true}', "detailType": "function"},
        {"speaker": "IVR", "text": "Press one"},
        {"speaker": "HUMAN", "text": ""},
    ]

    assert call(transcript=turns).transcript == "person: Hello?\nagent: Hi, is this Dana?"


def test_what_comes_late_is_missing_only_where_somebody_picked_up() -> None:
    assert call().missing == {"transcript", "recording", "analysis"}
    assert call(status="no-answer").missing == frozenset()
    assert call(aiResult={"ok": True}, transcript=[HUMAN]).missing == {"recording"}
    assert call(recordings=[{"url": "https://x.example"}], aiResult={}).missing == {
        "transcript",
        "analysis",
    }


def test_the_analysis_is_json_text_as_it_was_sent() -> None:
    row = b'{"id": "d_1", "aiResult": {"score": 1.50}}'

    assert read(row).analysis == '{"score": 1.50}'


def test_of_the_agent_only_its_id_and_name_are_kept() -> None:
    kept = b'{"id":"d_1","agent":{"id":"a_1","name":"Renewals"}}'
    with_secrets = b'{"id":"d_1","agent":{"id":"a_1","name":"Renewals","metadata":{"token":"s"}}}'

    assert scrub(with_secrets) == kept


# --- Ordering


def composed(order: Order, agent: dict[str, Any] = AGENT) -> Any:
    provider = Vogent.open(Http(Vogent.base_url, {}), agent)
    return msgspec.json.decode(provider.compose(order))


def test_what_is_not_wished_is_not_sent() -> None:
    assert composed(ORDER).keys() == {"name", "callAgentId", "maxConcurrentDials", "rows"}


def test_our_key_and_tag_win_over_variables_of_the_same_name() -> None:
    clash = CallRequest(key="k1", to="+13125550101", variables={"outdial_key": "theirs"})

    (row,) = composed(replace(ORDER, calls=(clash,)))["rows"]
    assert row["inputs"] == {"outdial_key": "k1", "outdial_tag": TAG}


def test_one_number_for_all_calls_can_be_said_and_one_for_each_cannot() -> None:
    one, two = ORDER.calls
    same = tuple(replace(call, from_number="n_1") for call in ORDER.calls)

    assert composed(replace(ORDER, calls=same))["fromPhoneNumberIds"] == ["n_1"]
    with pytest.raises(Unsupported):
        composed(replace(ORDER, calls=(replace(one, from_number="n_1"), two)))


def test_calls_that_take_turns_with_the_campaigns_numbers_share_them_as_a_pool() -> None:
    one, two = ORDER.calls
    turns = (replace(one, from_number="n_1"), replace(two, from_number="n_2"))
    pooled = replace(ORDER, calls=turns, from_numbers=("n_1", "n_2", "n_3"))

    assert composed(pooled)["fromPhoneNumberIds"] == ["n_1", "n_2", "n_3"]


def test_a_start_time_cannot_be_said() -> None:
    with pytest.raises(Unsupported):
        composed(replace(ORDER, start_at=datetime(2026, 4, 6, tzinfo=UTC)))


def test_a_schedule_is_passed_on_as_it_is() -> None:
    schedule: dict[str, Any] = {"timezone": "Europe/Berlin", "days": [], "disableSchedule": True}

    assert composed(ORDER, {**AGENT, "schedule": schedule})["schedule"] == schedule


def test_an_agent_block_without_an_agent_is_refused() -> None:
    with pytest.raises(pydantic.ValidationError):
        Vogent.Agent.model_validate({})


# --- Finding


def listing(*jobs: Any, cursor: str | None = None, after: str | None = None) -> Exchange:
    query = FIRST if after is None else {**FIRST, "cursor": after}
    return exchange(f"GET {JOBS}", {"data": list(jobs), "cursor": cursor}, query=query)


async def test_of_several_jobs_with_our_tag_the_oldest_comes_first_and_says_if_it_dials() -> None:
    jobs = [
        job("INIT", id="j_3", createdAt=None),
        job("INIT", id="j_2", createdAt="2026-04-06T14:02:12Z"),
        job("ACTIVE", id="j_1", createdAt="2026-04-06T14:02:11Z"),
        job("INIT", id="j_0", name=f"spring-renewals#{TAG}x"),
        job("INIT", id="j_0", name=f"spring-renewals#x{TAG}"),
        job("INIT", id="j_0", name=TAG[1:]),
        job("INIT", id="j_0", name=None),
        job("INIT", id=None),
    ]
    async with vogent(listing(*jobs)) as provider:
        found = await provider.find(SUBMISSION)

    assert [(hit.provider_batch_id, hit.dialling) for hit in found] == [
        ("j_1", True),
        ("j_2", False),
        ("j_3", False),
    ]


async def test_a_job_of_others_that_cannot_be_read_is_passed_over_and_ours_is_not() -> None:
    async with vogent(listing({"id": 7, "name": "theirs"}, job("INIT"))) as provider:
        assert [hit.provider_batch_id for hit in await provider.find(SUBMISSION)] == ["j_1"]

    async with vogent(listing(job("INIT", id=7))) as provider:
        with pytest.raises(Unreadable):
            await provider.find(SUBMISSION)


# --- Verifying and starting


async def verified(status: str, *pairs: Exchange, since: datetime | None = None) -> None:
    async with vogent(looked_at(status), *pairs) as provider:
        await provider.verify(replace(SUBMISSION, since=since or SUBMISSION.since))


async def test_a_job_that_holds_exactly_our_calls_is_verified_in_any_order() -> None:
    await verified("INIT", queue("k2", "k1"))


@pytest.mark.parametrize(
    "keys", [("k1", "k2", "k3"), ("k1", "k3"), ("k1", "k1"), ("k1", "k2", None), ("k1", ["k2"])]
)
async def test_a_job_that_holds_rows_that_are_not_ours_is_never_started(
    keys: tuple[object, ...],
) -> None:
    with pytest.raises(Rejected):
        await verified("INIT", queue(*keys))


@pytest.mark.parametrize("keys", [("k1",), ()])
async def test_a_queue_that_is_not_full_yet_is_looked_at_again_for_a_while(
    keys: tuple[str, ...],
) -> None:
    with pytest.raises(Transient):
        await verified("INIT", queue(*keys), since=datetime.now(UTC) - timedelta(minutes=1))
    with pytest.raises(Rejected):
        await verified("INIT", queue(*keys), since=datetime.now(UTC) - timedelta(minutes=10))


@pytest.mark.parametrize("status", ["ACTIVE", "PAUSED", "COMPLETE", "CANCELLED"])
async def test_a_job_that_has_begun_is_not_compared(status: str) -> None:
    await verified(status)


async def test_a_job_in_a_strange_state_is_neither_verified_nor_started() -> None:
    gate = Gate()
    async with vogent(looked_at("HIBERNATING"), looked_at("HIBERNATING")) as provider:
        with pytest.raises(Transient):
            await provider.verify(SUBMISSION)
        with pytest.raises(Transient):
            await provider.start(SUBMISSION, gate)

    assert gate.asked == 0


@pytest.mark.parametrize(
    "status, posts",
    [("INIT", 1), ("ACTIVE", 0), ("COMPLETE", 0), ("CANCELLED", 0)],
)
async def test_a_start_that_is_repeated_rings_nobody_twice(status: str, posts: int) -> None:
    gate = Gate()
    async with vogent(looked_at(status), *[told(paused=False)] * posts) as provider:
        await provider.start(SUBMISSION, gate)

    assert gate.asked == posts


async def test_a_start_lifts_no_pause_which_may_be_our_own_stop() -> None:
    gate = Gate()
    async with vogent(looked_at("PAUSED")) as provider:
        with pytest.raises(Rejected, match="somebody has paused the job"):
            await provider.start(SUBMISSION, gate)

    assert gate.asked == 0


async def test_a_start_without_a_clear_answer_is_a_doubt() -> None:
    async with vogent(looked_at("INIT"), told(paused=False, status=502)) as provider:
        with pytest.raises(Ambiguous):
            await provider.start(SUBMISSION, Gate())


async def test_a_fence_that_says_no_starts_nothing() -> None:
    async def no() -> None:
        raise Stopped("the window is closed")

    async with vogent(looked_at("INIT")) as provider:
        with pytest.raises(Stopped):
            await provider.start(SUBMISSION, no)


# --- Looking, pausing, stopping


@pytest.mark.parametrize(
    "word, progress",
    [
        ("INIT", Progress.CREATED),
        ("ACTIVE", Progress.RUNNING),
        ("PAUSED", Progress.PAUSED),
        ("COMPLETE", Progress.COMPLETED),
        ("CANCELLED", Progress.CANCELLED),
        ("COMPLETED", Progress.UNKNOWN),
        ("", Progress.UNKNOWN),
    ],
)
async def test_every_state_of_a_job_has_its_meaning(word: str, progress: Progress) -> None:
    async with vogent(looked_at(word)) as provider:
        status = await provider.status(BATCH)

    assert (status.progress, status.word, status.remaining) == (progress, word, None)


async def test_a_submission_without_a_job_cannot_be_looked_at() -> None:
    unknown = BatchRef(submissions=(replace(SUBMISSION, provider_batch_id=None),))
    async with vogent() as provider:
        with pytest.raises(NotFound):
            await provider.status(unknown)


@pytest.mark.parametrize(
    "status, posts",
    [
        ("INIT", 1),
        ("ACTIVE", 1),
        ("HIBERNATING", 1),
        ("PAUSED", 0),
        ("COMPLETE", 0),
        ("CANCELLED", 0),
    ],
)
async def test_whatever_may_still_dial_is_paused(status: str, posts: int) -> None:
    async with vogent(looked_at(status), *[told(paused=True)] * posts) as provider:
        await provider.stop(BATCH)


@pytest.mark.parametrize("status, error", [("INIT", None), ("ACTIVE", Rejected)])
async def test_a_refusal_to_pause_counts_only_where_something_may_be_dialling(
    status: str, error: type[OutdialError] | None
) -> None:
    async with vogent(looked_at(status), told(paused=True, status=400)) as provider:
        if error is None:
            await provider.pause(BATCH)
        else:
            with pytest.raises(error):
                await provider.pause(BATCH)


@pytest.mark.parametrize(
    "status, posts",
    [("PAUSED", 1), ("INIT", 0), ("ACTIVE", 0), ("COMPLETE", 0), ("CANCELLED", 0)],
)
async def test_only_a_paused_job_goes_on_and_through_the_fence(status: str, posts: int) -> None:
    gate = Gate()
    async with vogent(looked_at(status), *[told(paused=False)] * posts) as provider:
        await provider.resume(BATCH, gate)

    assert gate.asked == posts


# --- Paging


async def test_an_empty_page_between_two_full_ones_ends_nothing() -> None:
    pages = (dials("d_1", cursor="a"), dials(cursor="b", after="a"), dials("d_2", after="b"))
    async with vogent(*pages) as provider:
        rows = await swept(provider)

    assert [row.call.id for row in rows if row.call] == ["d_1", "d_2"]


async def test_cursors_that_never_end_end_with_the_second_empty_page() -> None:
    pages = (dials("d_1", cursor="a"), dials(cursor="b", after="a"), dials(cursor="c", after="b"))
    async with vogent(*pages) as provider:
        assert len(await swept(provider)) == 1


async def test_an_empty_page_that_points_to_itself_is_the_last() -> None:
    async with vogent(dials("d_1", cursor="a"), dials(cursor="a", after="a")) as provider:
        assert len(await swept(provider)) == 1


@pytest.mark.parametrize("circle", [["a", "a"], ["a", "b", "a"], ["a", "b", "b"]])
async def test_pages_that_go_round_in_a_circle_are_refused(circle: list[str]) -> None:
    before = [None, *circle]
    pages = [
        dials(f"d_{n}", cursor=cursor, after=after)
        for n, (after, cursor) in enumerate(zip(before, circle, strict=False))
    ]
    async with vogent(*pages) as provider:
        with pytest.raises(Unreadable):
            await swept(provider)


@pytest.mark.parametrize("last", [None, ""])
async def test_no_cursor_is_the_end_however_it_is_written(last: str | None) -> None:
    async with vogent(dials("d_1", cursor=last)) as provider:
        assert (await provider.page(BATCH)).next is None


@pytest.mark.parametrize("answer", [{}, {"cursor": None}, {"data": {}}, {"data": "none"}, []])
async def test_an_answer_that_is_no_page_is_no_empty_page(answer: object) -> None:
    async with vogent(exchange(f"GET {JOB}/dials", answer, query=FIRST)) as provider:
        with pytest.raises(Unreadable):
            await provider.page(BATCH)


async def test_a_cursor_that_is_not_ours_is_refused() -> None:
    async with vogent() as provider:
        with pytest.raises(Unreadable):
            await provider.page(BATCH, "not json")


async def test_an_id_cannot_lead_to_another_endpoint() -> None:
    async with vogent(exchange("GET /api/dials/..%2Fagents%3Flimit%3D1", {}, 404)) as provider:
        with pytest.raises(NotFound):
            await provider.detail("../agents?limit=1")


async def test_a_workspace_without_agents_is_warned_about() -> None:
    pair = exchange("GET /api/agents", {"data": [], "cursor": None}, query={"limit": "1"})
    async with connected("vogent", pair) as http:
        account = await Vogent.check(http)

    assert account.warnings
