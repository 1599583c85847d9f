"""What every provider promises, once; multiplied by the folders of `tests/wire`."""

import re
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import msgspec
import pydantic
import pytest

import providers
from campaign.calls import ListedCall
from campaign.errors import (
    Ambiguous,
    ProviderError,
    RateLimited,
    Rejected,
    Stopped,
    Unauthorized,
    Unreadable,
)
from campaign.words import Outcome, Progress
from providers.http import Http
from providers.port import Capabilities, Pauses, Provider, Starts
from tests.providers.replay import WIRE, Example, Pair, Replay, example, folders, recording

KEY = "test-key"
SCENARIOS = frozenset(
    {
        "submit", "running", "finished", "new_state", "new_outcome", "two_pages", "empty_page",
        "poison_row", "find_hit", "find_miss", "detail", "stop", "check", "unauthorized",
        "rate_limited", "rejected", "ambiguous_5xx", "yes_without_id", "broken_json",
    }
)  # fmt: skip
FICTIONAL = re.compile(r"\+1[2-9]\d\d55501\d\d|\+447700900\d{3}")
DIALLABLE = re.compile(r"\+\d{8,15}")


class Gate:
    """A fence that counts how often it is asked."""

    def __init__(self, stop: BaseException | None = None) -> None:
        self._stop = stop
        self.asked = 0

    async def __call__(self) -> None:
        self.asked += 1
        if self._stop is not None:
            raise self._stop


class Stage:
    """One folder's adapter, ready to be opened on any of its recordings."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.example = example(folder)
        self.adapter = providers.adapter(self.example.provider)

    @property
    def facts(self) -> Capabilities:
        return self.adapter.variants()[self.example.variant]

    @asynccontextmanager
    async def wire(self, pairs: list[Pair]) -> AsyncGenerator[Http]:
        headers = self.adapter.headers(KEY)
        with Replay(pairs, headers) as replay:
            async with Http(self.adapter.base_url, headers, transport=replay) as http:
                yield http

    @asynccontextmanager
    async def open(self, scenario: str) -> AsyncGenerator[Provider]:
        async with self.wire(recording(self.folder, scenario).pairs) as http:
            yield self.adapter.open(http, self.example.agent)

    @asynccontextmanager
    async def open_unwired(self) -> AsyncGenerator[Provider]:
        async with self.wire([]) as http:
            yield self.adapter.open(http, self.example.agent)


@pytest.fixture(params=folders())
def stage(request: pytest.FixtureRequest) -> Stage:
    return Stage(request.param)


async def listed(stage: Stage, scenario: str) -> tuple[ListedCall, ...]:
    async with stage.open(scenario) as provider:
        return (await provider.page(stage.example.batch)).calls


def numbers(text: str) -> Iterator[str]:
    return (found for found in DIALLABLE.findall(text) if not FICTIONAL.fullmatch(found))


def keys_of(value: Any) -> Iterator[str]:
    """Every field name at any depth."""
    if isinstance(value, dict):
        for name, inner in value.items():  # pyright: ignore[reportUnknownVariableType]
            yield str(name)  # pyright: ignore[reportUnknownArgumentType]
            yield from keys_of(inner)
    elif isinstance(value, list):
        for inner in value:  # pyright: ignore[reportUnknownVariableType]
            yield from keys_of(inner)


# --- What is in the folders


def test_every_provider_has_a_folder_for_each_of_its_api_generations() -> None:
    said = [(example(folder).provider, example(folder).variant) for folder in folders()]
    offered = [
        (name, variant)
        for name in providers.names()
        for variant in providers.adapter(name).variants()
    ]

    assert sorted(said) == sorted(offered)


def test_every_scenario_is_recorded(stage: Stage) -> None:
    wanted = {*SCENARIOS, "start"} if stage.facts.two_phase_start else SCENARIOS
    there = {path.stem for path in (WIRE / stage.folder).glob("*.json")} - {"example"}

    assert wanted - there == set()


def test_every_recording_can_be_read_says_its_source_and_holds_only_fictional_numbers(
    stage: Stage,
) -> None:
    for path in (WIRE / stage.folder).glob("*.json"):
        text = path.read_text()
        if path.stem != "example":
            assert "https://" in recording(stage.folder, path.stem).source, path.name
        assert list(numbers(text)) == [], path.name


# --- What they say about themselves


def test_the_facts_are_those_of_the_api_generation_that_the_agent_block_chose(
    stage: Stage,
) -> None:
    opened = stage.adapter.open(Http(stage.adapter.base_url, {}), stage.example.agent)

    assert opened.capabilities == stage.facts


def test_verbs_that_only_some_have_agree_with_the_facts(stage: Stage) -> None:
    opened = stage.adapter.open(Http(stage.adapter.base_url, {}), stage.example.agent)

    assert isinstance(opened, Starts) == stage.facts.two_phase_start
    assert isinstance(opened, Pauses) == stage.facts.pauses


def test_an_agent_block_with_an_unknown_key_is_refused(stage: Stage) -> None:
    with pytest.raises(pydantic.ValidationError, match="no_such_option"):
        stage.adapter.Agent.model_validate({**stage.example.agent, "no_such_option": 1})


def test_every_option_of_the_agent_block_says_what_it_is_for(stage: Stage) -> None:
    fields = stage.adapter.Agent.model_fields

    assert [name for name, field in fields.items() if not field.description] == []


def test_the_key_travels_in_a_header(stage: Stage) -> None:
    assert any(KEY in value for value in stage.adapter.headers(KEY).values())


# --- Submitting


async def test_the_same_order_makes_the_same_bytes_with_tag_and_keys_in_them(
    stage: Stage,
) -> None:
    order = stage.example.order
    async with stage.open_unwired() as first, stage.open_unwired() as second:
        body = first.compose(order)

        assert body == second.compose(order)

    assert order.tag in body.decode()
    assert all(f'"{call.key}"' in body.decode() for call in order.calls)


async def test_a_submission_is_sent_once_and_its_yes_is_read(stage: Stage) -> None:
    gate = Gate()
    async with stage.open("submit") as provider:
        receipt = await provider.submit(provider.compose(stage.example.order), gate)

    assert gate.asked == 1
    assert receipt.provider_batch_id == stage.example.batch_id
    assert receipt.refused == {}
    assert receipt.call_ids.items() <= stage.example.call_ids.items()


async def test_a_fence_that_says_no_keeps_every_byte_at_home(stage: Stage) -> None:
    gate = Gate(Stopped("the campaign is paused"))
    async with stage.open_unwired() as provider:
        with pytest.raises(Stopped):
            await provider.submit(provider.compose(stage.example.order), gate)

    assert gate.asked == 1


async def test_a_created_batch_is_verified_and_then_started_through_the_fence(
    stage: Stage,
) -> None:
    if not stage.facts.two_phase_start:
        assert not (WIRE / stage.folder / "start.json").exists()
        return
    gate = Gate()
    async with stage.open("start") as provider:
        assert isinstance(provider, Starts)
        await provider.verify(stage.example.accepted)

        assert gate.asked == 0

        await provider.start(stage.example.accepted, gate)

    assert gate.asked == 1


async def refusal(stage: Stage, scenario: str) -> ProviderError:
    """Submit, and return what is raised; its message must be fit for a log."""
    order = stage.example.order
    async with stage.open(scenario) as provider:
        with pytest.raises(ProviderError) as raised:
            await provider.submit(provider.compose(order), Gate())
    message = str(raised.value)
    secret = [
        text for call in order.calls for text in (call.to, call.key, *call.variables.values())
    ]
    assert [text for text in secret if text in message] == []
    return raised.value


async def test_a_429_is_a_refusal_that_says_how_long_to_wait(stage: Stage) -> None:
    error = await refusal(stage, "rate_limited")

    assert isinstance(error, RateLimited)
    assert error.retry_after == timedelta(seconds=7)


async def test_a_rejected_submission_keeps_the_providers_own_words(stage: Stage) -> None:
    error = await refusal(stage, "rejected")

    assert type(error) is Rejected
    assert error.reason


async def test_a_5xx_to_a_submit_is_a_doubt(stage: Stage) -> None:
    assert type(await refusal(stage, "ambiguous_5xx")) is Ambiguous


async def test_a_yes_without_an_id_is_a_doubt(stage: Stage) -> None:
    assert type(await refusal(stage, "yes_without_id")) is Ambiguous


async def test_an_answer_that_is_no_json_is_a_doubt_to_a_submit_and_unreadable_in_a_page(
    stage: Stage,
) -> None:
    async with stage.open("broken_json") as provider:
        with pytest.raises(Ambiguous):
            await provider.submit(provider.compose(stage.example.order), Gate())
        with pytest.raises(Unreadable):
            await provider.page(stage.example.batch)


# --- Finding again


async def test_a_submission_is_found_by_its_tag(stage: Stage) -> None:
    async with stage.open("find_hit") as provider:
        found = await provider.find(stage.example.in_doubt)

    assert [hit.provider_batch_id for hit in found] == [stage.example.batch_id]
    assert all(hit.call_ids.items() <= stage.example.call_ids.items() for hit in found)
    if not stage.facts.native_batch:
        assert set(found[0].call_ids) == stage.example.in_doubt.keys


async def test_a_submission_that_is_not_there_is_not_found_on_any_page(stage: Stage) -> None:
    async with stage.open("find_miss") as provider:
        assert await provider.find(stage.example.in_doubt) == []


# --- Looking


async def test_a_batch_under_way_is_running(stage: Stage) -> None:
    async with stage.open("running") as provider:
        status = await provider.status(stage.example.batch)

    assert status.progress is Progress.RUNNING


async def test_a_finished_batch_is_over_by_its_status_or_else_by_its_calls(stage: Stage) -> None:
    if stage.facts.native_batch:
        async with stage.open("finished") as provider:
            status = await provider.status(stage.example.batch)

        assert status.progress is Progress.COMPLETED
        assert status.remaining in {None, 0}
    else:
        calls = [row.call for row in await listed(stage, "finished")]

        assert calls
        assert all(call is not None and call.over for call in calls)


async def test_a_state_that_we_have_never_seen_is_unknown_and_not_final(stage: Stage) -> None:
    if stage.facts.native_batch:
        async with stage.open("new_state") as provider:
            status = await provider.status(stage.example.batch)

        assert status.progress is Progress.UNKNOWN
        assert status.word
    else:
        calls = [row.call for row in await listed(stage, "new_state")]

        assert calls
        assert all(call is not None and not call.over for call in calls)
        assert all(call is not None and call.outcome is Outcome.UNKNOWN for call in calls)


async def test_an_outcome_that_we_have_never_seen_is_unknown_and_kept_in_their_words(
    stage: Stage,
) -> None:
    (call, *rest) = [row.call for row in await listed(stage, "new_outcome")]

    assert rest == []
    assert call is not None
    assert call.over
    assert call.outcome is Outcome.UNKNOWN
    assert call.ended_reason


async def test_pages_join_without_gap_or_repeat(stage: Stage) -> None:
    example: Example = stage.example
    async with stage.open("two_pages") as provider:
        page = await provider.page(example.batch)
        rows = page.calls
        # All that is recorded must be asked for: one page where that holds a whole batch, else two.
        while page.next is not None:
            page = await provider.page(example.batch, page.next)
            rows += page.calls

    calls = [row.call for row in rows]
    ids = list(example.call_ids.values())
    found = [call for call in calls if call and call.id in ids]
    assert [call.id for call in found] == ids
    keys = list(example.call_ids) if stage.facts.echoes_key else [None] * len(ids)
    # A list may lack the keys, if it then asks for the single read.
    known = [
        (call.key, key) for call, key in zip(found, keys, strict=True) if not call.needs_detail
    ]
    assert all(said == key for said, key in known)
    assert all(call.key in {None, key} for call, key in zip(found, keys, strict=True))
    if stage.facts.lists_only_own:
        assert len(calls) == len(example.call_ids)


async def test_an_empty_page_is_the_last(stage: Stage) -> None:
    async with stage.open("empty_page") as provider:
        page = await provider.page(stage.example.batch)

    assert page.calls == ()
    assert page.next is None


async def test_a_row_that_cannot_be_read_is_kept_and_the_others_go_on(stage: Stage) -> None:
    rows = await listed(stage, "poison_row")
    poisoned = [row for row in rows if row.call is None]

    assert len(poisoned) == 1
    assert poisoned[0].problem
    assert DIALLABLE.search(poisoned[0].problem) is None
    assert msgspec.json.decode(poisoned[0].raw)
    assert [row.problem for row in rows if row.call is not None] == [""] * (len(rows) - 1)
    assert len(rows) > 1


async def test_a_single_read_brings_all_that_the_list_may_lack(stage: Stage) -> None:
    key, call_id = next(iter(stage.example.call_ids.items()))
    async with stage.open("detail") as provider:
        row = await provider.detail(call_id)

    call = row.call
    assert call is not None
    assert (call.id, call.over, call.needs_detail) == (call_id, True, False)
    assert call.key == (key if stage.facts.echoes_key else None)
    assert call.outcome is Outcome.ANSWERED
    assert call.duration_seconds
    assert call.started_at is not None
    assert call.started_at.utcoffset() == timedelta(0)
    if stage.facts.transcript_from in {"list", "detail"}:
        assert call.transcript
        assert all(re.match("agent: |person: ", line) for line in call.transcript.splitlines())
    if stage.facts.cost_from == "detail":
        assert call.cost_usd


async def test_nobody_elses_secrets_are_kept(stage: Stage) -> None:
    secrets = stage.adapter.secrets
    _, call_id = next(iter(stage.example.call_ids.items()))
    async with stage.open("detail") as provider:
        row = await provider.detail(call_id)
    rows = [row, *await listed(stage, "poison_row")]

    recorded = "".join(path.read_text() for path in (WIRE / stage.folder).glob("*.json"))
    assert all(f'"{name}"' in recorded for name in secrets)
    kept = {name for row in rows for name in keys_of(msgspec.json.decode(row.raw))}
    assert kept & secrets == set()


# --- Stopping and checking


async def test_a_batch_can_be_asked_to_stop(stage: Stage) -> None:
    async with stage.open("stop") as provider:
        await provider.stop(stage.example.batch)


async def test_a_key_that_works_is_told_in_one_line(stage: Stage) -> None:
    async with stage.wire(recording(stage.folder, "check").pairs) as http:
        account = await stage.adapter.check(http)

    assert account.detail
    assert "\n" not in account.detail


async def test_a_key_that_does_not_work_stops_the_check_and_the_submit(stage: Stage) -> None:
    async with stage.wire(recording(stage.folder, "unauthorized").pairs) as http:
        with pytest.raises(Unauthorized):
            await stage.adapter.check(http)
        provider = stage.adapter.open(http, stage.example.agent)
        with pytest.raises(Unauthorized):
            await provider.submit(provider.compose(stage.example.order), Gate())
