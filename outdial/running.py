"""Where the command line meets the flows, and so Prefect: nowhere else."""

import asyncio
import os
from importlib import import_module
from typing import Any

import httpx

from campaign.errors import BadInput, Fault

_SETTINGS = {
    # The first start of Prefect's own server takes longer than the 20 s that it gives itself.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
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
    """Set what Prefect reads when it is imported; what the user has set stays.

    Its lines go to its own server in full; of those on the console, `console_level` and above.
    """
    for name, value in {**_SETTINGS, _CONSOLE_LEVEL: console_level}.items():
        os.environ.setdefault(name, value)
    _refuse_silent_server(os.environ.get("PREFECT_API_URL", ""))


def run_to_end(name: str, *, strict: bool) -> None:
    """Run the flow of a campaign that is in the ledger until nobody is due any more.

    Raises whatever stopped the flow. That a campaign needs attention is no error: the ledger knows.
    """
    flow: Any = import_module("flows.run_campaign").run_campaign
    try:
        asyncio.run(_run(flow, name, strict=strict))
    except BaseException as error:
        if type(error).__name__ == _TERMINATED:
            raise KeyboardInterrupt from None
        raise


async def _run(flow: Any, name: str, *, strict: bool) -> None:
    state = await flow(name=name, strict=strict, return_state=True)
    if state.is_completed() or state.name == _NEEDS_ATTENTION:
        return
    cause = await state.aresult(raise_on_failure=False)
    raise cause if isinstance(cause, BaseException) else RuntimeError(f"the flow is {state.name}")


def _refuse_silent_server(url: str) -> None:
    """Say at once what Prefect would say after a minute of trying."""
    if not url:
        return
    try:
        httpx.get(f"{url.rstrip('/')}/health", timeout=10).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL):
        message = "no Prefect server answers there"
        remedy = "Start it by `prefect server start`, or unset PREFECT_API_URL to do without one."
        raise BadInput(message, [Fault(message, remedy, "PREFECT_API_URL", value=url)]) from None
