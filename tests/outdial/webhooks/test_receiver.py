"""The receiver behind a real socket: whom it believes, and what comes of it."""

import http.client
import json
import os
import signal
import socket
import subprocess
from collections.abc import Generator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

import providers
from campaign.clock import SystemClock
from outdial.webhooks import receiver as receiving
from outdial.webhooks.receiver import BODY_LIMIT, Receiver
from outdial.webhooks.serving import listen, serving_in_thread
from store.batches import advancing
from store.batches.views import get
from store.ledger import Ledger
from store.planning.draft import PlannedBatch
from tests.outdial.command import PROGRAM, outdial
from tests.providers.test_webhook import BODIES, SECRET, mac, proved
from tests.store.desk import Desk, listed

SECRETS = {name: SecretStr(SECRET.decode()) for name in providers.names()}
AGES = timedelta(minutes=10)


@dataclass
class Door:
    """A receiver that listens, and somebody who knocks."""

    url: str
    receiver: Receiver
    stack: ExitStack

    def post(
        self, provider: str, said: Any, headers: Mapping[str, str] | None = None, path: str = ""
    ) -> int:
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        url = f"{self.url}/{provider}{path}"
        with httpx.Client(timeout=30) as client:
            return client.post(url, content=body, headers=dict(headers or {})).status_code

    def proved(self, provider: str, said: Any) -> int:
        """Send it as the provider would."""
        body = json.dumps(said).encode()
        at = SystemClock().now()
        path = f"/{SECRET.decode()}" if provider == "vocode" else ""
        return self.post(provider, body, proved(provider, body, at), path)

    def closed(self) -> Mapping[str, int]:
        """Close it, and count: what was begun has been done by then."""
        self.stack.close()
        return dict(self.receiver.counts)


@pytest.fixture
def desk(database_url: str) -> Generator[Desk]:
    with Ledger.open(database_url) as ledger:
        yield Desk(ledger, SystemClock().now() - AGES)


@pytest.fixture
def door(desk: Desk) -> Generator[Door]:
    receiver = Receiver(desk.ledger, SystemClock(), SECRETS)
    with ExitStack() as stack:
        sock = stack.enter_context(closing(listen("127.0.0.1", 0)))
        yield Door(stack.enter_context(serving_in_thread(receiver, sock)), receiver, stack)


@pytest.fixture
def batch(desk: Desk) -> PlannedBatch:
    """A batch that was looked at ten minutes ago, and is to be looked at in an hour."""
    made = desk.placed(people=1)
    [call] = desk.calls(made)
    desk.page(made, [listed(call)])
    desk.ledger.run_sync(
        advancing.schedule,
        desk.ledger.run_sync(get, made.batch_id),
        SystemClock().now() + timedelta(hours=1),
        "waits",
        stepped_at=desk.now,
    )
    return made


def is_due(desk: Desk, batch: PlannedBatch) -> bool:
    with desk.ledger.reading() as db:
        at = get(db, batch.batch_id).due_at
    return at is not None and at <= SystemClock().now()


def about(desk: Desk) -> dict[str, Any]:
    """A message of Vogent about the call of the batch."""
    [call] = desk.stored()
    return {"event": "dial.updated", "payload": {"dial_id": call["provider_call_id"]}}


def test_a_message_that_is_proved_makes_the_look_come_now(
    desk: Desk, door: Door, batch: PlannedBatch
) -> None:
    before = desk.stored()

    assert door.proved("vogent", about(desk)) == 200

    counts = door.closed()
    assert (counts["known"], counts["sooner"]) == (1, 1)
    assert is_due(desk, batch)
    assert desk.stored() == before


@pytest.mark.parametrize("name", providers.names())
def test_every_provider_is_heard_and_a_word_without_proof_is_not(door: Door, name: str) -> None:
    assert door.post(name, BODIES[name]) == 401
    assert door.post(name, BODIES[name], {"x-elto-signature": "0" * 64}) == 401
    assert door.proved(name, BODIES[name]) == 200

    assert door.closed() == {"not proved": 2, "taken": 1, "unknown": 1}


def test_nobody_learns_from_an_answer_which_ids_are_known(
    desk: Desk, door: Door, batch: PlannedBatch
) -> None:
    foreign = {"event": "dial.updated", "payload": {"dial_id": "nobody-knows"}}
    answers: list[tuple[int, bytes]] = []
    for said in (about(desk), foreign):
        body = json.dumps(said).encode()
        sent = httpx.post(f"{door.url}/vogent", content=body, headers=proved("vogent", body))
        answers.append((sent.status_code, sent.content))

    assert answers[0] == answers[1] == (200, b"")
    counts = door.closed()
    assert (counts["known"], counts["unknown"]) == (1, 1)


def test_a_message_that_comes_again_is_passed_over(
    desk: Desk, door: Door, batch: PlannedBatch
) -> None:
    for _ in range(3):
        assert door.proved("vogent", about(desk)) == 200

    counts = door.closed()
    assert (counts["taken"], counts["repeated"], counts["known"]) == (1, 2, 1)


def test_an_event_is_known_by_its_own_id_however_it_is_written(door: Door) -> None:
    for said in ({"time": 1}, {"time": 2}):
        event = {"specversion": "1.0", "id": "e-1", "data": {"run_id": "r-1"}} | said
        assert door.proved("happyrobot", event) == 200

    assert door.closed()["repeated"] == 1


def test_what_was_refused_is_not_remembered(desk: Desk, door: Door, batch: PlannedBatch) -> None:
    door.post("vogent", about(desk), {"x-elto-signature": "0" * 64})
    door.proved("vogent", about(desk))

    assert door.closed()["sooner"] == 1
    assert is_due(desk, batch)


def test_a_body_that_is_too_large_is_refused_before_it_is_read_to_its_end(door: Door) -> None:
    host, port = door.url.removeprefix("http://").split(":")
    with closing(http.client.HTTPConnection(host, int(port), timeout=30)) as connection:
        # It says nothing of its length, and never ends.
        connection.putrequest("POST", "/vogent")
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders()
        piece = b"x" * 65536
        for _ in range(BODY_LIMIT // len(piece) + 1):
            connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
        answer = connection.getresponse()
        assert answer.status == 413

    assert door.closed() == {"too large": 1}


def test_a_body_of_the_largest_size_is_read(door: Door) -> None:
    frame = b'{"pad": ""}'
    body = b'{"pad": "%s"}' % (b"x" * (BODY_LIMIT - len(frame)))

    assert len(body) == BODY_LIMIT
    assert door.post("vogent", body, {"x-elto-signature": mac(body)}) == 200
    assert door.post("vogent", body + b" ", {"x-elto-signature": mac(body + b" ")}) == 413


def test_whoever_goes_away_in_the_middle_or_sends_nothing_holds_nobody_up(
    desk: Desk, door: Door, batch: PlannedBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "_PATIENCE_SECONDS", 0.1)
    host, port = door.url.removeprefix("http://").split(":")
    head = b"POST /vogent HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"
    with socket.create_connection((host, int(port)), timeout=30) as slow:
        slow.sendall(head)
        assert slow.recv(100).startswith(b"HTTP/1.1 408 ")
    with socket.create_connection((host, int(port)), timeout=30) as gone:
        gone.sendall(head)

    assert door.proved("vogent", about(desk)) == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"3", b'"x"', b"\xff", b"[" * 200_000])
def test_what_cannot_be_read_is_answered_and_forgotten(door: Door, body: bytes) -> None:
    assert door.post("vogent", body, {"x-elto-signature": mac(body)}) == 200

    assert door.closed() == {"unreadable": 1}


@pytest.mark.parametrize(
    "method, path, status",
    [
        ("POST", "/", 404),
        ("POST", "/twilio", 404),
        ("GET", "/vogent", 405),
        ("POST", "/vocode", 401),
        ("POST", "/vocode/guessed", 401),
    ],
)
def test_other_doors_are_closed(door: Door, method: str, path: str, status: int) -> None:
    assert httpx.request(method, door.url + path, timeout=30).status_code == status


def test_a_provider_without_a_secret_is_not_served(desk: Desk) -> None:
    receiver = Receiver(desk.ledger, SystemClock(), {"bland": SecretStr(SECRET.decode())})
    with closing(listen("127.0.0.1", 0)) as sock, serving_in_thread(receiver, sock) as url:
        assert Door(url, receiver, ExitStack()).proved("vogent", BODIES["vogent"]) == 404
        assert Door(url, receiver, ExitStack()).proved("bland", BODIES["bland"]) == 200


def test_the_verb_serves_until_it_is_interrupted_and_tells_what_came(
    sqlite_database_url: str,
) -> None:
    settings = {
        "OUTDIAL_DATABASE_URL": sqlite_database_url,
        "VOGENT_WEBHOOK_SECRET": SECRET.decode(),
        "VOCODE_WEBHOOK_SECRET": "a-secret-in-the-path",
    }
    with subprocess.Popen(
        [PROGRAM, "webhooks", "--port", "0"],
        env=os.environ | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        url = lines[2].split()[0].removesuffix("/vogent")
        body = json.dumps(BODIES["vogent"]).encode()
        sent = httpx.post(f"{url}/vogent", content=body, headers=proved("vogent", body), timeout=60)
        hidden = httpx.post(f"{url}/vocode/a-secret-in-the-path", json=BODIES["vocode"], timeout=60)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)

    assert (sent.status_code, hidden.status_code) == (200, 200)
    assert lines[1].strip() == f"{url}/vocode/$VOCODE_WEBHOOK_SECRET"
    assert process.returncode == 0, err
    assert "The receiver has ended. Messages: taken 2, unknown 2." in out
    assert "a-secret-in-the-path" not in "".join(lines) + out + err


def test_without_any_secret_there_is_nothing_to_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in providers.names():
        monkeypatch.delenv(f"{name.upper()}_WEBHOOK_SECRET", raising=False)

    ran = outdial("webhooks")

    assert ran.code == 2
    assert "no message could be proved" in ran.err
    assert "Set one or more of BLAND_WEBHOOK_SECRET" in ran.err


@pytest.mark.parametrize(
    "options, complaint",
    [
        (["--host", "203.0.113.1"], "cannot be used"),
        (["--host", "no such host"], "cannot be used"),
        (["--port", "70000"], "70000"),
    ],
)
def test_an_address_that_cannot_be_had_is_told(
    options: list[str], complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOGENT_WEBHOOK_SECRET", SECRET.decode())

    ran = outdial("webhooks", *options)

    assert ran.code == 2
    assert complaint in ran.err


def test_a_port_that_is_taken_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOGENT_WEBHOOK_SECRET", SECRET.decode())
    with closing(listen("127.0.0.1", 0)) as taken:
        ran = outdial("webhooks", "--port", str(taken.getsockname()[1]))

    assert ran.code == 2
    assert "cannot be used" in ran.err
    assert "port 0 takes any that is free" in ran.err
