"""Each kind of fault, seen from the other end of a real socket."""

import json
import socket
import time
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from simulator.clock import VirtualClock
from tests.simulator.conftest import Client, Simulate, Stand

AGENT = "0d6f7a52-6b0e-4b61-9d3a-5c1f0a7b9e11"
JOBS = "/batch_dial_jobs"


def job(count: int = 1, first: int = 20) -> dict[str, Any]:
    rows = [{"toNumber": f"+131255501{first + index:02}"} for index in range(count)]
    return {"name": "spring", "callAgentId": AGENT, "maxConcurrentDials": 5, "rows": rows}


def jobs_that_exist(stand: Stand, vogent: httpx.Client) -> int:
    stand.clear_faults()
    return len(vogent.get(JOBS).json()["data"])


def last_request(stand: Stand) -> dict[str, Any]:
    return stand.ledger()["requests"][-1]


def finished_dials(vogent: httpx.Client, clock: VirtualClock, count: int) -> str:
    """The path of the dials of a job that is over."""
    job_id = vogent.post(JOBS, json=job(count)).json()["id"]
    vogent.post(f"{JOBS}/{job_id}/paused", json={"paused": False})
    clock.advance(100_000)
    return f"{JOBS}/{job_id}/dials"


def raw_get(stand: Stand, path: str) -> bytes:
    """Everything that comes over the wire until the other side closes. Raises when it resets."""
    address = urlsplit(stand.simulator.url)
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer test-key\r\n\r\n"
    with socket.create_connection((address.hostname, address.port), timeout=5) as wire:
        wire.sendall(request.encode())
        received = b""
        while part := wire.recv(65536):
            received += part
    return received


@pytest.mark.parametrize("when,exist", [("before", 0), ("after", 1)])
@pytest.mark.parametrize("reset", [False, True])
def test_a_connection_is_cut_before_or_after_the_effect(
    simulate: Simulate, client: Client, when: str, exist: int, *, reset: bool
) -> None:
    stand = simulate()
    vogent = client(stand, "vogent")
    fault = {"kind": "close", "when": when, "reset": reset}
    stand.set_faults({"routes": ["submit"], "fault": fault})

    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        vogent.post(JOBS, json=job())

    assert last_request(stand)["status"] is None
    assert jobs_that_exist(stand, vogent) == exist


def test_a_reset_is_a_reset_and_a_close_is_a_close(simulate: Simulate) -> None:
    stand = simulate()

    stand.set_faults({"fault": {"kind": "close", "reset": True}})
    with pytest.raises(ConnectionResetError):
        raw_get(stand, "/vogent/api/agents")

    stand.set_faults({"fault": {"kind": "close", "reset": False}})
    assert raw_get(stand, "/vogent/api/agents") == b""


@pytest.mark.parametrize("when,exist", [("before", 0), ("after", 1)])
def test_a_status_replaces_the_answer_before_or_after_the_effect(
    simulate: Simulate, client: Client, when: str, exist: int
) -> None:
    stand = simulate()
    vogent = client(stand, "vogent")
    fault = {"kind": "status", "status": 502, "when": when, "body": "html"}
    stand.set_faults({"routes": ["submit"], "fault": fault})

    answer = vogent.post(JOBS, json=job())

    assert answer.status_code == 502
    assert answer.headers["content-type"] == "text/html"
    assert "<h1>502</h1>" in answer.text
    assert jobs_that_exist(stand, vogent) == exist


@pytest.mark.parametrize(
    "how,header",
    [
        ("none", None),
        ("seconds", "7"),
        ("zero", "0"),
        ("date", "Mon, 21 Sep 2026 14:13:27 GMT"),
        ("past", "Mon, 21 Sep 2026 13:13:20 GMT"),
        ("huge", "1000000000"),
        ("garbage", "soon"),
    ],
)
def test_a_429_says_in_every_manner_when_to_come_back(
    simulate: Simulate, client: Client, how: str, header: str | None
) -> None:
    stand = simulate()
    fault = {"kind": "status", "status": 429, "retry_after": how, "retry_after_seconds": 7}
    stand.set_faults({"fault": fault})

    answer = client(stand, "vogent").get("/agents")

    assert answer.status_code == 429
    assert answer.headers.get("retry-after") == header
    assert "message" in answer.json()


def test_an_error_can_repeat_everything_that_was_sent(simulate: Simulate, client: Client) -> None:
    stand = simulate()
    stand.set_faults({"fault": {"kind": "status", "status": 400, "body": "echo"}})

    answer = client(stand, "vogent").post(JOBS, json=job())

    assert "+13125550120" in answer.json()["message"]


def test_a_redirect_leads_where_it_is_told_to(simulate: Simulate, client: Client) -> None:
    stand = simulate()
    fault = {"kind": "status", "status": 307, "location": "http://127.0.0.2:9/steal"}
    stand.set_faults({"fault": fault})

    answer = client(stand, "vogent").get("/agents", follow_redirects=False)

    assert answer.status_code == 307
    assert answer.headers["location"] == "http://127.0.0.2:9/steal"


@pytest.mark.parametrize("when,exist", [("before", 0), ("after", 1)])
def test_silence_lasts_until_the_client_leaves(
    simulate: Simulate, client: Client, when: str, exist: int
) -> None:
    stand = simulate()
    vogent = client(stand, "vogent")
    stand.set_faults({"routes": ["submit"], "fault": {"kind": "hang", "when": when}})

    with pytest.raises(httpx.ReadTimeout):
        vogent.post(JOBS, json=job(), timeout=0.2)

    assert jobs_that_exist(stand, vogent) == exist


@pytest.mark.parametrize("when", ["before", "after"])
def test_latency_delays_the_answer(simulate: Simulate, client: Client, when: str) -> None:
    stand = simulate()
    vogent = client(stand, "vogent")
    fault = {"kind": "latency", "when": when, "seconds": 0.1, "up_to": 0.15}
    stand.set_faults({"fault": fault})
    began = time.monotonic()

    assert vogent.get("/agents").status_code == 200

    assert time.monotonic() - began >= 0.1


def test_a_late_effect_comes_after_the_client_has_left(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    stand = simulate()
    vogent = client(stand, "vogent")
    fault = {"kind": "late_effect", "seconds": 5}
    stand.set_faults({"routes": ["submit"], "fault": fault})
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        vogent.post(JOBS, json=job())

    clock.advance(4.9)
    assert vogent.get(JOBS).json()["data"] == []
    clock.advance(0.2)
    [created] = vogent.get(JOBS).json()["data"]

    assert created["createdAt"] == "2026-09-21T14:13:25.000Z"
    [submit] = [request for request in stand.ledger()["requests"] if request["route"] == "submit"]
    assert submit["applied_at"] == pytest.approx(submit["at"] + 5)


def test_a_late_effect_can_hide_behind_a_gateway_timeout(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    stand = simulate()
    vogent = client(stand, "vogent")
    fault = {"kind": "late_effect", "seconds": 5, "status": 504}
    stand.set_faults({"routes": ["submit"], "fault": fault})

    assert vogent.post(JOBS, json=job()).status_code == 504
    clock.advance(5)

    assert jobs_that_exist(stand, vogent) == 1


def test_a_late_effect_is_refused_late_when_the_key_is_wrong(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    stand = simulate()
    fault = {"kind": "late_effect", "status": 504}
    stand.set_faults({"routes": ["submit"], "fault": fault})
    client(stand, "vogent", key="wrong").post(JOBS, json=job())
    clock.advance(60)

    assert jobs_that_exist(stand, client(stand, "vogent")) == 0
    assert stand.stats()["auth_failures"] == 1


def test_a_lagging_list_hides_what_is_new_and_a_read_by_id_does_not(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    stand = simulate()
    vogent = client(stand, "vogent")
    fault = {"kind": "listing_lag", "seconds": 30}
    stand.set_faults({"routes": ["list"], "fault": fault})
    job_id = vogent.post(JOBS, json=job()).json()["id"]
    clock.advance(29)

    assert vogent.get(JOBS).json()["data"] == []
    assert vogent.get(f"{JOBS}/{job_id}").status_code == 200
    clock.advance(1)
    assert len(vogent.get(JOBS).json()["data"]) == 1


def test_a_stale_read_lets_what_was_completed_be_in_progress_again(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    stand = simulate()
    vogent = client(stand, "vogent")
    path = finished_dials(vogent, clock, 1).removesuffix("/dials")
    fault = {"kind": "stale_read", "seconds": 99_995}
    stand.set_faults({"routes": ["status"], "nth": [2], "fault": fault})

    seen = [vogent.get(path).json()["status"] for _ in range(3)]

    assert seen == ["COMPLETE", "ACTIVE", "COMPLETE"]


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_truncated_answer_breaks_off_in_its_body(
    simulate: Simulate, client: Client, framing: str
) -> None:
    stand = simulate()
    stand.set_faults({"fault": {"kind": "truncate", "framing": framing}})

    with pytest.raises(httpx.RemoteProtocolError):
        client(stand, "vogent").get("/agents")

    assert raw_get(stand, "/vogent/api/agents").startswith(b"HTTP/1.1 200 ")


def test_a_truncated_answer_may_end_in_a_reset(simulate: Simulate) -> None:
    stand = simulate()
    stand.set_faults({"fault": {"kind": "truncate", "reset": True}})

    with pytest.raises(ConnectionResetError):
        raw_get(stand, "/vogent/api/agents")


def test_a_truncated_answer_may_break_off_in_its_headers(
    simulate: Simulate, client: Client
) -> None:
    stand = simulate()
    stand.set_faults({"fault": {"kind": "truncate", "framing": "headers"}})

    with pytest.raises(httpx.RemoteProtocolError):
        client(stand, "vogent").get("/agents")


def test_a_connection_may_close_right_after_a_good_answer(
    simulate: Simulate, client: Client
) -> None:
    stand = simulate()
    stand.set_faults({"fault": {"kind": "close_after"}})

    answer = client(stand, "vogent").get("/agents")

    assert answer.status_code == 200
    assert "connection" not in answer.headers
    assert raw_get(stand, "/vogent/api/agents").endswith(b"}")


@pytest.mark.parametrize("part", ["body", "headers"])
def test_a_dripping_answer_is_whole_in_the_end(
    simulate: Simulate, client: Client, part: str
) -> None:
    stand = simulate()
    stand.set_faults({"fault": {"kind": "drip", "seconds": 0.2, "pieces": 4, "part": part}})
    began = time.monotonic()

    # No single read takes as long as the whole.
    answer = client(stand, "vogent").get("/agents", timeout=0.15)

    assert answer.json()["data"][0]["id"] == AGENT
    assert time.monotonic() - began >= 0.2


@pytest.mark.parametrize(
    "how", ["malformed", "empty", "bom", "nan", "big_int", "deep", "duplicate_keys", "huge"]
)
def test_a_garbled_body_cannot_be_trusted_as_json(
    simulate: Simulate, client: Client, how: str
) -> None:
    stand = simulate()
    stand.set_faults({"fault": {"kind": "garble", "how": how, "megabytes": 2}})

    body = client(stand, "vogent").get("/agents").content

    signs = {
        "malformed": lambda: not body.rstrip().endswith(b"}"),
        "empty": lambda: body == b"",
        "bom": lambda: body.startswith(b"\xef\xbb\xbf{"),
        "nan": lambda: json.loads(body)["drift"] != json.loads(body)["drift"],
        "big_int": lambda: json.loads(body)["drift"] > 2**63,
        "deep": lambda: body.count(b"[") > 100_000,
        "duplicate_keys": lambda: json.loads(body)["data"] is None and body.count(b'"data"') == 2,
        "huge": lambda: len(body) > 2_000_000 and json.loads(body)["data"],
    }
    assert signs[how]()


def test_a_body_that_calls_itself_gzip_may_be_none(simulate: Simulate, client: Client) -> None:
    stand = simulate()
    stand.set_faults({"fault": {"kind": "garble", "how": "bad_gzip"}})

    with pytest.raises(httpx.DecodingError):
        client(stand, "vogent").get("/agents")


def test_a_small_gzip_may_hold_a_huge_body(simulate: Simulate, client: Client) -> None:
    stand = simulate()
    stand.set_faults({"fault": {"kind": "garble", "how": "gzip_bomb", "megabytes": 5}})

    with client(stand, "vogent").stream("GET", "/agents") as answer:
        sent = sum(len(part) for part in answer.iter_raw())
    body = client(stand, "vogent").get("/agents").content

    assert sent < 100_000
    assert len(body) > 5_000_000


def test_json_may_come_under_another_name(simulate: Simulate, client: Client) -> None:
    stand = simulate()
    stand.set_faults({"fault": {"kind": "content_type"}})

    answer = client(stand, "vogent").get("/agents")

    assert answer.headers["content-type"].startswith("text/html")
    assert answer.json()["data"]


@pytest.mark.parametrize("null", [False, True])
def test_a_submission_may_be_answered_without_an_id(
    simulate: Simulate, client: Client, *, null: bool
) -> None:
    stand = simulate()
    stand.set_faults({"routes": ["submit"], "fault": {"kind": "lose_ids", "null": null}})
    bland = client(stand, "bland")
    batch = {"global": {"task": "x"}, "call_objects": [{"phone_number": "+13125550120"}]}

    answer = bland.post("/v2/batches/create", json=batch)

    assert answer.status_code == 200
    assert answer.json()["data"] == ({"batch_id": None} if null else {})
    assert len(bland.get("/v2/batches/list").json()["data"]) == 1


def test_numbers_may_come_as_text_and_text_as_numbers(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    stand = simulate()
    vogent = client(stand, "vogent")
    path = finished_dials(vogent, clock, 1)
    stand.set_faults({"routes": ["page"], "fault": {"kind": "wrong_types"}})

    [dial] = vogent.get(path).json()["data"]

    assert isinstance(dial["durationSeconds"], str)
    assert isinstance(dial["status"], int)
    assert isinstance(dial["id"], str)


@pytest.mark.parametrize(
    "what,sign",
    [
        ("surrogate", b"\\ud800"),
        ("nul", b"\\u0000"),
        ("separators", "\u2028".encode()),
        ("rtl", "\u202e".encode()),
        ("emoji", "\U0001f468".encode()),
        ("formula", b'"=HYPERLINK'),
        ("html", b"<script>"),
        ("ansi", b"\\u001b[31m"),
    ],
)
def test_odd_text_stands_in_what_was_said(
    simulate: Simulate, client: Client, clock: VirtualClock, what: str, sign: bytes
) -> None:
    stand = simulate()
    vogent = client(stand, "vogent")
    path = finished_dials(vogent, clock, 1)
    stand.set_faults({"routes": ["page"], "fault": {"kind": "odd_text", "what": what}})

    body = vogent.get(path).content

    assert sign in body
    assert json.loads(body)["data"][0]["id"]


def numbers(answer: httpx.Response) -> list[str]:
    return [dial["toNumber"][-2:] for dial in answer.json()["data"]]


def pages(vogent: httpx.Client, path: str, limit: int, most: int = 8) -> list[list[str]]:
    """Follow the cursors, `most` pages at most."""
    found: list[list[str]] = []
    cursor: str | None = None
    while len(found) < most:
        answer = vogent.get(path, params={"limit": limit} | ({"cursor": cursor} if cursor else {}))
        found.append(numbers(answer))
        cursor = answer.json()["cursor"]
        if cursor is None:
            break
    return found


@pytest.mark.parametrize("of", ["this_page", "page_before"])
def test_rows_may_come_twice(
    simulate: Simulate, client: Client, clock: VirtualClock, of: str
) -> None:
    stand = simulate()
    vogent = client(stand, "vogent")
    path = finished_dials(vogent, clock, 6)
    good = pages(vogent, path, 3)
    stand.set_faults({"routes": ["page"], "fault": {"kind": "duplicate_rows", "of": of}})

    first, second = pages(vogent, path, 3)

    assert first == ([good[0][2], *good[0]] if of == "this_page" else good[0])
    assert second == [(good[1] if of == "this_page" else good[0])[2], *good[1]]


def test_rows_may_be_missing_and_come_back(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    stand = simulate()
    vogent = client(stand, "vogent")
    path = finished_dials(vogent, clock, 20)
    fault = {"kind": "drop_rows", "share": 0.5}
    stand.set_faults({"routes": ["page"], "count": 1, "fault": fault})

    assert 0 < len(numbers(vogent.get(path))) < 20
    assert len(numbers(vogent.get(path))) == 20


def test_rows_may_be_out_of_order(simulate: Simulate, client: Client, clock: VirtualClock) -> None:
    stand = simulate()
    vogent = client(stand, "vogent")
    path = finished_dials(vogent, clock, 20)
    good = numbers(vogent.get(path))
    stand.set_faults({"routes": ["page"], "fault": {"kind": "shuffle_rows"}})

    shuffled = numbers(vogent.get(path))

    assert shuffled != good
    assert sorted(shuffled) == sorted(good)


def test_a_page_in_the_middle_may_be_empty(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    stand = simulate()
    vogent = client(stand, "vogent")
    path = finished_dials(vogent, clock, 6)
    stand.set_faults({"routes": ["page"], "nth": [2], "fault": {"kind": "empty_page"}})

    assert [len(page) for page in pages(vogent, path, 2)] == [2, 0, 2]


@pytest.mark.parametrize("null", [False, True])
def test_a_row_may_be_without_an_id(
    simulate: Simulate, client: Client, clock: VirtualClock, *, null: bool
) -> None:
    stand = simulate()
    vogent = client(stand, "vogent")
    path = finished_dials(vogent, clock, 2)
    fault = {"kind": "rows_without_id", "null": null}
    stand.set_faults({"routes": ["page"], "fault": fault})

    first, second = vogent.get(path).json()["data"]

    assert first.get("id") is None
    assert ("id" in first) is null
    assert second["id"]


def test_a_cursor_may_have_expired(simulate: Simulate, client: Client, clock: VirtualClock) -> None:
    stand = simulate()
    vogent = client(stand, "vogent")
    path = finished_dials(vogent, clock, 4)
    stand.set_faults({"routes": ["page"], "fault": {"kind": "cursor_expired", "status": 410}})
    first = vogent.get(path, params={"limit": 2})

    second = vogent.get(path, params={"limit": 2, "cursor": first.json()["cursor"]})

    assert (first.status_code, second.status_code) == (200, 410)


@pytest.mark.parametrize("kind", ["cursor_loops", "cursor_ignored"])
def test_paging_by_a_faulty_cursor_would_never_end(
    simulate: Simulate, client: Client, clock: VirtualClock, kind: str
) -> None:
    stand = simulate()
    vogent = client(stand, "vogent")
    path = finished_dials(vogent, clock, 6)
    good = pages(vogent, path, 2)
    stand.set_faults({"routes": ["page"], "fault": {"kind": kind}})

    found = pages(vogent, path, 2, most=6)

    repeated = good[1] if kind == "cursor_loops" else good[0]
    assert found == [good[0], *[repeated] * 5]


@pytest.mark.parametrize("limit,shown", [(None, 6), (3, 3)])
def test_the_limit_may_be_ignored(
    simulate: Simulate, client: Client, clock: VirtualClock, limit: int | None, shown: int
) -> None:
    stand = simulate()
    vogent = client(stand, "vogent")
    path = finished_dials(vogent, clock, 6)
    stand.set_faults({"routes": ["page"], "fault": {"kind": "limit_ignored", "limit": limit}})

    assert len(numbers(vogent.get(path, params={"limit": 2}))) == shown


def test_a_total_may_be_wrong(simulate: Simulate, client: Client) -> None:
    stand = simulate()
    stand.set_faults({"routes": ["page"], "fault": {"kind": "wrong_total", "by": 3}})

    assert client(stand, "bland").get("/v1/calls").json()["total_count"] == 3


@pytest.mark.parametrize(
    "fault,header",
    [
        ({"seconds": -600}, "Mon, 21 Sep 2026 14:03:20 GMT"),
        ({"missing": True}, None),
    ],
)
def test_the_providers_clock_may_be_wrong_or_silent(
    simulate: Simulate, client: Client, fault: dict[str, Any], header: str | None
) -> None:
    stand = simulate()
    vogent = client(stand, "vogent")
    assert vogent.get("/agents").headers["date"] == "Mon, 21 Sep 2026 14:13:20 GMT"
    stand.set_faults({"fault": {"kind": "date_header"} | fault})

    assert vogent.get("/agents").headers.get("date") == header


def test_faults_add_up(simulate: Simulate, client: Client, clock: VirtualClock) -> None:
    stand = simulate()
    vogent = client(stand, "vogent")
    path = finished_dials(vogent, clock, 3)
    stand.set_faults(
        {
            "name": "again",
            "routes": ["page"],
            "fault": {"kind": "duplicate_rows", "of": "this_page"},
        },
        {"name": "label", "routes": ["page"], "fault": {"kind": "content_type"}},
        {"name": "cut", "routes": ["page"], "fault": {"kind": "truncate"}},
    )

    with pytest.raises(httpx.RemoteProtocolError):
        vogent.get(path)

    assert last_request(stand)["faults"] == ["again", "label", "cut"]


def test_rows_move_to_the_next_read_while_somebody_pages(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    stand = simulate()
    vogent = client(stand, "vogent")
    dials = finished_dials(vogent, clock, 4)
    whole = [row["id"] for row in vogent.get(dials).json()["data"]]
    stand.set_faults({"routes": ["page"], "fault": {"kind": "moving_rows", "rows": 2}})

    first, second = ([row["id"] for row in vogent.get(dials).json()["data"]] for _ in range(2))

    assert first == whole[:2]
    assert second == whole[2:] + whole[:2]


def test_rows_never_move_to_another_list(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    stand = simulate()
    vogent = client(stand, "vogent")
    one, other = finished_dials(vogent, clock, 4), finished_dials(vogent, clock, 4)
    whole = [row["id"] for row in vogent.get(other).json()["data"]]
    stand.set_faults({"routes": ["page"], "fault": {"kind": "moving_rows"}})

    vogent.get(one)

    assert [row["id"] for row in vogent.get(other).json()["data"]] == whole[:-1]


def test_rows_of_one_list_are_not_shown_again_in_another(
    simulate: Simulate, client: Client, clock: VirtualClock
) -> None:
    stand = simulate()
    vogent = client(stand, "vogent")
    one, other = finished_dials(vogent, clock, 4), finished_dials(vogent, clock, 4)
    whole = [row["id"] for row in vogent.get(other).json()["data"]]
    stand.set_faults({"routes": ["page"], "fault": {"kind": "duplicate_rows"}})

    vogent.get(one)

    assert [row["id"] for row in vogent.get(other).json()["data"]] == whole


def test_the_right_answer_may_come_under_another_status(simulate: Simulate, client: Client) -> None:
    stand = simulate()
    vogent = client(stand, "vogent")
    fault = {"kind": "status", "status": 207, "when": "after", "body": "answer"}
    stand.set_faults({"routes": ["submit"], "fault": fault})

    answer = vogent.post(JOBS, json=job())

    assert answer.status_code == 207
    assert vogent.get(f"{JOBS}/{answer.json()['id']}").status_code == 200


def test_a_total_may_be_another_one_each_time(simulate: Simulate, client: Client) -> None:
    stand = simulate()
    fault = {"kind": "wrong_total", "by": 1, "up_to": 1000}
    stand.set_faults({"routes": ["page"], "fault": fault})
    vocode = client(stand, "vocode")

    totals = {vocode.get("/calls/list").json()["total"] for _ in range(5)}

    assert len(totals) > 1
    assert min(totals) >= 1
