import pytest
from hypothesis import given
from hypothesis import strategies as st

import providers
from campaign.errors import BadInput, Unsupported
from providers.connecting import connect
from providers.settings import access, configured, resolved, resolved_text


@pytest.mark.parametrize("name", providers.names())
def test_each_provider_has_its_own_key_and_is_reached_live_by_default(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{name.upper()}_API_KEY", " sesame\n")

    found = access(name)

    assert found.key.get_secret_value() == "sesame"
    assert found.base_url == providers.adapter(name).base_url
    assert found.live
    assert configured(name)
    assert "sesame" not in repr(found)


def test_an_unknown_provider_is_told() -> None:
    with pytest.raises(Unsupported, match="vogent"):
        access("vogant")


@pytest.mark.parametrize(
    "url, live",
    [
        ("https://eu.example/api", True),
        ("https://127.0.0.1.example/api", True),
        ("http://127.0.0.1:8855/vogent/api", False),
        ("http://localhost:8855", False),
        ("http://[::1]:8855", False),
        ("https://127.8.9.1", False),
    ],
)
def test_only_this_machine_is_not_live(
    url: str, live: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOGENT_API_KEY", "k")
    monkeypatch.setenv("VOGENT_BASE_URL", f" {url}// ")

    found = access("vogent")

    assert (found.base_url, found.live) == (url, live)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost.example/",
        "http://0.0.0.0:80",
        "http://10.0.0.1/",
        "http://2130706433/",
        "ftp://127.0.0.1/",
        "https://",
        "https:///path",
        "https://h:99999/",
        "//h/path",
    ],
)
def test_any_other_plain_or_strange_url_is_refused(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOGENT_API_KEY", "k")
    monkeypatch.setenv("VOGENT_BASE_URL", url)

    with pytest.raises(BadInput) as raised:
        access("vogent")

    assert raised.value.faults[0].source == "VOGENT_BASE_URL"


def test_references_are_replaced_at_any_depth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBER", " 665f ")
    block = {"a": "env:NUMBER", "b": [{"c": "env: NUMBER"}, 3, None], "d": "environment"}

    assert resolved(block) == {"a": "665f", "b": [{"c": "665f"}, 3, None], "d": "environment"}


@pytest.mark.parametrize("value", ["", "  "])
def test_a_reference_to_nothing_names_the_variable(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMBER", value)

    with pytest.raises(BadInput, match="NUMBER"):
        resolved_text("env:NUMBER")


@given(st.text().filter(lambda text: not text.startswith("env:")))
def test_any_other_text_stays_as_it_is(text: str) -> None:
    assert resolved_text(text) == text


async def test_a_provider_is_opened_with_its_key_and_its_agent_block(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VOGENT_API_KEY", "sesame")
    monkeypatch.setenv("VOGENT_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AGENT", "0d6f7a52")

    async with connect("vogent", {"agent_id": "env:AGENT"}) as provider:
        assert provider.capabilities.two_phase_start


async def test_a_provider_without_a_key_is_not_opened() -> None:
    with pytest.raises(BadInput, match="VOGENT_API_KEY"):
        async with connect("vogent", {"agent_id": "x"}):
            pass
