"""Whose message it is, and what it may be about."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import providers
from campaign.errors import BadInput, Unsupported
from providers.settings import webhook_secret
from providers.webhook import FRESH, Hint, Message

SECRET = b"a-secret-of-some-length"
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)

# From each provider's documentation; see the module of each.
BODIES: Mapping[str, Mapping[str, Any]] = {
    "vogent": {
        "event": "dial.updated",
        "payload": {"dial_session_id": "s-1", "dial_id": "d-1", "status": "completed"},
    },
    "bland": {
        "call_id": "c-1",
        "batch_id": "b-1",
        "completed": True,
        "metadata": {"outdial_tag": "od1-abcdefgh-1-1-0a1b2c3d", "outdial_key": "k" * 26},
    },
    "vapi": {
        "message": {
            "type": "end-of-call-report",
            "endedReason": "customer-ended-call",
            "call": {
                "id": "c-1",
                "campaignId": "b-1",
                "metadata": {"outdial_tag": "od1-abcdefgh-1-1-0a1b2c3d", "outdial_key": "k" * 26},
            },
        }
    },
    "happyrobot": {
        "type": "end",
        "call": {
            "id": "c-1",
            "metadata": {"from": "", "to": "", "custom": {"outdial_key": "k" * 26}},
        },
        "content": {"messages": []},
    },
    "vocode": {"type": "event_phone_call_ended", "call_id": "c-1", "payload": {}},
}
HINTS: Mapping[str, Hint] = {
    "vogent": Hint(calls=frozenset({"d-1"})),
    "bland": Hint(
        batches=frozenset({"b-1"}),
        calls=frozenset({"c-1"}),
        names=frozenset({"od1-abcdefgh-1-1-0a1b2c3d", "k" * 26}),
    ),
    "vapi": Hint(
        batches=frozenset({"b-1"}),
        calls=frozenset({"c-1"}),
        names=frozenset({"od1-abcdefgh-1-1-0a1b2c3d", "k" * 26}),
    ),
    "happyrobot": Hint(calls=frozenset({"c-1"}), names=frozenset({"k" * 26})),
    "vocode": Hint(calls=frozenset({"c-1"})),
}


def mac(signed: bytes, secret: bytes = SECRET) -> str:
    return hmac.new(secret, signed, hashlib.sha256).hexdigest()


def proved(name: str, body: bytes, at: datetime = NOW) -> dict[str, str]:
    """The headers by which a provider proves a message."""
    seconds = str(int(at.timestamp()))
    return {
        "vogent": {"x-elto-signature": mac(body)},
        "bland": {"x-webhook-signature": mac(body)},
        "vapi": {
            "x-timestamp": seconds,
            "x-signature": mac(seconds.encode() + b"." + body),
        },
        "happyrobot": {"x-webhook-secret": SECRET.decode()},
        "vocode": {},
    }[name]


def accepted(
    name: str, body: bytes, headers: Mapping[str, str], path: str = "", secret: bytes = SECRET
) -> bool:
    message = Message(headers=headers, path=path, body=body, at=NOW)
    return providers.webhook(name).proof(message, secret)


def path_of(name: str) -> str:
    return SECRET.decode() if providers.webhook(name).secret_in_path else ""


@pytest.mark.parametrize("name", providers.names())
def test_each_provider_proves_its_messages_and_no_other_secret_will_do(name: str) -> None:
    body = json.dumps(BODIES[name]).encode()
    headers = proved(name, body)

    assert accepted(name, body, headers, path_of(name))
    assert not accepted(name, body, headers, path_of(name), secret=b"another of the same length")
    assert not accepted(name, body, {}, "")
    assert not accepted(name, body, dict.fromkeys(headers, ""), "")
    assert not accepted(name, body, dict.fromkeys(headers, "é"), "é")


@pytest.mark.parametrize("name", ["vogent", "bland", "vapi"])
def test_a_signature_is_of_the_very_body(name: str) -> None:
    body = json.dumps(BODIES[name]).encode()

    assert not accepted(name, body.replace(b"1", b"2"), proved(name, body))


@pytest.mark.parametrize("name", providers.names())
def test_what_a_message_is_about_is_read_from_it(name: str) -> None:
    assert providers.webhook(name).hint(BODIES[name]) == HINTS[name]


@pytest.mark.parametrize("age", [timedelta(0), FRESH, -FRESH])
def test_a_signed_time_may_be_of_the_last_minutes(age: timedelta) -> None:
    assert accepted("vapi", b"{}", proved("vapi", b"{}", NOW - age))


@pytest.mark.parametrize("age", [FRESH + timedelta(seconds=1), -FRESH - timedelta(seconds=1)])
def test_a_message_that_is_played_again_later_is_refused(age: timedelta) -> None:
    assert not accepted("vapi", b"{}", proved("vapi", b"{}", NOW - age))


def test_a_time_may_be_in_milliseconds() -> None:
    at = str(int(NOW.timestamp() * 1000))

    assert accepted("vapi", b"{}", {"x-timestamp": at, "x-signature": mac(f"{at}.{{}}".encode())})


@pytest.mark.parametrize("at", ["", "soon", "-1", "1e9", "٣", "9" * 400, "1782907200.5"])
def test_a_time_that_is_none_proves_nothing(at: str) -> None:
    headers = {"x-timestamp": at, "x-signature": mac(at.encode() + b".{}")}

    assert not accepted("vapi", b"{}", headers)


@pytest.mark.parametrize(
    "headers",
    [
        {"x-vapi-secret": SECRET.decode()},
        {"authorization": f"Bearer {SECRET.decode()}"},
        {"authorization": SECRET.decode()},
    ],
)
def test_vapi_may_tell_the_secret_instead(headers: Mapping[str, str]) -> None:
    assert accepted("vapi", b"{}", headers)


def test_bland_may_have_signed_what_javascript_would_have_written() -> None:
    sent = b'{"batch_id": "b-1",\n "said": "Zo\\u00eb"}'

    assert accepted(
        "bland", sent, {"x-webhook-signature": mac('{"batch_id":"b-1","said":"Zoë"}'.encode())}
    )
    assert not accepted("bland", b"[" * 100_000, {"x-webhook-signature": mac(b"[]")})


def test_an_event_of_happyrobots_new_platform_has_an_id_of_its_own() -> None:
    event = {"specversion": "1.0", "id": "e-1", "data": {"run_id": "r-1", "session_id": "s-1"}}

    assert providers.webhook("happyrobot").hint(event) == Hint(
        calls=frozenset({"r-1", "s-1"}), event="e-1"
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["call", "id", "payload", "dial_id", "metadata", "custom", "message", "data"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("name", providers.names())
@given(said=st.dictionaries(st.sampled_from(["call", "id", "payload", "message", "data"]), JSON))
def test_whatever_a_message_holds_reading_it_raises_nothing(name: str, said: Any) -> None:
    hint = providers.webhook(name).hint(said)

    assert all(isinstance(one, str) for one in hint.batches | hint.calls | hint.names)


@pytest.mark.parametrize("strange", ["x" * 201, "", 7, None, {}, ["c-1"]])
def test_what_cannot_be_an_id_is_none(strange: Any) -> None:
    assert providers.webhook("vocode").hint({"call_id": strange}) == Hint()


@pytest.mark.parametrize("name", providers.names())
def test_each_secret_has_a_variable_of_its_own(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert webhook_secret(name) is None
    monkeypatch.setenv(f"{name.upper()}_WEBHOOK_SECRET", f" {SECRET.decode()}\n")

    found = webhook_secret(name)

    assert found is not None
    assert found.get_secret_value() == SECRET.decode()
    assert SECRET.decode() not in repr(found)


@pytest.mark.parametrize("short", ["sesame", "123456789012345"])
def test_a_secret_that_could_be_guessed_is_refused(
    short: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOCODE_WEBHOOK_SECRET", short)

    with pytest.raises(BadInput) as raised:
        webhook_secret("vocode")

    [fault] = raised.value.faults
    assert fault.source == "VOCODE_WEBHOOK_SECRET"
    assert short not in str(fault)


def test_a_secret_in_a_url_needs_no_escape(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOCODE_WEBHOOK_SECRET", "a secret of/some?length")

    with pytest.raises(BadInput, match="letters"):
        webhook_secret("vocode")


def test_a_provider_that_is_not_known_has_no_messages() -> None:
    with pytest.raises(Unsupported):
        providers.webhook("twilio")
