"""Where the command line meets the flows, and so Prefect: nowhere else."""

import asyncio
import os
from importlib import import_module
from typing import Any

import httpx

from campaign.errors import BadInput, Fault
from outdial.terminal import tell

_SETTINGS = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    # Its SQLite database is busy now and then, which it tells at length and tries again.
    "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
}
_CONSOLE_LEVEL = "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL"
_NEEDS_ATTENTION = "NeedsAttention"
_TERMINATED = "TerminationSignal"
"""What Prefect makes of SIGTERM."""


def prepare_prefect(*, console_level: str = "CRITICAL") -> None:
    """See to it that there is a Prefect server: the user's, or one that ends with this process.

    What the user has set stays. Of Prefect's lines those of `console_level` and above come to the
    console; all of them go to the server. Raises `BadInput` if the user's server is silent.
    """
    # Prefect reads its settings when it is imported, which takes seconds, and so happens only here.
    for name, value in {**_SETTINGS, _CONSOLE_LEVEL: console_level}.items():
        os.environ.setdefault(name, value)
    server: Any = import_module("flows.server")
    url: str | None = server.chosen_url()
    if url is not None:
        _refuse_silence(url)
        return
    tell("Starting Prefect (the first time takes up to half a minute) ...")
    tell(f"While this runs, Prefect shows it at {server.start_server()}")


def run_to_end(name: str, *, strict: bool, plan: str | None = None) -> None:
    """Run the flow of a campaign that is in the ledger until nobody is due any more.

    Raises whatever stopped the flow. That a campaign needs attention is no error: the ledger knows.
    """
    flow: Any = import_module("flows.run_campaign").run_campaign
    try:
        asyncio.run(_run(flow, name, strict=strict, plan=plan))
    except BaseException as error:
        if type(error).__name__ == _TERMINATED:
            raise KeyboardInterrupt from None
        raise


async def _run(flow: Any, name: str, *, strict: bool, plan: str | None) -> None:
    state = await flow(name=name, strict=strict, plan=plan, return_state=True)
    if state.is_completed() or state.is_cancelled() or state.name == _NEEDS_ATTENTION:
        return
    cause = await state.aresult(raise_on_failure=False)
    raise cause if isinstance(cause, BaseException) else RuntimeError(f"the flow is {state.name}")


def _refuse_silence(url: str) -> None:
    """Say at once what Prefect would say after a minute of trying."""
    try:
        # One that is there and busy may take its time.
        patience = httpx.Timeout(60, connect=10)
        httpx.get(f"{url.rstrip('/')}/health", timeout=patience).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL):
        message = "no Prefect server answers there"
        remedy = "Start it by `prefect server start`, or unset PREFECT_API_URL to do without one."
        raise BadInput(message, [Fault(message, remedy, "PREFECT_API_URL", value=url)]) from None
