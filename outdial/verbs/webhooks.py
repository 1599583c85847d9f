"""`outdial webhooks`: the providers tell that something has happened, and are looked at sooner."""

import os
from collections.abc import Mapping
from contextlib import closing, suppress
from socket import socket

import click
from pydantic import SecretStr

import providers
from campaign.clock import SystemClock
from campaign.errors import BadInput, Fault
from outdial.terminal import say, tell
from outdial.webhooks.receiver import Receiver
from outdial.webhooks.serving import listen, serve
from providers.settings import secret_variable, webhook_secret
from store.ledger import Ledger


@click.command(epilog="Example: VOGENT_WEBHOOK_SECRET=... outdial webhooks --port 8866")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", type=click.IntRange(0, 65535), default=8866, show_default=True)
def command(host: str, port: int) -> None:
    """Receive the providers' status and end-of-call messages, until interrupted.

    A message is proved by the provider's secret, in VOGENT_WEBHOOK_SECRET and the like; a provider
    without one is not served. It is a hint and no more: the batch that it names is looked at
    sooner, though never more often than the campaign's polling.min. Put a proxy with TLS in front.
    """
    secrets = _secrets()
    with closing(_listen(host, port)) as sock, Ledger.open() as ledger:
        receiver = Receiver(ledger, SystemClock(), secrets)
        _introduce(host, sock.getsockname()[1], secrets)
        # Uvicorn has shut down in good order by then, and raises the signal once more.
        with suppress(KeyboardInterrupt):
            serve(receiver, sock)
    counts = ", ".join(f"{fate} {number}" for fate, number in receiver.counts.items())
    say(f"The receiver has ended. Messages: {counts or 'none'}.")


def _secrets() -> Mapping[str, SecretStr]:
    found = {name: webhook_secret(name) for name in providers.names()}
    secrets = {name: secret for name, secret in found.items() if secret is not None}
    if not secrets:
        message = "no provider has a webhook secret, so no message could be proved"
        names = ", ".join(secret_variable(name) for name in providers.names())
        raise BadInput(message, [Fault(message, f"Set one or more of {names}.")])
    return secrets


def _listen(host: str, port: int) -> socket:
    try:
        return listen(host, port)
    except OSError as error:
        message = f"{host} port {port} cannot be used ({error.strerror or error})"
        remedy = "Choose others by --host and --port; port 0 takes any that is free."
        raise BadInput(message, [Fault(message, remedy)]) from None


def _introduce(host: str, port: int, secrets: Mapping[str, SecretStr]) -> None:
    say(f"Waiting for messages (process {os.getpid()}) until Ctrl-C, at")
    for name in secrets:
        hidden = f"/${secret_variable(name)}" if providers.webhook(name).secret_in_path else ""
        say(f"  http://{host}:{port}/{name}{hidden}")
    if host not in {"127.0.0.1", "::1", "localhost"}:
        tell("Others can reach this address: a proxy with TLS belongs in front of it.")
