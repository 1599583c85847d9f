from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pydantic
import pytest

from campaign.calls import BatchRef, Call, Found, Order, SubmissionRef
from campaign.errors import (
    Ambiguous,
    NotFound,
    RateLimited,
    Rejected,
    Unauthorized,
    Unreadable,
    Unsupported,
)
from campaign.words import AnsweredBy, Outcome, Progress
from providers.http import Http
from providers.vapi.adapter import Vapi
from providers.vapi.agent import AgentBlock
from providers.vapi.wire import read_call
from tests.providers.replay import example, recording
from tests.providers.wired import answered, asked, batch, connected, opened, passing

CAMPAIGN, CALL = example("vapi"), example("vapi-call")
SCHEMAS = Path(__file__).parent.parent / "simulator" / "schemas" / "vapi-subset.json"
KEYS = [call.key for call in CAMPAIGN.order.calls]
IDS = list(CAMPAIGN.call_ids.values())
ONE = f"/v2/campaign/{CAMPAIGN.batch_id}"
CONTACTS = f"{ONE}/contacts"
FIRST_PAGE = {"limit": "1000", "page": "1", "sortBy": "position"}


def composed(wish: Order, agent: dict[str, Any]) -> dict[str, Any]:
    return msgspec.json.decode(Vapi.open(Http(Vapi.base_url, {}), agent).compose(wish))


def refusals(body: dict[str, Any], schema: str) -> list[str]:
    """What the official document has against a body, properties that it does not name included."""
    document = msgspec.json.decode(SCHEMAS.read_bytes())
    reference = {"$ref": f"#/$defs/{schema}", "$defs": document["$defs"]}
    unknown = set(body) - set(document["$defs"][schema]["properties"])
    validator: Any = jsonschema.Draft202012Validator(reference)
    return [*sorted(unknown), *(complaint.message for complaint in validator.iter_errors(body))]


# --- Composing


@pytest.mark.parametrize("agent", [CAMPAIGN.agent, {"squad_id": "s1", "overrides": {"name": "x"}}])
def test_a_campaign_is_one_that_the_official_document_knows(agent: dict[str, Any]) -> None:
    body = composed(CAMPAIGN.order, agent)

    assert refusals(body, "CreateCampaignDTO") == []
    for customer in body["customers"]:
        assert refusals(customer, "CreateCustomerDTO") == []


@pytest.mark.parametrize("agent", [CALL.agent, {"api": "call", "squad_id": "s1"}])
def test_a_call_is_one_that_the_official_document_knows(agent: dict[str, Any]) -> None:
    assert refusals(composed(CALL.order, agent), "CreateCallDTO") == []


@pytest.mark.parametrize("folder", ["vapi", "vapi-call"])
def test_recorded_answers_are_such_as_the_official_document_knows(folder: str) -> None:
    answer = msgspec.json.decode(recording(folder, "detail").pairs[0].response.content)

    assert refusals(answer, "Call") == []


@pytest.mark.parametrize(
    "label, tag, name",
    [
        (
            "spring-renewals",
            "od1-abcd2345-3-1-7f3c9a1e",
            "spring-renewal od1-abcd2345-3-1-7f3c9a1e",
        ),
        ("spring", "od1-abcd2345-3-1-7f3c9a1e", "spring od1-abcd2345-3-1-7f3c9a1e"),
        ("", "od1-abcd2345-3-1-7f3c9a1e", "od1-abcd2345-3-1-7f3c9a1e"),
        ("spring-renewals", "t" * 39, "t" * 39),
        ("spring-renewals", "t" * 40, "t" * 40),
        ("spring-renewals", "t" * 38, "s " + "t" * 38),
    ],
)
def test_the_tag_stays_whole_in_the_name_and_the_label_gives_way(
    label: str, tag: str, name: str
) -> None:
    said = composed(replace(CAMPAIGN.order, label=label, tag=tag), CAMPAIGN.agent)["name"]

    assert said == name
    assert len(said) <= 40


def test_the_concurrency_is_always_said_and_never_above_what_vapi_takes() -> None:
    assert composed(CAMPAIGN.order, CAMPAIGN.agent)["maxConcurrency"] == 5
    many = composed(replace(CAMPAIGN.order, concurrency=900), CAMPAIGN.agent)
    assert many["maxConcurrency"] == 500


def test_a_campaign_without_a_start_has_no_schedule() -> None:
    wish = replace(CAMPAIGN.order, start_at=None, stop_at=None)

    assert "schedulePlan" not in composed(wish, CAMPAIGN.agent)


def test_a_stop_without_a_start_cannot_be_said() -> None:
    with pytest.raises(Unsupported, match="start_guard"):
        composed(replace(CAMPAIGN.order, start_at=None), CAMPAIGN.agent)


def test_a_number_that_is_twice_in_a_campaign_is_refused() -> None:
    twice = (*CAMPAIGN.order.calls, replace(CAMPAIGN.order.calls[0], key="k9"))

    with pytest.raises(Unsupported, match="twice"):
        composed(replace(CAMPAIGN.order, calls=twice), CAMPAIGN.agent)


@pytest.mark.parametrize("numbers", [(), ("n1", "n2")])
def test_a_campaign_has_exactly_one_caller_number(numbers: tuple[str, ...]) -> None:
    with pytest.raises(Unsupported, match="exactly one"):
        composed(replace(CAMPAIGN.order, from_numbers=numbers), CAMPAIGN.agent)


def test_the_caller_number_may_stand_in_the_agent_block_if_it_is_no_other() -> None:
    agent = {**CAMPAIGN.agent, "phone_number_id": "n1"}

    assert composed(replace(CAMPAIGN.order, from_numbers=()), agent)["phoneNumberId"] == "n1"
    with pytest.raises(Unsupported, match="exactly one"):
        composed(CAMPAIGN.order, agent)


def test_variables_longer_than_vapi_takes_are_refused() -> None:
    long = replace(CAMPAIGN.order.calls[0], variables={"story": "x" * 100_000})

    with pytest.raises(Unsupported, match="100,000"):
        composed(replace(CAMPAIGN.order, calls=(long,)), CAMPAIGN.agent)


def test_further_fields_are_said_as_vapi_wants_them() -> None:
    extra = {"server": {"url": "https://hooks.example/vapi"}, "predialPlan": {"enabled": True}}

    assert composed(CAMPAIGN.order, {**CAMPAIGN.agent, "extra": extra}).items() >= extra.items()


def test_single_calls_are_sent_one_at_a_time() -> None:
    with pytest.raises(Unsupported, match="one call"):
        composed(CAMPAIGN.order, CALL.agent)


def test_a_squad_gets_its_own_overrides() -> None:
    body = composed(CALL.order, {"api": "call", "squad_id": "s1"})

    assert body["squadOverrides"]["variableValues"]["outdial_key"] == KEYS[0]
    assert "assistantOverrides" not in body


@pytest.mark.parametrize(
    "block",
    [
        {},
        {"assistant_id": "a", "squad_id": "s"},
        {"assistant_id": "a", "extra": {"customers": []}},
        {"assistant_id": "a", "api": "v1"},
    ],
)
def test_an_agent_block_that_cannot_work_is_refused(block: dict[str, Any]) -> None:
    with pytest.raises(pydantic.ValidationError):
        AgentBlock.model_validate(block)


# --- Submitting


async def refused(folder: str, answer: Any) -> Exception:
    play = example(folder)
    body = composed(play.order, play.agent)
    path = "/v2/campaign" if folder == "vapi" else "/call"
    async with opened("vapi", play.agent, (asked("POST", path, body), answer)) as adapter:
        with pytest.raises(Exception) as raised:  # noqa: PT011 - the caller looks at its type
            await adapter.submit(adapter.compose(play.order), passing)
    return raised.value


async def test_an_organization_without_campaigns_is_told_to_dial_call_by_call() -> None:
    words = "Campaigns V2 is not enabled for your organization"

    error = await refused("vapi", answered({"message": words}, 403))

    assert type(error) is Rejected
    assert "api: call" in str(error)
    assert words in error.reason


async def test_any_other_403_stops_the_account() -> None:
    error = await refused("vapi", answered({"message": "Subscription frozen"}, 403))

    assert type(error) is Unauthorized


@pytest.mark.parametrize(
    "answer",
    [
        answered({"message": "Over Concurrency Limit", "statusCode": 400}, 400),
        answered({"results": [], "errors": [{"error": "Over Concurrency Limit"}]}, 201),
    ],
)
async def test_no_free_line_is_a_reason_to_wait(answer: Any) -> None:
    error = await refused("vapi-call", answer)

    assert isinstance(error, RateLimited)
    assert error.capacity


async def test_a_call_that_is_refused_in_a_yes_is_refused() -> None:
    wire = (
        asked("POST", "/call", composed(CALL.order, CALL.agent)),
        answered({"results": [], "errors": [{"customer": {}, "error": "bad number"}]}, 201),
    )
    async with opened("vapi", CALL.agent, wire) as adapter:
        receipt = await adapter.submit(adapter.compose(CALL.order), passing)

    assert receipt.refused == {KEYS[0]: "bad number"}
    assert receipt.call_ids == {}


async def test_a_call_in_the_form_for_several_is_read_and_its_errors_do_not_undo_it() -> None:
    answer = {"results": [{"id": IDS[0]}], "errors": [{"error": "Over Concurrency Limit"}]}
    wire = (asked("POST", "/call", composed(CALL.order, CALL.agent)), answered(answer, 201))
    async with opened("vapi", CALL.agent, wire) as adapter:
        receipt = await adapter.submit(adapter.compose(CALL.order), passing)

    assert receipt.call_ids == {KEYS[0]: IDS[0]}
    assert receipt.refused == {}


async def test_a_conflict_on_creation_is_a_doubt() -> None:
    assert type(await refused("vapi", answered({"message": "Conflict"}, 409))) is Ambiguous


# --- A campaign's state


async def looked(state: Any) -> Any:
    wire = (asked("GET", ONE, includeCounters="true"), answered(state))
    async with opened("vapi", CAMPAIGN.agent, wire) as adapter:
        return await adapter.status(batch("vapi"))


def state(status: str, **counters: float) -> dict[str, Any]:
    return {"id": CAMPAIGN.batch_id, "status": status, "contactCounters": counters}


async def test_what_is_left_is_what_waits_and_what_talks() -> None:
    status = await looked(state("in-progress", pending=3.0, dispatched=2, completed=4, skipped=1))

    assert (status.progress, status.total, status.remaining) == (Progress.RUNNING, 10, 5)


async def test_a_cancelled_campaign_dials_nobody_but_its_calls_go_on() -> None:
    status = await looked(state("cancelled", pending=3, dispatched=2))

    assert status.progress.over
    assert status.remaining == 2


async def test_counters_that_are_missing_are_not_zero() -> None:
    status = await looked({"id": CAMPAIGN.batch_id, "status": "scheduled"})

    assert (status.progress, status.remaining) == (Progress.SCHEDULED, None)


async def test_a_batch_of_several_campaigns_runs_as_long_as_one_of_them() -> None:
    ids = ("c1", "c2")
    several = BatchRef(
        submissions=tuple(
            SubmissionRef(tag=one, provider_batch_id=one, since=CAMPAIGN.since) for one in ids
        )
    )
    wire = [
        (
            asked("GET", f"/v2/campaign/{one}", includeCounters="true"),
            answered({"id": one, "status": status}),
        )
        for one, status in zip(ids, ("ended", "in-progress"), strict=True)
    ]
    async with opened("vapi", CAMPAIGN.agent, *wire) as adapter:
        assert (await adapter.status(several)).progress is Progress.RUNNING


async def test_a_batch_in_doubt_is_unknown_and_has_no_calls() -> None:
    doubt = batch("vapi", batch_id=None)
    async with opened("vapi", CAMPAIGN.agent) as adapter:
        assert (await adapter.status(doubt)).progress is Progress.UNKNOWN
        assert (await adapter.page(doubt)).calls == ()


# --- Contacts


async def contacts(campaign: str, *rows: dict[str, Any]) -> list[Call]:
    numbered = [{"id": f"n{n}", "number": f"+1312555010{n}", **row} for n, row in enumerate(rows)]
    wire = [
        (asked("GET", ONE), answered({"id": CAMPAIGN.batch_id, "status": campaign})),
        (asked("GET", CONTACTS, **FIRST_PAGE), answered({"results": numbered})),
    ]
    async with opened("vapi", CAMPAIGN.agent, *wire) as adapter:
        page = await adapter.page(batch("vapi"))
    assert page.next is None
    return [row.call for row in page.calls if row.call]


async def test_a_contact_whose_turn_has_not_come_is_no_call_yet() -> None:
    rows = [{"status": "contact.pending"}, {"status": "contact.dispatched"}, {"status": "new"}]

    assert await contacts("in-progress", *rows) == []


@pytest.mark.parametrize("campaign", ["ended", "cancelled", "archived"])
async def test_who_still_waits_when_the_campaign_is_over_was_never_dialled(campaign: str) -> None:
    (call,) = await contacts(
        campaign, {"status": "contact.pending"}, {"status": "contact.dispatched"}
    )

    assert (call.id, call.key, call.to) == ("contact:n0", None, "+13125550100")
    assert (call.over, call.outcome, call.ended_reason) == (True, Outcome.CANCELLED, "not dialed")
    assert not call.needs_detail


@pytest.mark.parametrize(
    "row, outcome, reason",
    [
        ({"status": "contact.skipped"}, Outcome.CANCELLED, "contact.skipped"),
        ({"status": "contact.predial-failed"}, Outcome.FAILED, "contact.predial-failed"),
        ({"status": "contact.failed"}, Outcome.FAILED, "contact.failed"),
        (
            {"status": "contact.failed", "endedReason": "call.start.error-get-transport"},
            Outcome.FAILED,
            "call.start.error-get-transport",
        ),
        (
            {"status": "contact.completed", "endedReason": "customer-busy"},
            Outcome.BUSY,
            "customer-busy",
        ),
        ({"status": "contact.completed"}, Outcome.UNKNOWN, "contact.completed"),
    ],
)
async def test_a_contact_that_is_over_without_a_call_has_a_verdict(
    row: dict[str, Any], outcome: Outcome, reason: str
) -> None:
    (call,) = await contacts("in-progress", row)

    assert call.id == "contact:n0"
    assert (call.over, call.outcome, call.ended_reason) == (True, outcome, reason)


async def test_a_contact_with_a_call_is_that_call_and_is_read_singly_once_it_is_over() -> None:
    live, done, new = await contacts(
        "in-progress",
        {"status": "contact.dispatched", "callId": "c0"},
        {"status": "contact.completed", "callId": "c1", "endedReason": "voicemail"},
        {"status": "contact.reticent", "callId": "c2", "endedReason": "voicemail"},
    )

    assert (live.id, live.over, live.needs_detail) == ("c0", False, False)
    assert (done.id, done.outcome, done.needs_detail) == ("c1", Outcome.VOICEMAIL, True)
    assert (new.over, new.outcome, new.needs_detail) == (False, Outcome.UNKNOWN, True)


async def test_a_contact_that_was_never_dialled_is_not_asked_for() -> None:
    async with opened("vapi", CAMPAIGN.agent) as adapter:
        with pytest.raises(NotFound):
            await adapter.detail("contact:n0")


async def test_the_campaigns_of_a_batch_are_paged_through_one_after_the_other() -> None:
    ids = ("c1", "c2")
    several = BatchRef(
        submissions=tuple(
            SubmissionRef(tag=one, provider_batch_id=one, since=CAMPAIGN.since) for one in ids
        )
    )
    wire: list[Any] = []
    for one in ids:
        # The state of the second is asked for with the last page of the first.
        row = {"id": "n" + one, "status": "contact.completed", "callId": "call-" + one}
        look = asked("GET", f"/v2/campaign/{one}"), answered({"id": one, "status": "ended"})
        page = (
            asked("GET", f"/v2/campaign/{one}/contacts", **FIRST_PAGE),
            answered({"results": [row]}),
        )
        wire += [look, page]
    async with opened("vapi", CAMPAIGN.agent, *wire) as adapter:
        first = await adapter.page(several)
        last = await adapter.page(several, first.next)

    assert [row.call.id for page in (first, last) for row in page.calls if row.call] == [
        "call-c1",
        "call-c2",
    ]
    assert last.next is None


async def test_contacts_that_come_again_are_an_error_and_no_circle() -> None:
    same = answered({"results": [{"id": "n0", "callId": "c"}], "metadata": {"itemsPerPage": 1}})
    wire = [
        (asked("GET", ONE), answered({"id": CAMPAIGN.batch_id, "status": "ended"})),
        (asked("GET", CONTACTS, **FIRST_PAGE), same),
        (asked("GET", CONTACTS, **{**FIRST_PAGE, "page": "2"}), same),
    ]
    async with opened("vapi", CAMPAIGN.agent, *wire) as adapter:
        page = await adapter.page(batch("vapi"))
        with pytest.raises(Unreadable, match="same page"):
            await adapter.page(batch("vapi"), page.next)


# --- One call


def read(**changes: Any) -> Call:
    row = {"id": "c1", "status": "ended", "endedReason": "customer-ended-call", **changes}
    return read_call(msgspec.json.encode(row))


def test_the_key_is_read_wherever_it_is_echoed() -> None:
    echoed = {"variableValues": {"outdial_key": "k1"}}

    assert read(assistantOverrides=echoed).key == "k1"
    assert read(squadOverrides=echoed).key == "k1"
    assert read(assistantOverrides={"metadata": {"outdial_key": "k1"}}).key == "k1"
    assert read(customer={"number": "+13125550101", "externalId": "k1"}).key == "k1"
    assert read(name="k1").key == "k1"
    assert (
        read(assistantOverrides={"variableValues": {"outdial_key": 1}}, customer=None).key is None
    )


@pytest.mark.parametrize(
    "transferred",
    [
        {"destination": {"type": "number", "number": "+13125550150"}},
        {"artifact": {"transfers": [{"status": "no-answer"}, {"status": "connected"}]}},
    ],
)
def test_a_call_that_reached_somebody_else_was_transferred(transferred: dict[str, Any]) -> None:
    assert read(**transferred).outcome is Outcome.TRANSFERRED


@pytest.mark.parametrize(
    "kept", [{"destination": None}, {"artifact": {"transfers": [{"status": "busy"}]}}]
)
def test_a_transfer_that_reached_nobody_is_none(kept: dict[str, Any]) -> None:
    assert read(**kept).outcome is Outcome.ANSWERED


def test_the_person_spoke_if_there_are_words_of_theirs() -> None:
    messages = [{"role": "bot", "message": "Hello."}, {"role": "user", "message": "Hi."}]
    closed = {"endedReason": "call.in-progress.twilio-completed-call"}

    assert read(artifact={"messages": messages}).answered_by is AnsweredBy.HUMAN
    assert read(artifact={"messages": messages[:1]}).answered_by is AnsweredBy.UNKNOWN
    assert read(**closed, artifact={"messages": messages}).outcome is Outcome.ANSWERED
    assert read(**closed, artifact={"messages": messages[:1]}).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("status", ["scheduled", "queued", "ringing", "in-progress", "forwarding"])
def test_a_call_that_has_not_ended_has_no_outcome(status: str) -> None:
    call = read(status=status, cost=0)

    assert (call.over, call.outcome, call.cost_usd, call.missing) == (
        False,
        Outcome.UNKNOWN,
        None,
        frozenset(),
    )


def test_a_deleted_call_is_cancelled() -> None:
    assert read(status="not-found", endedReason=None).outcome is Outcome.CANCELLED
    assert read(status="not-found", endedReason="scheduled-call-deleted").over


@pytest.mark.parametrize(
    "there, missing",
    [
        ({}, "analysis cost recording transcript"),
        ({"cost": 0}, "analysis cost recording transcript"),
        ({"cost": 0.1, "analysis": {}}, "analysis recording transcript"),
        ({"cost": 0.1, "analysis": {"summary": "x"}, "transcript": "AI: hi"}, "recording"),
        (
            {"cost": 0.1, "analysis": {}, "artifactPlan": {"recordingEnabled": False}},
            "analysis transcript",
        ),
        ({"cost": 0.1, "recordingUrl": "https://x.example/a"}, "analysis transcript"),
        ({"endedReason": "voicemail", "cost": 0}, "cost"),
        ({"endedReason": "customer-busy", "cost": 0}, ""),
        ({"endedReason": "voicemail", "cost": 0.02}, ""),
        ({"endedReason": None, "cost": 0}, "outcome"),
    ],
)
def test_what_is_computed_after_the_end_is_named_while_it_is_missing(
    there: dict[str, Any], missing: str
) -> None:
    assert " ".join(sorted(read(**there).missing)) == missing


def test_money_is_exact_and_times_are_utc() -> None:
    call = read(
        cost=0.1432, startedAt="2026-11-02T10:20:12.300+01:00", endedAt="2026-11-02T09:21:40.810Z"
    )

    assert call.cost_usd == Decimal("0.1432")
    assert call.started_at == datetime(2026, 11, 2, 9, 20, 12, 300_000, tzinfo=UTC)
    assert call.duration_seconds == pytest.approx(88.51)


def test_structured_outputs_stand_beside_the_analysis() -> None:
    outputs = {"o1": {"name": "Callback wanted", "result": True}}

    both = read(analysis={"summary": "x"}, artifact={"structuredOutputs": outputs}).analysis
    alone = read(artifact={"structuredOutputs": outputs}).analysis

    assert msgspec.json.decode(both or "") == {"summary": "x", "structuredOutputs": outputs}
    assert msgspec.json.decode(alone or "") == {"structuredOutputs": outputs}


def test_older_records_keep_their_words_outside_of_the_artifact() -> None:
    call = read(transcript="AI: Hello.\nUser: Hi.", recordingUrl="https://storage.example/a.wav")

    assert call.transcript == "agent: Hello.\nperson: Hi."
    assert call.recording_url == "https://storage.example/a.wav"


def test_null_and_missing_fields_never_break_a_call() -> None:
    fields = (
        "type", "status", "endedReason", "name", "campaignId", "startedAt", "endedAt", "cost",
        "customer", "assistantOverrides", "destination", "analysis", "artifact", "schedulePlan",
    )  # fmt: skip
    nulls = {"id": "c1", **dict.fromkeys(fields)}

    assert read_call(msgspec.json.encode(nulls)) == read_call(b'{"id":"c1"}')
    empty = {"id": "c1", "artifact": dict.fromkeys(("transcript", "messages", "recording"))}
    assert read_call(msgspec.json.encode(empty)).transcript is None


# --- Finding


CALLS_SINCE = {"assistantId": CAMPAIGN.agent["assistant_id"], "limit": "100"}
CALLS_SINCE["createdAtGe"] = "2026-11-02T09:05:00Z"


async def found(folder: str, *rows: dict[str, Any]) -> list[Found]:
    play = example(folder)
    since = CALLS_SINCE
    wire: list[Any] = []
    if folder == "vapi":
        first = recording("vapi", "find_hit").pairs[0].request
        wire.append((first, answered({"results": []})))
    else:
        since = {**CALLS_SINCE, "phoneNumberId": play.agent["phone_number_id"]}
    wire.append((asked("GET", "/call", **since), answered(list(rows))))
    async with opened("vapi", play.agent, *wire) as adapter:
        return await adapter.find(play.in_doubt)


async def test_a_campaign_that_is_not_listed_is_found_by_its_calls() -> None:
    ours = {"variableValues": {"outdial_tag": CAMPAIGN.order.tag, "outdial_key": KEYS[0]}}

    hits = await found(
        "vapi",
        {"id": "c1", "campaignId": CAMPAIGN.batch_id, "assistantOverrides": ours},
        {"id": "c2", "campaignId": "another"},
        {"id": 7},
    )

    assert hits == [Found(provider_batch_id=CAMPAIGN.batch_id, call_ids={KEYS[0]: "c1"})]


async def test_two_campaigns_of_one_name_are_both_found() -> None:
    first = recording("vapi", "find_hit").pairs[0].request
    rows = [
        {"id": one, "name": f"x {CAMPAIGN.order.tag}", "status": status}
        for one, status in (("c1", "scheduled"), ("c2", "in-progress"))
    ]
    async with opened("vapi", CAMPAIGN.agent, (first, answered({"results": rows}))) as adapter:
        hits = await adapter.find(CAMPAIGN.in_doubt)

    assert [(hit.provider_batch_id, hit.dialling) for hit in hits] == [("c1", False), ("c2", True)]


async def test_a_single_call_is_found_by_its_name_where_overrides_are_not_echoed() -> None:
    hits = await found("vapi-call", {"id": "c1", "name": KEYS[0], "status": "scheduled"})

    assert [hit.call_ids for hit in hits] == [{KEYS[0]: "c1"}]
    assert not hits[0].dialling


# --- Paging and stopping single calls


async def test_a_call_that_came_in_from_a_person_whom_we_call_is_none_of_ours() -> None:
    rows = [
        {"id": "c1", "type": "inboundPhoneCall", "customer": {"number": "+13125550101"}},
        {"id": "c2", "type": "outboundPhoneCall"},
        {"id": "c3"},
    ]
    since = {**CALLS_SINCE, "phoneNumberId": CALL.agent["phone_number_id"]}
    async with opened(
        "vapi", CALL.agent, (asked("GET", "/call", **since), answered(rows))
    ) as adapter:
        page = await adapter.page(batch("vapi-call"))

    assert [row.call.id for row in page.calls if row.call] == ["c2", "c3"]


@pytest.mark.parametrize(
    "status, earliest",
    [
        ("queued", "2026-11-02T09:20:00.000Z"),
        ("ended", "2026-11-02T09:20:00.000Z"),
        # Ten seconds from now it may begin before the deletion arrives, which would erase it.
        ("scheduled", "2026-11-02T09:16:10.000Z"),
        ("scheduled", None),
    ],
)
async def test_a_call_whose_results_a_deletion_could_erase_is_left_alone(
    status: str, earliest: str | None
) -> None:
    row = {"id": IDS[0], "status": status, "schedulePlan": {"earliestAt": earliest}}
    look = asked("GET", f"/call/{IDS[0]}"), answered(row, date="Mon, 02 Nov 2026 09:16:00 GMT")
    async with opened("vapi", CALL.agent, look) as adapter:
        await adapter.stop(batch("vapi-call", ids={IDS[0]: KEYS[0]}))


@pytest.mark.parametrize("answer", [answered({}, 404), answered({"message": "begun"}, 409)])
async def test_a_deletion_that_lost_the_race_is_no_failure(answer: Any) -> None:
    row = {"id": IDS[0], "status": "scheduled", "schedulePlan": {"earliestAt": "2026-11-02T09:20Z"}}
    look = asked("GET", f"/call/{IDS[0]}"), answered(row, date="Mon, 02 Nov 2026 09:16:00 GMT")
    delete = asked("DELETE", f"/call/{IDS[0]}", {}), answer
    async with opened("vapi", CALL.agent, look, delete) as adapter:
        await adapter.stop(batch("vapi-call", ids={IDS[0]: KEYS[0]}))


async def test_a_campaign_that_is_over_refuses_to_be_cancelled_and_is_stopped_all_the_same() -> (
    None
):
    cancel = asked("PATCH", ONE, {"status": "cancelled"}), answered({"message": "ended"}, 409)
    look = asked("GET", ONE), answered({"id": CAMPAIGN.batch_id, "status": "ended"})
    async with opened("vapi", CAMPAIGN.agent, cancel, look) as adapter:
        await adapter.stop(batch("vapi"))


async def test_a_campaign_that_goes_on_after_a_refused_cancel_is_an_error() -> None:
    cancel = asked("PATCH", ONE, {"status": "cancelled"}), answered({"message": "no"}, 400)
    look = asked("GET", ONE), answered({"id": CAMPAIGN.batch_id, "status": "in-progress"})
    async with opened("vapi", CAMPAIGN.agent, cancel, look) as adapter:
        with pytest.raises(Rejected):
            await adapter.stop(batch("vapi"))


async def test_the_check_tells_that_campaigns_are_not_enabled() -> None:
    pairs = [(pair.request, pair.response) for pair in recording("vapi-call", "check").pairs]
    async with connected("vapi", *pairs) as http:
        account = await Vapi.check(http)

    assert "api: call" in account.warnings[0]
