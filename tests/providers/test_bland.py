from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import msgspec
import pydantic
import pytest

from campaign.calls import BatchRef, Call, CallRequest, Order, SubmissionRef
from campaign.errors import (
    Ambiguous,
    NotFound,
    ProviderError,
    Rejected,
    Unauthorized,
    Unreadable,
    Unsupported,
)
from campaign.words import AnsweredBy, Outcome, Progress
from providers.bland import Bland
from providers.bland.calls import reader
from providers.http import Http
from tests.providers.wired import Exchange, connected, exchange, opened

TAG = "od1-abcd2345-3-1-7f3c9a1e"
TASK = {"task": "You are calling {{name}}."}
LEGACY = {**TASK, "api": "v1"}
SUBMISSION = SubmissionRef(
    tag=TAG,
    provider_batch_id="b_1",
    since=datetime(2026, 4, 6, 0, 30, tzinfo=UTC),
    keys=frozenset({"k1", "k2"}),
)
BATCH = BatchRef(submissions=(SUBMISSION,))
ORDER = Order(
    tag=TAG,
    label="spring-renewals",
    calls=(
        CallRequest(key="k1", to="+13125550101", variables={"name": "Dana"}),
        CallRequest(key="k2", to="+13125550102", variables={"name": "Lee"}),
    ),
)
USER = {"user": "user", "text": "Hello?"}
AGENT = {"user": "assistant", "text": "Hi!"}
OVER: dict[str, Any] = {"queue_status": "complete", "status": "completed"}
SINCE = {"start_date": "2026-04-05"}


@asynccontextmanager
async def bland(*pairs: Exchange, agent: dict[str, Any] = TASK) -> AsyncGenerator[Bland]:
    async with opened("bland", agent, *pairs) as provider:
        assert isinstance(provider, Bland)
        yield provider


def call(*, detailed: bool = True, **fields: Any) -> Call:
    return reader(detailed=detailed)(msgspec.json.encode({"call_id": "c_1", **fields}))


def composed(order: Order, agent: dict[str, Any] = TASK) -> Any:
    provider = Bland.open(Http(Bland.base_url, {}), agent)
    return msgspec.json.decode(provider.compose(order))


def listing(
    *rows: Any, start: int = 0, total: int | None = None, filters: dict[str, str] | None = None
) -> Exchange:
    filters = filters or {"batch_id": "b_1"}
    window = {"from": str(start), "to": str(start + 200), "limit": "200"}
    sort = {"ascending": "true", "sort_by": "created_at"}
    counts = {} if total is None else {"total_count": total}
    return exchange("GET /v1/calls", {**counts, "calls": rows}, query={**filters, **window, **sort})


def batches(*rows: Any, skip: int = 0) -> Exchange:
    query = {"take": "100", "skip": str(skip)}
    return exchange("GET /v2/batches/list", {"data": rows, "errors": None}, query=query)


def logs(*events: Any, skip: int = 0) -> Exchange:
    query = {"take": "50", "skip": str(skip), "direction": "desc"}
    return exchange("GET /v2/batches/b_1/logs", {"data": events, "errors": None}, query=query)


def phase(word: object) -> dict[str, Any]:
    return {"event_type": "lifecycle", "payload": {"state_change": word, "message": "..."}}


def complete(failed: int = 0) -> dict[str, Any]:
    return {"event_type": "complete", "payload": {"calls_total": 2, "calls_failed": failed}}


def rows(count: int, start: int = 0) -> list[dict[str, Any]]:
    return [{"call_id": f"c_{n}"} for n in range(start, start + count)]


# --- Words of a call


@pytest.mark.parametrize(
    "said, outcome, who",
    [
        ({"queue_status": "pre_queue_error"}, Outcome.FAILED, None),
        ({"queue_status": "queue_error", "status": "canceled"}, Outcome.FAILED, None),
        ({"status": "canceled"}, Outcome.CANCELLED, None),
        ({"status": "cancelled"}, Outcome.CANCELLED, None),
        ({"status": "busy"}, Outcome.BUSY, None),
        ({**OVER, "answered_by": "busy"}, Outcome.BUSY, None),
        ({"status": "no-answer"}, Outcome.NO_ANSWER, None),
        ({"status": "no_answer"}, Outcome.NO_ANSWER, None),
        ({**OVER, "answered_by": "no-answer"}, Outcome.NO_ANSWER, None),
        ({**OVER, "answered_by": "voicemail"}, Outcome.VOICEMAIL, AnsweredBy.MACHINE),
        ({**OVER, "answered_by": "machine"}, Outcome.VOICEMAIL, AnsweredBy.MACHINE),
        ({**OVER, "answered_by": "voicemail", "transferred_to": "+13125550150"},
         Outcome.VOICEMAIL, AnsweredBy.MACHINE),
        ({"status": "failed"}, Outcome.FAILED, None),
        ({"queue_status": "call_error", "answered_by": "human"},
         Outcome.FAILED, AnsweredBy.HUMAN),
        ({**OVER, "transferred_to": "+13125550150", "answered_by": "human"},
         Outcome.TRANSFERRED, AnsweredBy.HUMAN),
        ({**OVER, "warm_transfer_call": {"state": "MERGED"}, "answered_by": "human"},
         Outcome.TRANSFERRED, AnsweredBy.HUMAN),
        ({**OVER, "warm_transfer_call": {"state": "CANCELLED"}, "transferred_to": "+13125550150",
          "answered_by": "human"}, Outcome.ANSWERED, AnsweredBy.HUMAN),
        ({**OVER, "answered_by": "human"}, Outcome.ANSWERED, AnsweredBy.HUMAN),
        ({"queue_status": "complete_error", "answered_by": "human"},
         Outcome.ANSWERED, AnsweredBy.HUMAN),
        ({"queue_status": "completed", "answered_by": ["human"]},
         Outcome.ANSWERED, AnsweredBy.HUMAN),
        ({**OVER, "answered_by": "unknown", "transcripts": [USER]},
         Outcome.ANSWERED, AnsweredBy.UNKNOWN),
        ({**OVER, "answered_by": None, "transcripts": [USER]},
         Outcome.ANSWERED, AnsweredBy.UNKNOWN),
        ({**OVER, "answered_by": None, "transcripts": [AGENT], "call_length": 0.4},
         Outcome.UNKNOWN, None),
        ({**OVER, "answered_by": None, "transcripts": None, "call_length": 0.01},
         Outcome.NO_ANSWER, None),
        ({**OVER, "answered_by": None, "call_length": 0.01}, Outcome.UNKNOWN, None),
        ({**OVER, "answered_by": None, "transcripts": None}, Outcome.UNKNOWN, None),
        ({**OVER, "answered_by": "fax", "transcripts": [USER]}, Outcome.UNKNOWN, None),
        ({"queue_status": "complete", "status": "vanished", "transcripts": [USER]},
         Outcome.UNKNOWN, None),
        ({"completed": True, "queue_status": "evaporated", "transcripts": [USER]},
         Outcome.UNKNOWN, None),
    ],
)  # fmt: skip
def test_every_word_for_the_end_of_a_call_has_its_meaning(
    said: dict[str, Any], outcome: Outcome, who: AnsweredBy | None
) -> None:
    got = call(**said)

    assert (got.over, got.outcome, got.answered_by) == (True, outcome, who)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"status": "unknown"},
        {"status": "in-progress", "answered_by": "human"},
        {"completed": False},
        {"completed": True, "queue_status": "new"},
        {"completed": True, "queue_status": "queued"},
        {"completed": True, "queue_status": "allocated"},
        {"completed": True, "queue_status": "started", "answered_by": "voicemail"},
        {"queue_status": "evaporated", "status": "vanished", "answered_by": "human"},
    ],
)
def test_a_call_that_is_not_known_to_be_over_has_no_outcome(said: dict[str, Any]) -> None:
    got = call(detailed=False, **said)

    assert (got.over, got.outcome, got.missing, got.needs_detail) == (
        False,
        Outcome.UNKNOWN,
        frozenset(),
        False,
    )


def test_the_reason_is_in_the_providers_words_and_quotes_no_error_message() -> None:
    ended = call(**OVER, answered_by="human", call_ended_by="USER", error_message="+13125550101")
    failed = call(queue_status="call_error", status="failed")

    assert ended.ended_reason == "completed, human, USER"
    assert failed.ended_reason == "call_error, failed"


# --- Units and fields of a call


@pytest.mark.parametrize(
    "length, corrected, seconds",
    [
        (1.467, "88", 88),
        (1.467, 88.5, 88.5),
        (1.467, None, 88.02),
        (1.467, "", 88.02),
        (1.467, "nan", 88.02),
        (1.467, "-1", 88.02),
        (0, "0", 0),
        (0.1, None, 6),
        (None, None, None),
    ],
)
def test_lengths_are_minutes_and_corrected_durations_seconds(
    length: float | None, corrected: object, seconds: float | None
) -> None:
    got = call(call_length=length, corrected_duration=corrected)

    assert got.duration_seconds == seconds


def test_the_deadline_of_a_call_is_not_its_end() -> None:
    got = call(
        **OVER,
        started_at="2026-04-06T20:30:14.000Z",
        end_at="2026-04-06T20:36:14.000Z",
        corrected_duration="88",
    )

    assert got.started_at == datetime(2026, 4, 6, 20, 30, 14, tzinfo=UTC)
    assert got.ended_at == datetime(2026, 4, 6, 20, 31, 42, tzinfo=UTC)


def test_money_is_not_rounded() -> None:
    assert call(price=0.1).cost_usd == Decimal("0.1")


@pytest.mark.parametrize(
    "to, e164",
    [
        ("+13125550101", "+13125550101"),
        ("13125550101", "+13125550101"),
        ("3125550101", None),
        ("sip:dana@x.example", None),
        ("", None),
        (None, None),
    ],
)
def test_a_number_is_e164_or_nothing(to: str | None, e164: str | None) -> None:
    assert call(to=to).to == e164


@pytest.mark.parametrize(
    "echo",
    [
        {"metadata": {"outdial_key": "k1"}},
        {"metadata": '{"outdial_key":"k1"}'},
        {"metadata": None, "variables": {"outdial_key": "k1"}},
        {"variables": {"metadata": {"outdial_key": "k1"}}},
        {"request_data": {"metadata": {"outdial_key": "k1"}}},
    ],
)
def test_our_key_is_found_wherever_it_is_echoed(echo: dict[str, Any]) -> None:
    assert call(**echo).key == "k1"


@pytest.mark.parametrize(
    "echo", [{"metadata": 7}, {"metadata": "{"}, {"metadata": {"outdial_key": 7}}, {}]
)
def test_a_key_that_is_not_echoed_is_none(echo: dict[str, Any]) -> None:
    assert call(**echo).key is None


def test_a_transcript_is_what_was_spoken() -> None:
    turns = [
        USER,
        AGENT,
        {"user": "robot", "text": "One moment"},
        {"user": "agent-action", "text": "x"},
    ]

    assert call(transcripts=turns).transcript == "person: Hello?\nagent: Hi!\nagent: One moment"
    assert call(
        transcripts=[], concatenated_transcript="user: Hello? \n assistant: Hi, \n is this Dana?"
    ).transcript == ("person: Hello?\nagent: Hi, is this Dana?")


def test_the_analysis_is_what_was_made_of_the_call() -> None:
    row = b'{"call_id":"c","summary":"Agreed.","disposition_tag":null,"analysis":{"score": 1.50}}'

    assert reader(detailed=True)(row).analysis == '{"summary":"Agreed.","analysis":{"score": 1.50}}'
    assert call(analysis={}, summary="").analysis is None


@pytest.mark.parametrize(
    "field",
    ["to", "completed", "queue_status", "status", "call_length", "corrected_duration",
     "answered_by", "call_ended_by", "transferred_to", "warm_transfer_call", "transcripts",
     "summary", "analysis", "metadata", "request_data", "variables", "record", "recording_url",
     "price", "started_at", "created_at"],
)  # fmt: skip
def test_any_field_may_be_null(field: str) -> None:
    row = msgspec.json.encode({"call_id": "c_1", field: None})

    assert reader(detailed=True)(row).id == "c_1"


def test_a_call_may_be_known_by_its_short_name_only() -> None:
    assert reader(detailed=False)(b'{"c_id": "c_1"}').id == "c_1"


def test_a_listed_call_is_read_singly_until_the_list_has_all_that_counts() -> None:
    full: dict[str, Any] = {
        **OVER,
        "answered_by": "human",
        "metadata": {"outdial_key": "k1"},
        "price": 0.1,
        "transcripts": [USER],
    }
    unanswered = {**full, "answered_by": "no-answer"}
    del unanswered["transcripts"]

    assert not call(detailed=False, **full).needs_detail
    assert not call(detailed=False, **unanswered).needs_detail
    for name in ("metadata", "price", "status", "transcripts"):
        lacking = {key: value for key, value in full.items() if key != name}
        assert call(detailed=False, **lacking).needs_detail
        assert not call(detailed=True, **lacking).needs_detail


def test_what_comes_late_is_missing() -> None:
    answered: dict[str, Any] = {**OVER, "answered_by": "human", "record": True}

    assert call(**answered).missing == {"cost", "transcript", "recording", "analysis"}
    assert call(**{**answered, "record": False}, price=0.1, transcripts=[USER]).missing == {
        "analysis"
    }
    assert call(status="no-answer", price=0.01).missing == frozenset()


def test_who_answered_may_follow_a_minute_later() -> None:
    early: dict[str, Any] = {**OVER, "price": 0.1, "summary": "x", "transcripts": [USER]}

    assert call(**early, answered_by=None).missing == {"outcome"}
    assert call(**early, answered_by="unknown").missing == frozenset()
    assert call(**early, answered_by="human").missing == frozenset()


# --- The agent block


@pytest.mark.parametrize(
    "block", [{**TASK, "retry": {"wait": 10}}, {**TASK, "options": {"retry": {}}}]
)
def test_a_retry_of_blands_own_is_refused(block: dict[str, Any]) -> None:
    with pytest.raises(pydantic.ValidationError, match="max_attempts"):
        Bland.Agent.model_validate(block)


@pytest.mark.parametrize(
    "block, complaint",
    [
        ({}, "task, pathway_id or persona_id"),
        ({**TASK, "options": {"phone_number": "+13125550101"}}, "phone_number"),
        ({**TASK, "options": {"start_time": "now"}}, "start_time"),
        ({**TASK, "options": {"voice": "june"}}, "voice"),
        ({**TASK, "options": {"metadata": {}}}, "metadata"),
        ({**TASK, "campaign_id": "c"}, "campaign_id cannot be said"),
        ({**LEGACY, "status_webhook": "https://x.example"}, "status_webhook cannot be said"),
        ({**TASK, "api": "v3"}, "v2"),
        ({**TASK, "max_duration": 0}, "max_duration"),
    ],
)
def test_a_block_that_makes_no_sense_is_refused(block: dict[str, Any], complaint: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=complaint):
        Bland.Agent.model_validate(block)


@pytest.mark.parametrize("talk", [{"task": "Hello"}, {"pathway_id": "p"}, {"persona_id": "p"}])
def test_one_of_three_ways_says_what_is_talked_about(talk: dict[str, str]) -> None:
    assert talk.items() <= composed(ORDER, talk)["global"].items()


# --- Ordering


@pytest.mark.parametrize(
    "start, written",
    [
        (datetime(2026, 4, 6, 20, 30, tzinfo=UTC), "2026-04-06 20:30:00+00:00"),
        (datetime(2026, 4, 6, 20, 30, 0, 1, tzinfo=UTC), "2026-04-06 20:30:01+00:00"),
        (
            datetime(2026, 4, 6, 15, 30, tzinfo=timezone(timedelta(hours=-5))),
            "2026-04-06 20:30:00+00:00",
        ),
    ],
)
def test_a_start_time_is_written_as_bland_reads_it_and_never_earlier(
    start: datetime, written: str
) -> None:
    assert composed(replace(ORDER, start_at=start))["global"]["start_time"] == written


def test_legacy_batches_know_no_start_time() -> None:
    with pytest.raises(Unsupported):
        composed(replace(ORDER, start_at=datetime(2026, 4, 6, tzinfo=UTC)), LEGACY)


@pytest.mark.parametrize("label", ["spring", "a-very-long-name-of-a-campaign-" * 3, ""])
@pytest.mark.parametrize("tag", [TAG, "t" * 40])
def test_a_description_has_room_for_the_whole_tag(label: str, tag: str) -> None:
    description = composed(replace(ORDER, label=label, tag=tag))["description"]

    assert len(description) <= 60
    assert description.split()[-1] == tag
    assert description.startswith(label[:10])


def test_one_caller_number_is_shared_and_several_take_turns() -> None:
    one = composed(replace(ORDER, from_numbers=("+13125550199",)))
    two = composed(replace(ORDER, from_numbers=("+13125550198", "+13125550199")))

    assert one["global"]["from"] == "+13125550199"
    assert all("from" not in call for call in one["call_objects"])
    assert "from" not in two["global"]
    assert [call["from"] for call in two["call_objects"]] == ["+13125550198", "+13125550199"]


def test_a_calls_own_caller_number_wins() -> None:
    first, second = ORDER.calls
    own = replace(ORDER, calls=(replace(first, from_number="+13125550197"), second))

    (one, two) = composed(replace(own, from_numbers=("+13125550199",)))["call_objects"]
    assert (one["from"], two["from"]) == ("+13125550197", "+13125550199")


def test_legacy_batches_have_one_caller_number() -> None:
    several = replace(ORDER, from_numbers=("+13125550198", "+13125550199"))
    with pytest.raises(Unsupported):
        composed(several, LEGACY)


def test_a_legacy_variable_cannot_take_the_place_of_the_number() -> None:
    clash = replace(ORDER.calls[0], variables={"phone_number": "theirs"})
    with pytest.raises(Unsupported):
        composed(replace(ORDER, calls=(clash,)), LEGACY)


def test_a_pathway_needs_no_prompt_in_either_generation() -> None:
    assert "base_prompt" not in composed(ORDER, {"api": "v1", "pathway_id": "p"})
    assert "task" not in composed(ORDER, {"pathway_id": "p"})["global"]


# --- Submitting and finding


@pytest.mark.parametrize(
    "answer", [{"data": {"batch_id": "b_1"}}, {"batch_id": "b_1", "data": None}]
)
async def test_the_new_id_is_read_from_either_place(answer: Any) -> None:
    pair = exchange("POST /v2/batches/create", answer, json=composed(ORDER))
    async with bland(pair) as provider:
        receipt = await provider.submit(provider.compose(ORDER), _pass)

    assert receipt.provider_batch_id == "b_1"


async def _pass() -> None:
    """A fence that lets everything pass."""


async def test_a_yes_with_errors_in_it_is_a_doubt_that_keeps_their_words() -> None:
    answer = {"data": None, "errors": [{"error": "VALIDATION", "message": "+13125550101"}]}
    pair = exchange("POST /v2/batches/create", answer, json=composed(ORDER))
    async with bland(pair) as provider:
        with pytest.raises(Ambiguous) as raised:
            await provider.submit(provider.compose(ORDER), _pass)

    assert "VALIDATION" in raised.value.reason
    assert "+1312" not in str(raised.value)


async def test_two_batches_with_our_tag_are_both_found() -> None:
    soon = {"start_time": "2999-01-01 00:00:00+00:00"}
    past = {"start_time": "2026-04-06 20:30:00+00:00"}
    both = [
        {"id": "b_1", "description": f"x {TAG}", "base_prompt": msgspec.json.encode(past).decode()},
        {"id": "b_2", "description": TAG, "base_prompt": msgspec.json.encode(soon).decode()},
        {"id": "b_3", "description": f"x {TAG}", "base_prompt": "not json"},
        {"id": "b_4", "description": f"{TAG} x"},
        {"id": "b_5", "description": f"x{TAG}"},
        {"id": "b_6", "description": None},
    ]
    async with bland(batches(*both), batches(skip=6)) as provider:
        found = await provider.find(SUBMISSION)

    assert [(hit.provider_batch_id, hit.dialling) for hit in found] == [
        ("b_1", True),
        ("b_2", False),
        ("b_3", True),
    ]


async def test_batches_that_are_given_again_and_again_are_refused() -> None:
    same = {"id": "b_9", "description": "x"}
    async with bland(batches(same), batches(same, skip=1)) as provider:
        with pytest.raises(Unreadable):
            await provider.find(SUBMISSION)


async def test_a_batch_that_no_list_shows_is_found_by_its_calls() -> None:
    listed = {"call_id": "c_1", "batch_id": "b_1", "created_at": "2026-04-06T20:30:02Z"}
    twin = {**listed, "call_id": "c_2"}
    single = {**listed, "metadata": {"outdial_tag": TAG, "outdial_key": "k1"}}
    pairs = (
        batches({"id": "b_0", "description": "x"}),
        batches(skip=1),
        listing({"call_id": "c_0", "batch_id": "b_0"}, listed, twin, total=3, filters=SINCE),
        exchange("GET /v1/calls/c_1", single),
    )
    async with bland(*pairs) as provider:
        (hit,) = await provider.find(SUBMISSION)

    assert (hit.provider_batch_id, hit.dialling, hit.call_ids) == ("b_1", True, {"k1": "c_1"})


async def test_a_legacy_batch_that_no_list_shows_is_found_by_its_calls_too() -> None:
    window = {"from": "0", "to": "200", "limit": "200", "ascending": "true"}
    call_row = {"call_id": "c_1", "batch_id": "b_1", "variables": {"outdial_tag": TAG}}
    pairs = (
        exchange("GET /v1/batches", {"status": "success", "batches": []}, query=window),
        listing(call_row, filters=SINCE),
    )
    async with bland(*pairs, agent=LEGACY) as provider:
        (hit,) = await provider.find(SUBMISSION)

    assert hit.provider_batch_id == "b_1"


# --- Status


@pytest.mark.parametrize(
    "word, progress",
    [
        ("validating", Progress.RUNNING),
        ("dispatching", Progress.RUNNING),
        ("in_progress", Progress.RUNNING),
        ("in_progress_chunked", Progress.RUNNING),
        ("waiting_for_scheduled_calls", Progress.SCHEDULED),
        ("completed", Progress.COMPLETED),
        ("completed_partial", Progress.COMPLETED),
        ("failed", Progress.FAILED),
        ("stopped", Progress.UNKNOWN),
    ],
)
async def test_every_state_of_a_batch_has_its_meaning(word: str, progress: Progress) -> None:
    async with bland(logs(phase(word), phase("validating"))) as provider:
        status = await provider.status(BATCH)

    assert (status.progress, status.word) == (progress, word)


@pytest.mark.parametrize("failed, word", [(0, "completed"), (1, "completed_partial")])
async def test_a_batch_that_is_complete_is_so_whatever_is_logged_later(
    failed: int, word: str
) -> None:
    async with bland(logs(phase("in_progress"), complete(failed), phase("x"))) as provider:
        status = await provider.status(BATCH)

    assert (status.progress, status.word, status.total) == (Progress.COMPLETED, word, 2)


async def test_a_batch_with_an_empty_log_is_accepted_and_not_begun() -> None:
    async with bland(logs()) as provider:
        assert (await provider.status(BATCH)).progress is Progress.SCHEDULED


async def test_a_log_is_read_on_until_an_entry_tells_something() -> None:
    chatter = [{"id": f"e_{n}", "event_type": "note", "payload": None} for n in range(50)]
    odd = {"event_type": "lifecycle", "payload": "text"}
    async with bland(logs(*chatter), logs(odd, 7, phase("in_progress"), skip=50)) as provider:
        assert (await provider.status(BATCH)).progress is Progress.RUNNING


async def test_a_log_that_is_given_again_and_again_is_refused() -> None:
    chatter = [{"id": f"e_{n}", "event_type": "note", "payload": None} for n in range(50)]
    async with bland(logs(*chatter), logs(*chatter, skip=50)) as provider:
        with pytest.raises(Unreadable):
            await provider.status(BATCH)


@pytest.mark.parametrize(
    "code, error", [("AUTH_FAILURE", Unauthorized), ("BATCH_NOT_READY", Unreadable)]
)
async def test_errors_in_a_yes_are_errors(code: str, error: type[ProviderError]) -> None:
    query = {"take": "50", "skip": "0", "direction": "desc"}
    answer = {"data": None, "errors": [{"error": code, "message": "no"}]}
    async with bland(exchange("GET /v2/batches/b_1/logs", answer, query=query)) as provider:
        with pytest.raises(error):
            await provider.status(BATCH)


@pytest.mark.parametrize(
    "analysis, total, remaining",
    [
        ({"total_calls": 5, "completed_calls": 2}, 5, 3),
        ({"total_calls": {}, "completed_calls": {}}, None, None),
        ({"total_calls": 5}, 5, None),
        ({"total_calls": 1, "completed_calls": 2}, 1, 0),
        (None, None, None),
    ],
)
async def test_a_legacy_status_counts_as_far_as_it_can(
    analysis: object, total: int | None, remaining: int | None
) -> None:
    query = {"include_calls": "false", "include_transcripts": "false"}
    answer = {"status": "in-progress", "analysis": analysis}
    async with bland(
        exchange("GET /v1/batches/b_1", answer, query=query), agent=LEGACY
    ) as provider:
        status = await provider.status(BATCH)

    assert (status.progress, status.total, status.remaining) == (
        Progress.RUNNING,
        total,
        remaining,
    )


# --- Paging


async def swept(*pairs: Exchange) -> list[str]:
    async with bland(*pairs) as provider:
        page = await provider.page(BATCH)
        found = list(page.calls)
        while page.next is not None:
            page = await provider.page(BATCH, page.next)
            found += page.calls
    return [row.call.id for row in found if row.call]


async def test_a_full_page_is_never_the_last_though_the_total_says_so() -> None:
    found = await swept(
        listing(*rows(200), total=200), listing(*rows(1, 200), start=200, total=200)
    )

    assert len(found) == 201


async def test_a_short_page_is_the_last_unless_the_total_speaks_of_more() -> None:
    assert len(await swept(listing(*rows(3)))) == 3
    assert len(await swept(listing(*rows(3), total=3))) == 3
    assert len(await swept(listing(*rows(3), total=4), listing(*rows(1, 3), start=3, total=4))) == 4


async def test_a_total_that_is_too_high_ends_with_an_empty_page() -> None:
    assert len(await swept(listing(*rows(3), total=9), listing(start=3, total=9))) == 3


async def test_a_limit_that_is_ignored_loses_nothing() -> None:
    assert len(await swept(listing(*rows(300)), listing(start=300))) == 300


async def test_places_that_are_ignored_are_noticed() -> None:
    with pytest.raises(Unreadable):
        await swept(listing(*rows(200)), listing(*rows(200), start=200))


@pytest.mark.parametrize("answer", [{}, {"calls": {}}, {"calls": "none"}, {"data": []}, []])
async def test_an_answer_that_is_no_page_is_no_empty_page(answer: object) -> None:
    pair = listing()
    pair = exchange("GET /v1/calls", answer, query=pair[0].query)
    with pytest.raises(Unreadable):
        await swept(pair)


async def test_a_legacy_page_has_no_next() -> None:
    async with bland(agent=LEGACY) as provider:
        with pytest.raises(Unreadable):
            await provider.page(BATCH, '{"start":200}')


# --- Single calls, stopping, checking


@pytest.mark.parametrize("call_id", ["", "active"])
async def test_an_id_that_is_the_name_of_another_endpoint_is_no_call(call_id: str) -> None:
    async with bland() as provider:
        with pytest.raises(NotFound):
            await provider.detail(call_id)


def stopped(answer: object, status: int = 200) -> Exchange:
    return exchange("POST /v2/batches/b_1/stop", answer, status)


@pytest.mark.parametrize(
    "refusal",
    [
        stopped({"data": None, "errors": [{"error": "BATCH_OVER", "message": "over"}]}, 400),
        stopped({"data": None, "errors": [{"error": "BATCH_OVER", "message": "over"}]}),
    ],
)
async def test_a_stop_that_is_refused_is_no_fault_if_the_batch_is_over(refusal: Exchange) -> None:
    async with bland(refusal, logs(complete())) as provider:
        await provider.stop(BATCH)

    async with bland(refusal, logs(phase("in_progress"))) as provider:
        with pytest.raises(Rejected):
            await provider.stop(BATCH)


async def test_a_submission_without_a_batch_cannot_be_looked_at() -> None:
    unknown = BatchRef(submissions=(replace(SUBMISSION, provider_batch_id=None),))
    async with bland() as provider:
        with pytest.raises(NotFound):
            await provider.page(unknown)


@pytest.mark.parametrize(
    "billing, detail, warned",
    [
        ({"current_balance": 182.5}, "the account is active, $182.50 left", False),
        ({"current_balance": 1}, "the account is active, $1.00 left", True),
        (None, "the account is active", False),
    ],
)
async def test_a_check_tells_what_is_left(billing: object, detail: str, warned: bool) -> None:
    pair = exchange("GET /v1/me", {"status": "active", "billing": billing})
    async with connected("bland", pair) as http:
        account = await Bland.check(http)

    assert (account.detail, bool(account.warnings)) == (detail, warned)


async def test_a_check_that_fails_with_a_yes_fails() -> None:
    pair = exchange("GET /v1/me", {"errors": [{"error": "AUTH_FAILURE", "message": "no"}]})
    async with connected("bland", pair) as http:
        with pytest.raises(Unauthorized):
            await Bland.check(http)
