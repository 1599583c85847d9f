"""Whoever cannot prove to be the provider is sent nothing: no call to place, and no key."""

import ssl
from collections.abc import Callable, Generator, Mapping
from pathlib import Path

import pytest
from cryptography import x509

from campaign.errors import NotSent, Transient
from providers import http
from providers.http import Http
from providers.port import NO_EFFECT
from tests.providers.certificates import DAY, Authority
from tests.providers.gate import Gate
from tests.providers.raw_server import answering, listening
from tests.providers.raw_server import http as answer

BODY = b'{"to":"+13125550101"}'
KEY = {"Authorization": "Bearer k"}
ELSEWHERE = [x509.DNSName("api.example")]
Show = Callable[[Authority, Path], ssl.SSLContext]

FALSE: Mapping[str, Show] = {
    "of an authority that nobody knows": lambda _, folder: Authority("Stranger").server(folder),
    "of an authority that bears the name of a known one": (
        lambda _, folder: Authority("Known").server(folder)
    ),
    "that has expired": lambda known, folder: known.server(folder, until=-DAY),
    "of another host": lambda known, folder: known.server(folder, ELSEWHERE),
}
"""Certificates by which a server is not to be believed."""


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Authority]:
    """The one authority that is trusted, as `SSL_CERT_FILE` says."""
    authority = Authority("Known")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.write(tmp_path)))
    contexts = http._tls
    contexts.cache_clear()
    yield authority
    contexts.cache_clear()


async def test_a_server_of_a_trusted_authority_gets_the_submit(
    known: Authority, tmp_path: Path
) -> None:
    gate = Gate()
    async with (
        listening(answering(answer(200)), known.server(tmp_path)) as server,
        Http(server.url, KEY) as client,
    ):
        await client.submit("calls", BODY, gate, NO_EFFECT)

        assert gate.asked == 1
        assert [request.partition(b"\r\n\r\n")[2] for request in server.requests] == [BODY]


@pytest.mark.parametrize("certificate", FALSE)
async def test_a_submit_to_a_server_with_a_false_certificate_sends_nothing_and_asks_no_fence(
    certificate: str, known: Authority, tmp_path: Path
) -> None:
    gate = Gate()
    false = FALSE[certificate](known, tmp_path)
    async with listening(answering(answer(200)), false) as server, Http(server.url, KEY) as client:
        with pytest.raises(NotSent, match="ConnectError"):
            await client.submit("calls", BODY, gate, NO_EFFECT)

        assert gate.asked == 0
        assert server.requests == []


@pytest.mark.parametrize("certificate", FALSE)
async def test_a_read_shows_its_key_to_no_server_with_a_false_certificate(
    certificate: str, known: Authority, tmp_path: Path
) -> None:
    false = FALSE[certificate](known, tmp_path)
    async with listening(answering(answer(200)), false) as server, Http(server.url, KEY) as client:
        with pytest.raises(Transient):
            await client.get("calls")

        assert server.requests == []


@pytest.mark.parametrize("certificate", FALSE)
async def test_a_client_that_verifies_nothing_would_have_sent_it_to_each_of_them(
    certificate: str, known: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    careless = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    careless.check_hostname, careless.verify_mode = False, ssl.CERT_NONE
    monkeypatch.setattr(http, "_tls", lambda: careless)
    false = FALSE[certificate](known, tmp_path)
    async with listening(answering(answer(200)), false) as server, Http(server.url, KEY) as client:
        await client.submit("calls", BODY, Gate(), NO_EFFECT)

        assert [request.count(b"POST") for request in server.requests] == [1]
