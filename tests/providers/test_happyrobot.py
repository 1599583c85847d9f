from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec
import pydantic
import pytest

from campaign.calls import Call, Order
from campaign.errors import Ambiguous, RateLimited, Rejected, Transient, Unreadable, Unsupported
from campaign.words import AnsweredBy, Outcome
from providers.happyrobot.adapter import HappyRobot
from providers.happyrobot.agent import AgentBlock
from providers.happyrobot.wire import read_call, scrub
from providers.happyrobot.words import LIVE, OUTCOMES, WAITING, verdict
from providers.http import Http
from tests.providers.replay import example, recording
from tests.providers.wired import answered, asked, batch, opened, order, passing

PLAY = example("happyrobot")
AGENT = PLAY.agent
KEYS = [call.key for call in PLAY.order.calls]
IDS = list(PLAY.call_ids.values())
LIST = "/api/v1/calls"
SUBMIT = "/api/v1/dial/outbound-batched"


def call(**changes: Any) -> dict[str, Any]:
    return {"id": IDS[0], "status": "Completed", "metadata": {"to": "+13125550101"}, **changes}


def read(**changes: Any) -> Call:
    return read_call(msgspec.json.encode(call(**changes)))


def composed(wish: Order, agent: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    adapter = HappyRobot.open(Http(HappyRobot.base_url, {}), agent or AGENT)
    return msgspec.json.decode(adapter.compose(wish))


def listing(skip: int) -> dict[str, str]:
    return {
        "type": "Outbound",
        "use_cases": AGENT["use_case_id"],
        "from": "2025-03-04T14:50:00.000Z",
        "sort": "asc",
        "limit": "500",
        "skip": str(skip),
    }


# --- Words


DOCUMENTED = {
    "Scheduled": (False, Outcome.UNKNOWN),
    "Queued": (False, Outcome.UNKNOWN),
    "Initiated": (False, Outcome.UNKNOWN),
    "Ringing": (False, Outcome.UNKNOWN),
    "In progress": (False, Outcome.UNKNOWN),
    "Transferred": (False, Outcome.UNKNOWN),
    "Completed": (True, Outcome.ANSWERED),
    "AMD Terminated": (True, Outcome.VOICEMAIL),
    "Busy": (True, Outcome.BUSY),
    "No answer": (True, Outcome.NO_ANSWER),
    "Canceled": (True, Outcome.CANCELLED),
    "Failed": (True, Outcome.FAILED),
    # Snapshots of 2024.
    "Dialing": (False, Outcome.UNKNOWN),
    "Connected": (False, Outcome.UNKNOWN),
    "Ended": (True, Outcome.ANSWERED),
    "Missed": (True, Outcome.NO_ANSWER),
    "Abandoned": (True, Outcome.FAILED),
}


@pytest.mark.parametrize("status", DOCUMENTED)
def test_every_documented_status_is_read(status: str) -> None:
    assert verdict(status, has_duration=False) == DOCUMENTED[status]
    assert read(status=status).outcome is DOCUMENTED[status][1]


def test_no_word_of_ours_is_undocumented() -> None:
    words = {status.casefold() for status in DOCUMENTED} | {"cancelled"}

    assert {*OUTCOMES, *WAITING, *LIVE} <= words


@pytest.mark.parametrize("status", ["In progress", "Queued", "Ringing"])
def test_a_duration_does_not_end_a_call_that_is_known_to_go_on(status: str) -> None:
    assert not read(status=status, duration=12).over


def test_a_transferred_call_is_over_once_it_has_a_duration() -> None:
    assert not read(status="Transferred").over
    assert read(status="Transferred", duration=40).outcome is Outcome.TRANSFERRED


def test_an_unknown_status_is_no_end_without_a_duration() -> None:
    assert not read(status="Levitating").over
    assert read(status="Levitating", duration=3).over
    assert read(status="Levitating", duration=3).ended_reason == "Levitating"


@pytest.mark.parametrize("status", [None, ""])
def test_a_call_without_a_status_goes_on(status: str | None) -> None:
    assert read(status=status).outcome is Outcome.UNKNOWN
    assert not read(status=status).over


def test_a_completed_call_may_have_been_a_mailbox() -> None:
    assert read().answered_by is AnsweredBy.UNKNOWN
    assert read(status="AMD Terminated").answered_by is AnsweredBy.MACHINE


# --- Fields


def test_our_key_is_read_wrapped_or_bare() -> None:
    wrapped = {"to": "+13125550101", "custom": {"outdial_key": "k1"}}

    assert read(metadata=wrapped).key == "k1"
    assert read(metadata={"outdial_key": "k1", "custom": None}).key == "k1"
    assert read(metadata=None).key is None
    assert read(metadata={"custom": {"outdial_key": 7}}).key is None


def test_a_number_without_its_plus_is_e164_all_the_same() -> None:
    assert read(metadata={"to": "13125550101"}).to == "+13125550101"
    assert read(metadata={"to": "sip:ada@example.org"}).to == "sip:ada@example.org"


def test_the_analysis_is_what_the_ai_extracted_and_how_it_classified() -> None:
    said = read(extraction={"interested": "yes"}, classification=None).analysis

    assert said == '{"extraction":{"interested":"yes"}}'
    assert read(extraction={}, classification=None).analysis is None


def test_null_and_missing_fields_never_break_a_call() -> None:
    bare = {"id": "x"}
    nulls = dict.fromkeys(("status", "metadata", "duration", "created", "extraction"))

    assert read_call(msgspec.json.encode(bare)) == read_call(msgspec.json.encode(bare | nulls))


def test_the_use_case_is_reduced_to_its_name() -> None:
    recorded = bytes(recording("happyrobot", "finished").pairs[0].response.content)
    row = msgspec.json.decode(recorded)["calls"][0]

    kept = msgspec.json.decode(scrub(msgspec.json.encode(row)))

    assert kept["use_case"] == {"id": AGENT["use_case_id"], "name": "Kate"}
    assert kept["params"] == row["params"]


# --- Composing


def test_every_field_of_the_request_is_said_where_it_is_wished() -> None:
    first, _ = composed(PLAY.order)

    assert first.keys() == {
        "number_id", "phone_number", "use_case_id", "prompt_id", "agent_id", "model_id",
        "language", "params", "metadata", "campaign_id", "scheduled_for", "max_duration_mins",
    }  # fmt: skip
    assert first["scheduled_for"] == "2025-03-04T15:05:00.000Z"
    assert first["metadata"] == {
        "team": "renewals",
        "outdial_tag": PLAY.order.tag,
        "outdial_key": KEYS[0],
    }


def test_what_is_not_wished_is_not_said() -> None:
    wish = replace(PLAY.order, start_at=None)

    first, _ = composed(wish, {"use_case_id": AGENT["use_case_id"]})

    assert first.keys() == {"number_id", "phone_number", "use_case_id", "params", "metadata"}


def test_caller_numbers_take_turns_unless_a_call_has_its_own() -> None:
    mine, own = "65f1c0aa0000000000000002", "65f1c0aa0000000000000003"
    calls = (*PLAY.order.calls, replace(PLAY.order.calls[0], key="k3", from_number=own))
    numbers = (PLAY.order.from_numbers[0], mine)

    said = composed(replace(PLAY.order, calls=calls, from_numbers=numbers))

    assert [element["number_id"] for element in said] == [numbers[0], mine, own]


@pytest.mark.parametrize("numbers", [(), ("+13125550199",)])
def test_a_caller_number_that_is_no_id_is_refused_before_anything_is_sent(
    numbers: tuple[str, ...],
) -> None:
    with pytest.raises(Unsupported, match="24 characters"):
        composed(replace(PLAY.order, from_numbers=numbers))


def test_more_calls_than_the_chunk_are_refused() -> None:
    with pytest.raises(Unsupported, match="at most 1"):
        composed(PLAY.order, {**AGENT, "chunk": 1})


def test_the_chunk_is_the_most_that_a_lost_answer_leaves_in_doubt() -> None:
    opened_with = HappyRobot.open(Http(HappyRobot.base_url, {}), {**AGENT, "chunk": 7})

    assert opened_with.capabilities.batch_limit == 7
    assert HappyRobot.variants()[""].batch_limit == 25


@pytest.mark.parametrize(
    "block, remedy",
    [
        ({"assistant_id": "65f1c0aa0000000000000010"}, "use use_case_id instead"),
        ({"voice_id": "v"}, "use agent_id instead"),
        ({"model": "Fast"}, "use model_id instead"),
        ({"use_case_id": "too-short"}, "24 characters"),
        ({"language": "xx-XX"}, "en-US"),
        ({"metadata": {"outdial_key": "mine"}}, "choose another"),
        ({"chunk": 0}, "greater than or equal to 1"),
    ],
)
def test_an_agent_block_that_cannot_work_says_how_to_mend_it(
    block: dict[str, Any], remedy: str
) -> None:
    with pytest.raises(pydantic.ValidationError, match=remedy):
        AgentBlock.model_validate(block)


@pytest.mark.parametrize("language", ["en-US", "it-IT", "es-CO", "sv-SE"])
def test_the_languages_of_the_reference_and_later_ones_are_known(language: str) -> None:
    assert AgentBlock.model_validate({"language": language}).language == language


# --- Submitting


async def submitted(answer: Any, status: int = 200) -> dict[str, str]:
    body = msgspec.json.decode(
        HappyRobot.open(Http(HappyRobot.base_url, {}), AGENT).compose(PLAY.order)
    )
    wire = (asked("POST", SUBMIT, body), answered(answer, status))
    async with opened("happyrobot", AGENT, wire) as adapter:
        receipt = await adapter.submit(adapter.compose(PLAY.order), passing)
    assert receipt.provider_batch_id == PLAY.order.tag
    assert receipt.refused == {}
    return dict(receipt.call_ids)


async def test_calls_are_matched_by_number_where_metadata_is_not_echoed() -> None:
    answer = [
        {"id": IDS[1], "metadata": {"to": "13125550102"}},
        {"id": IDS[0], "metadata": {"to": "+1 312 555 0101"}},
    ]

    assert await submitted(answer) == {KEYS[1]: IDS[1], KEYS[0]: IDS[0]}


async def test_a_call_that_the_answer_leaves_out_stays_without_verdict() -> None:
    answer = [
        {"id": IDS[0], "metadata": {"custom": {"outdial_key": KEYS[0]}}},
        {"id": None, "metadata": {"custom": {"outdial_key": KEYS[1]}}},
    ]

    assert await submitted(answer) == {KEYS[0]: IDS[0]}


async def test_a_number_that_was_sent_twice_tells_nothing_without_the_key() -> None:
    first, second = PLAY.order.calls
    wish = order("happyrobot", calls=(first, replace(second, to=first.to)))
    rows = [{"id": call_id, "metadata": {"to": first.to}} for call_id in IDS]
    wire = (asked("POST", SUBMIT, composed(wish)), answered(rows))
    async with opened("happyrobot", AGENT, wire) as adapter:
        receipt = await adapter.submit(adapter.compose(wish), passing)

    assert receipt.call_ids == {}


async def test_calls_are_never_matched_by_their_place() -> None:
    assert await submitted([{"id": IDS[0]}, {"id": IDS[1]}]) == {}


async def test_an_answer_of_one_object_is_read_too() -> None:
    answer = {"id": IDS[0], "metadata": {"custom": {"outdial_key": KEYS[0]}}}

    assert await submitted(answer) == {KEYS[0]: IDS[0]}


@pytest.mark.parametrize("answer", [[], {}, {"error": "no"}, [7], "ok", None])
async def test_a_yes_without_any_id_is_a_doubt(answer: Any) -> None:
    with pytest.raises(Ambiguous):
        await submitted(answer)


async def test_a_400_to_several_calls_is_a_doubt_since_some_may_have_been_placed() -> None:
    with pytest.raises(Ambiguous):
        await submitted({"message": "bad element"}, 400)


async def test_a_400_to_a_single_call_is_a_refusal() -> None:
    wish = order("happyrobot", calls=PLAY.order.calls[:1])
    body = composed(wish)
    wire = (asked("POST", SUBMIT, body), answered({"message": "bad element"}, 400))
    async with opened("happyrobot", AGENT, wire) as adapter:
        with pytest.raises(Rejected):
            await adapter.submit(adapter.compose(wish), passing)


# --- Looking


async def test_a_short_page_is_the_last_whatever_their_count_says() -> None:
    wire = (
        asked("GET", LIST, **listing(0)),
        answered({"calls": [call()], "count": 9000, "limit": 500, "offset": 0}),
    )
    async with opened("happyrobot", AGENT, wire) as adapter:
        page = await adapter.page(batch("happyrobot"))

    assert page.next is None
    assert page.total == 9000


async def test_a_count_that_is_too_low_ends_nothing() -> None:
    full = [call(id=f"{n:024d}") for n in range(500)]
    wire = (asked("GET", LIST, **listing(0)), answered({"calls": full, "count": 1}))
    async with opened("happyrobot", AGENT, wire) as adapter:
        page = await adapter.page(batch("happyrobot"))

    assert page.next is not None


async def test_a_list_that_ignores_our_place_is_an_error_and_no_circle() -> None:
    same = answered({"calls": [call(), call(id=IDS[1])], "count": 4, "limit": 2})
    wire = [(asked("GET", LIST, **listing(skip)), same) for skip in (0, 2)]
    async with opened("happyrobot", AGENT, *wire) as adapter:
        page = await adapter.page(batch("happyrobot"))
        with pytest.raises(Unreadable, match="same page"):
            await adapter.page(batch("happyrobot"), page.next)


async def test_an_answer_without_calls_is_no_empty_page() -> None:
    wire = (asked("GET", LIST, **listing(0)), answered({"count": 0}))
    async with opened("happyrobot", AGENT, wire) as adapter:
        with pytest.raises(Unreadable):
            await adapter.page(batch("happyrobot"))


async def test_a_submission_is_found_by_its_keys_where_the_tag_is_lost() -> None:
    row = call(metadata={"to": "+13125550102", "custom": {"outdial_key": KEYS[1]}})
    wire = (asked("GET", LIST, **listing(0)), answered({"calls": [row], "count": 1}))
    async with opened("happyrobot", AGENT, wire) as adapter:
        (found,) = await adapter.find(batch("happyrobot").submissions[0])

    assert found.call_ids == {KEYS[1]: IDS[0]}


async def test_calls_that_are_all_scheduled_have_not_begun_to_dial() -> None:
    row = call(
        status="Scheduled",
        created="2025-03-04T15:00:01Z",
        metadata={"custom": {"outdial_key": KEYS[0], "outdial_tag": PLAY.order.tag}},
    )
    wire = (asked("GET", LIST, **listing(0)), answered({"calls": [row], "count": 1}))
    async with opened("happyrobot", AGENT, wire) as adapter:
        (found,) = await adapter.find(batch("happyrobot").submissions[0])

    assert not found.dialling
    assert found.created_at == datetime(2025, 3, 4, 15, 0, 1, tzinfo=UTC)


# --- Reading singly


async def detailed(*answers: Any) -> Call:
    paths = [f"{LIST}/{IDS[0]}", f"{LIST}/{IDS[0]}/transcript"]
    wire = [(asked("GET", path), answer) for path, answer in zip(paths, answers, strict=False)]
    async with opened("happyrobot", AGENT, *wire) as adapter:
        row = await adapter.detail(IDS[0])
    assert row.call is not None
    return row.call


async def test_the_words_of_agent_and_person_are_kept_and_nothing_else() -> None:
    pairs = recording("happyrobot", "detail").pairs

    said = await detailed(*[pair.response for pair in pairs])

    assert said.transcript == (
        "agent: Hello, is this Dana?\nperson: Yes, the Tuesday slot is fine."
    )
    assert said.started_at == datetime(2025, 3, 4, 15, 0, 12, 500_000, tzinfo=UTC)
    assert said.ended_at == datetime(2025, 3, 4, 15, 1, 25, 500_000, tzinfo=UTC)
    assert said.missing == frozenset()


async def test_both_answers_of_a_single_read_are_kept() -> None:
    async with opened(
        "happyrobot",
        AGENT,
        *[(pair.request, pair.response) for pair in recording("happyrobot", "detail").pairs],
    ) as adapter:
        row = await adapter.detail(IDS[0])

    kept = msgspec.json.decode(row.raw)
    assert kept["call"]["status"] == "Completed"
    assert len(kept["transcript"]["messages"]) == 5


async def test_a_transcript_with_a_byte_order_mark_leaves_both_answers_readable() -> None:
    call, words = recording("happyrobot", "detail").pairs
    marked = answered(text="\ufeff" + msgspec.json.encode(words.response.json).decode())
    wire = [(call.request, call.response), (words.request, marked)]
    async with opened("happyrobot", AGENT, *wire) as adapter:
        row = await adapter.detail(IDS[0])

    assert len(msgspec.json.decode(row.raw)["transcript"]["messages"]) == 5


@pytest.mark.parametrize("status", ["No answer", "Busy", "Canceled", "Failed", "Ringing"])
async def test_no_transcript_is_asked_for_where_nobody_talked(status: str) -> None:
    said = await detailed(answered(call(status=status)))

    assert said.missing == frozenset()
    assert not said.needs_detail


@pytest.mark.parametrize(
    "answer",
    [
        answered({"message": "no transcript"}, 404),
        answered(text="<html>"),
        answered({"messages": []}),
        answered({"messages": None, "start_time": "soon"}),
    ],
)
async def test_a_transcript_that_is_not_there_yet_stays_missing_and_costs_no_result(
    answer: Any,
) -> None:
    said = await detailed(answered(call()), answer)

    assert said.outcome is Outcome.ANSWERED
    assert said.missing == {"transcript"}
    assert not said.needs_detail


# --- Stopping


async def stop(*wire: Any) -> None:
    ids = dict(zip(IDS, KEYS, strict=True))
    async with opened("happyrobot", AGENT, *wire) as adapter:
        await adapter.stop(batch("happyrobot", ids=ids))


def look(which: int, status: str) -> Any:
    return asked("GET", f"{LIST}/{IDS[which]}"), answered(call(id=IDS[which], status=status))


async def test_calls_that_are_over_are_left_alone() -> None:
    await stop(look(0, "Completed"), look(1, "Levitating"))


@pytest.mark.parametrize("hung_up", [answered(call()), answered({"message": "ended"}, 409)])
async def test_a_call_that_rings_before_it_is_cancelled_is_hung_up(hung_up: Any) -> None:
    lost = (asked("POST", f"{LIST}/{IDS[0]}/cancel"), answered({"message": "no"}, 409))
    gone = (asked("GET", f"{LIST}/{IDS[1]}"), answered({"message": "not found"}, 404))

    await stop(look(0, "Scheduled"), lost, gone, (asked("POST", f"{LIST}/{IDS[0]}/stop"), hung_up))


async def test_one_call_that_cannot_be_stopped_does_not_keep_the_others_going() -> None:
    failing = (asked("GET", f"{LIST}/{IDS[0]}"), answered({}, 503))
    other = (asked("POST", f"{LIST}/{IDS[1]}/cancel"), answered(call()))

    with pytest.raises(Transient):
        await stop(failing, look(1, "Scheduled"), other)


async def test_who_waits_is_cancelled_before_a_line_is_freed_that_would_ring_them() -> None:
    cancel = (asked("POST", f"{LIST}/{IDS[1]}/cancel"), answered(call()))
    hang_up = (asked("POST", f"{LIST}/{IDS[0]}/stop"), answered(call()))

    await stop(look(0, "Ringing"), look(1, "Scheduled"), cancel, hang_up)


@pytest.mark.parametrize(
    "answer, error", [(answered({}, 503), Transient), (answered("<html>"), Unreadable)]
)
async def test_who_talks_is_hung_up_although_another_call_cannot_be_read(
    answer: Any, error: type[Exception]
) -> None:
    failing = (asked("GET", f"{LIST}/{IDS[1]}"), answer)
    hang_up = (asked("POST", f"{LIST}/{IDS[0]}/stop"), answered(call()))

    with pytest.raises(error):
        await stop(look(0, "Ringing"), failing, hang_up)


async def test_a_provider_that_asks_for_patience_is_obeyed_at_once() -> None:
    with pytest.raises(RateLimited):
        await stop((asked("GET", f"{LIST}/{IDS[0]}"), answered({}, 429)))
