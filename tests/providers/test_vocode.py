from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec
import pydantic
import pytest

from campaign.calls import Call, Order
from campaign.errors import RateLimited, Transient, Unreadable, Unsupported
from campaign.words import AnsweredBy, Outcome
from providers.http import Http
from providers.vocode.adapter import Vocode
from providers.vocode.agent import AgentBlock
from providers.vocode.wire import reader, scrub
from providers.vocode.words import STAGE_OUTCOMES
from tests.providers.replay import example, recording
from tests.providers.wired import answered, asked, batch, connected, opened, passing

PLAY = example("vocode")
AGENT = PLAY.agent
FLUENTS = {**AGENT, "dialect": "fluents", "telephony_provider": "vonage"}
KEYS, IDS = list(PLAY.call_ids), list(PLAY.call_ids.values())
LIST, ONE, END = "/v1/calls/list", "/v1/calls", "/v1/calls/end"


def read(**changes: Any) -> Call:
    row = {"id": IDS[0], "status": "ended", "stage": "created", "to_number": "13125550101"}
    return reader("vocode")(msgspec.json.encode(row | changes))


def composed(wish: Order, agent: dict[str, Any] | None = None) -> dict[str, Any]:
    adapter = Vocode.open(Http(Vocode.base_url, {}), agent or AGENT)
    return msgspec.json.decode(adapter.compose(wish))


def listing(page: int) -> dict[str, str]:
    return {"page": str(page), "size": "50"}


# --- Words


def carrier(word: str) -> dict[str, Any]:
    return {"type": "telephony_metadata_twilio", "call_status": word}


DEAD = {"stage_outcome": "call_did_not_connect"}
PICKED_UP = {"stage": "picked_up", "human_detection_result": "human"}


@pytest.mark.parametrize(
    "said, outcome, reason",
    [
        ({"status": "error"}, Outcome.FAILED, "error"),
        (
            {"status": "error", "error_message": "no line", "stage": "transfer_successful"},
            Outcome.FAILED,
            "error: no line",
        ),
        ({"stage": "transfer_successful"}, Outcome.TRANSFERRED, "transfer_successful"),
        ({"stage_outcome": "transfer_disconnected"}, Outcome.TRANSFERRED, "transfer_disconnected"),
        ({"stage_outcome": "transfer_unanswered"}, Outcome.ANSWERED, "transfer_unanswered"),
        (
            {**DEAD, "telephony_metadata": carrier("busy")},
            Outcome.BUSY,
            "call_did_not_connect (busy)",
        ),
        (
            {**DEAD, "telephony_metadata": carrier("no-answer")},
            Outcome.NO_ANSWER,
            "call_did_not_connect (no-answer)",
        ),
        (
            {**DEAD, "telephony_metadata": carrier("canceled")},
            Outcome.CANCELLED,
            "call_did_not_connect (canceled)",
        ),
        (
            {**DEAD, "telephony_metadata": carrier("failed")},
            Outcome.FAILED,
            "call_did_not_connect (failed)",
        ),
        (
            {**DEAD, "telephony_metadata": {"type": "telephony_metadata_vonage"}},
            Outcome.FAILED,
            "call_did_not_connect",
        ),
        (
            {**DEAD, "human_detection_result": "no_human"},
            Outcome.FAILED,
            "call_did_not_connect",
        ),
        ({"stage_outcome": "human_unanswered"}, Outcome.NO_ANSWER, "human_unanswered"),
        (
            {**PICKED_UP, "stage_outcome": "human_disconnected"},
            Outcome.ANSWERED,
            "human_disconnected",
        ),
        ({**PICKED_UP, "stage_outcome": "bot_disconnected"}, Outcome.ANSWERED, "bot_disconnected"),
        (PICKED_UP, Outcome.ANSWERED, "picked_up"),
        ({"stage": "transfer_started"}, Outcome.UNKNOWN, "transfer_started"),
        ({}, Outcome.UNKNOWN, "created"),
        ({"stage": None}, Outcome.UNKNOWN, "ended"),
    ],
)
def test_what_was_said_becomes_an_outcome(
    said: dict[str, Any], outcome: Outcome, reason: str
) -> None:
    call = read(**said)

    assert (call.over, call.outcome, call.ended_reason) == (True, outcome, reason)


@pytest.mark.parametrize(
    "ended", [None, "human_unanswered", "bot_disconnected", "human_disconnected"]
)
def test_a_machine_is_a_mailbox_whoever_hung_up(ended: str | None) -> None:
    call = read(human_detection_result="no_human", stage="picked_up", stage_outcome=ended)

    assert (call.outcome, call.answered_by) == (Outcome.VOICEMAIL, AnsweredBy.MACHINE)


@pytest.mark.parametrize(
    "ended,outcome",
    [
        ("transfer_unanswered", Outcome.ANSWERED),
        ("transfer_disconnected", Outcome.TRANSFERRED),
        ("operator_intercept", Outcome.UNKNOWN),
    ],
)
def test_a_detected_machine_does_not_outweigh_how_the_call_ended(
    ended: str, outcome: Outcome
) -> None:
    call = read(human_detection_result="no_human", stage="picked_up", stage_outcome=ended)

    assert call.outcome is outcome


def test_a_word_that_nobody_documented_is_not_guessed_at_though_somebody_picked_up() -> None:
    assert read(**PICKED_UP, stage_outcome="operator_intercept").outcome is Outcome.UNKNOWN


def test_every_documented_stage_outcome_is_known() -> None:
    assert set(STAGE_OUTCOMES) == {
        "human_unanswered",
        "call_did_not_connect",
        "human_disconnected",
        "bot_disconnected",
        "transfer_unanswered",
        "transfer_disconnected",
    }


@pytest.mark.parametrize("status", ["not_started", "in_progress", "parked", None])
def test_a_call_that_has_not_ended_has_no_outcome(status: str | None) -> None:
    call = read(status=status, **PICKED_UP, end_time=1726754475)

    assert (call.over, call.outcome, call.ended_reason) == (False, Outcome.UNKNOWN, "")
    assert (call.ended_at, call.missing) == (None, frozenset())


# --- Fields


@pytest.mark.parametrize(
    "start, end",
    [
        (1726754401.2, 1726754475.9),
        (1726754401200, 1726754475900),
        ("2024-09-19T14:00:01.200Z", "2024-09-19T14:01:15.900Z"),
        ("2024-09-19T14:00:01.2", "2024-09-19T16:01:15.9+02:00"),
    ],
)
def test_times_are_read_in_both_forms(start: Any, end: Any) -> None:
    call = read(start_time=start, end_time=end)

    assert call.started_at == datetime(2024, 9, 19, 14, 0, 1, 200_000, tzinfo=UTC)
    assert call.duration_seconds == pytest.approx(74.7)


@pytest.mark.parametrize("wrong", [None, "soon", 0, -1, 1e300, True, {}])
def test_a_time_that_is_none_costs_no_result(wrong: Any) -> None:
    call = read(start_time=wrong, end_time=1726754475, stage_outcome="human_unanswered")

    assert (call.started_at, call.duration_seconds) == (None, None)
    assert call.outcome is Outcome.NO_ANSWER


def test_numbers_are_e164_with_or_without_their_plus() -> None:
    assert read(to_number="13125550101").to == read(to_number="+1 312 555 0101").to
    assert read(to_number=None).to is None


@pytest.mark.parametrize("said, opted_out", [(True, True), (False, False), (None, False)])
def test_who_asked_for_no_more_calls_has_opted_out(said: bool | None, opted_out: bool) -> None:
    assert read(do_not_call_result=said).opted_out is opted_out


def test_a_foreign_call_has_no_key() -> None:
    assert read(context=None).key is None
    assert read(context={"outdial_key": 7}).key is None
    assert read(context={"outdial_key": "k1"}).key == "k1"


def test_what_settles_after_the_end_is_named_while_it_is_missing() -> None:
    assert read(**PICKED_UP).missing == {"outcome", "transcript"}
    assert read(**PICKED_UP, stage_outcome="human_disconnected").missing == {"transcript"}
    assert read(status="error").missing == frozenset()
    private = read(**PICKED_UP, stage_outcome="human_disconnected", hipaa_compliant=True)
    assert private.missing == frozenset()


def test_the_transcript_is_told_line_by_line() -> None:
    assert read(transcript="BOT: Hi\nHUMAN: Hello,\nwho is it?").transcript == (
        "agent: Hi\nperson: Hello, who is it?"
    )
    assert read(transcript="no speakers here").transcript == "no speakers here"


def test_a_recording_is_at_the_providers_own_address() -> None:
    row = msgspec.json.encode({"id": IDS[0], "recording_available": True})

    assert reader("vocode")(row).recording_url == (
        f"https://api.vocode.dev/v1/calls/recording?id={IDS[0]}"
    )
    assert reader("fluents")(row).recording_url == (
        f"https://api.fluents.ai/v1/calls/recording?id={IDS[0]}"
    )
    assert read(recording_available=False).recording_url is None


def test_the_carriers_credentials_and_the_agent_are_not_kept() -> None:
    content = recording("vocode", "detail").pairs[0].response.content

    kept = scrub(content)

    assert b"not-ours" in content
    assert b"not-ours" not in kept
    assert msgspec.json.decode(kept)["agent"] == {"id": AGENT["agent_id"]}
    assert msgspec.json.decode(kept)["context"] == msgspec.json.decode(content)["context"]


# --- Composing


def test_every_value_of_the_context_is_text() -> None:
    context = composed(PLAY.order)["context"]

    assert context == {
        **PLAY.order.calls[0].variables,
        "outdial_tag": PLAY.order.tag,
        "outdial_key": KEYS[0],
    }
    assert all(isinstance(value, str) for value in context.values())


def test_numbers_are_digits_without_a_plus() -> None:
    said = composed(PLAY.order)

    assert (said["from_number"], said["to_number"]) == ("13125550199", "13125550101")


def test_a_machine_is_hung_up_on_unless_the_campaign_says_otherwise() -> None:
    assert composed(PLAY.order)["on_no_human_answer"] == "hangup"
    agent = {**AGENT, "on_no_human_answer": "continue"}
    assert composed(PLAY.order, agent)["on_no_human_answer"] == "continue"


def test_fluents_is_told_what_it_asks_for_besides() -> None:
    plain, fluents = composed(PLAY.order), composed(PLAY.order, FLUENTS)

    assert {name: fluents[name] for name in fluents.keys() - plain.keys()} == {
        "agent_phone_number": "13125550199",
        "telephony_provider": "vonage",
    }
    bare = {"agent_id": AGENT["agent_id"]}
    assert "telephony_params" not in composed(PLAY.order, bare)
    assert composed(PLAY.order, {**bare, "dialect": "fluents"})["telephony_params"] == {}


@pytest.mark.parametrize(
    "changes, why",
    [
        ({"calls": ()}, "one call"),
        ({"calls": PLAY.order.calls * 2}, "one call"),
        ({"start_at": datetime(2030, 1, 1, tzinfo=UTC)}, "no start time"),
        ({"from_numbers": ()}, "from_numbers"),
        ({"from_numbers": ("anonymous",)}, "from_numbers"),
    ],
)
def test_what_cannot_be_said_is_refused_before_anything_is_sent(
    changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(Unsupported, match=why):
        composed(replace(PLAY.order, **changes))


def test_a_call_may_have_a_caller_number_of_its_own() -> None:
    call = replace(PLAY.order.calls[0], from_number="+13125550188")

    assert composed(replace(PLAY.order, calls=(call,)))["from_number"] == "13125550188"


def test_an_agent_is_a_stored_one() -> None:
    with pytest.raises(pydantic.ValidationError, match="UUID"):
        AgentBlock.model_validate({"agent_id": {"prompt": "You are Kate"}})


@pytest.mark.parametrize("agent, status", [(AGENT, 200), (FLUENTS, 201)])
async def test_both_dialects_take_a_call(agent: dict[str, Any], status: int) -> None:
    wire = asked("POST", "/v1/calls/create", composed(PLAY.order, agent))
    async with opened("vocode", agent, (wire, answered({"id": IDS[0]}, status))) as adapter:
        receipt = await adapter.submit(adapter.compose(PLAY.order), passing)

    assert receipt.provider_batch_id == PLAY.order.tag
    assert receipt.call_ids == {KEYS[0]: IDS[0]}


# --- Looking


def page_of(*rows: Any, more: bool = False, total: int | None = None) -> Any:
    said = len(rows) if total is None else total
    guess = total is not None
    return answered({"items": rows, "has_more": more, "total": said, "total_is_estimated": guess})


async def test_a_few_calls_that_are_known_are_read_singly() -> None:
    few = dict(zip(IDS[:3], KEYS[:3], strict=True))
    wire = [
        (asked("GET", ONE, id=IDS[0]), answered({"id": IDS[0], "status": "ended"})),
        # Not listed yet: no proof of anything.
        (asked("GET", ONE, id=IDS[1]), answered({"detail": "Call not found"}, 404)),
        (asked("GET", ONE, id=IDS[2]), answered({"id": IDS[2], "status": 7})),
    ]
    async with opened("vocode", AGENT, *wire) as adapter:
        page = await adapter.page(batch("vocode", ids=few))

    assert page.next is None
    assert [row.call.id if row.call else row.problem[:14] for row in page.calls] == [
        IDS[0],
        "cannot be read",
    ]


async def test_a_single_read_that_fails_fails_the_look() -> None:
    wire = asked("GET", ONE, id=IDS[0]), answered({}, 503)
    async with opened("vocode", AGENT, wire) as adapter:
        with pytest.raises(Transient):
            await adapter.page(batch("vocode", ids={IDS[0]: KEYS[0]}))


@pytest.mark.parametrize(
    "ids, batch_id",
    [
        (dict(zip(IDS, KEYS, strict=True)), PLAY.order.tag),
        ({}, PLAY.order.tag),
        ({IDS[0]: KEYS[0]}, None),
    ],
    ids=["many", "none open", "one in doubt"],
)
async def test_otherwise_the_list_is_swept(ids: dict[str, str], batch_id: str | None) -> None:
    wire = asked("GET", LIST, **listing(1)), page_of({"id": IDS[0]})
    async with opened("vocode", AGENT, wire) as adapter:
        page = await adapter.page(batch("vocode", ids=ids, batch_id=batch_id))

    assert len(page.calls) == 1


async def test_the_sweep_goes_on_as_long_as_there_is_more_whatever_their_total_says() -> None:
    wire = [
        (asked("GET", LIST, **listing(1)), page_of({"id": "a"}, more=True, total=1)),
        (asked("GET", LIST, **listing(2)), page_of({"id": "b"}, more=False, total=900)),
    ]
    async with opened("vocode", AGENT, *wire) as adapter:
        first = await adapter.page(batch("vocode"))
        last = await adapter.page(batch("vocode"), first.next)

    assert (first.total, last.total, last.next) == (None, None, None)


async def test_a_list_that_ignores_our_page_is_an_error_and_no_circle() -> None:
    same = page_of({"id": "a"}, {"id": "b"}, more=True)
    wire = [(asked("GET", LIST, **listing(page)), same) for page in (1, 2)]
    async with opened("vocode", AGENT, *wire) as adapter:
        page = await adapter.page(batch("vocode"))
        with pytest.raises(Unreadable, match="same page"):
            await adapter.page(batch("vocode"), page.next)


async def test_a_submission_is_found_on_the_last_of_many_pages() -> None:
    ours = {"outdial_tag": PLAY.order.tag, "outdial_key": KEYS[0]}
    # A call that is listed twice, as rows shift while we page, is one call.
    wire = [
        (asked("GET", LIST, **listing(1)), page_of({"id": "a", "context": None}, more=True)),
        (asked("GET", LIST, **listing(2)), page_of({"id": 7}, {"id": "b"}, more=True)),
        (asked("GET", LIST, **listing(3)), page_of({"id": IDS[0], "context": ours}, more=True)),
        (asked("GET", LIST, **listing(4)), page_of({"id": "z"}, {"id": IDS[0], "context": ours})),
    ]
    async with opened("vocode", AGENT, *wire) as adapter:
        (found,) = await adapter.find(PLAY.in_doubt)

    assert found.call_ids == {KEYS[0]: IDS[0]}
    assert found.dialling


async def test_a_sweep_that_breaks_off_finds_nothing_and_proves_nothing() -> None:
    wire = [
        (asked("GET", LIST, **listing(1)), page_of({"id": "a"}, more=True)),
        (asked("GET", LIST, **listing(2)), answered({}, 500)),
    ]
    async with opened("vocode", AGENT, *wire) as adapter:
        with pytest.raises(Transient):
            await adapter.find(PLAY.in_doubt)


# --- Stopping and checking


async def test_one_call_that_cannot_be_ended_does_not_keep_the_others_going() -> None:
    ids = dict(zip(IDS[:2], KEYS[:2], strict=True))
    wire = [
        (asked("POST", END, id=IDS[0]), answered({}, 500)),
        (asked("POST", END, id=IDS[1]), answered({"id": IDS[1]})),
    ]
    async with opened("vocode", AGENT, *wire) as adapter:
        with pytest.raises(Transient):
            await adapter.stop(batch("vocode", ids=ids))


async def test_a_provider_that_asks_for_patience_is_obeyed_at_once() -> None:
    ids = dict(zip(IDS[:2], KEYS[:2], strict=True))
    wire = asked("POST", END, id=IDS[0]), answered({}, 429)
    async with opened("vocode", AGENT, wire) as adapter:
        with pytest.raises(RateLimited):
            await adapter.stop(batch("vocode", ids=ids))


@pytest.mark.parametrize(
    "usage, detail, warned",
    [
        (
            {"plan_type": "plan_unlimited", "monthly_usage_minutes": 7},
            "plan_unlimited, 7 minutes used this month",
            False,
        ),
        (
            {
                "plan_type": "plan_free",
                "monthly_usage_minutes": 30,
                "monthly_usage_limit_minutes": 30,
            },
            "plan_free, 30 of 30 minutes used this month",
            True,
        ),
        ({}, "plan not said, 0 minutes used this month", False),
    ],
)
async def test_the_check_tells_what_is_left(
    usage: dict[str, Any], detail: str, warned: bool
) -> None:
    async with connected("vocode", (asked("GET", "/v1/usage"), answered(usage))) as http:
        account = await Vocode.check(http)

    assert account.detail == detail
    assert bool(account.warnings) is warned


async def test_fluents_has_no_usage_and_is_checked_by_its_numbers() -> None:
    wire = [
        (asked("GET", "/v1/usage"), answered({"message": "Not Found"}, 404)),
        (asked("GET", "/v1/numbers/list", size="1"), answered({"items": []})),
    ]
    async with connected("vocode", *wire) as http:
        assert "numbers" in (await Vocode.check(http)).detail
