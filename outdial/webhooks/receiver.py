"""The ASGI application: prove, read, forget. It answers before the ledger is asked.

Nobody learns from an answer whether an id is known: whoever proves to know the secret hears 200.
"""

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

import providers
from campaign.clock import Clock
from outdial.webhooks.seen import Seen
from providers.webhook import Hint, Message
from store import hints
from store.ledger import Ledger

BODY_LIMIT = 1 << 20
_PATIENCE_SECONDS = 10
"""For the whole of a body."""
_REMEMBERED = 10_000


class Receiver:
    """Takes messages of the providers whose secrets it is given."""

    def __init__(self, ledger: Ledger, clock: Clock, secrets: Mapping[str, SecretStr]) -> None:
        self._ledger = ledger
        self._clock = clock
        self._secrets = {name: said.get_secret_value().encode() for name, said in secrets.items()}
        self._seen = Seen(_REMEMBERED)
        self.counts: Counter[str] = Counter()
        """Messages by what became of them."""

    @property
    def app(self) -> Starlette:
        """The application."""
        paths = ("/{provider}", "/{provider}/{rest:path}")
        return Starlette(routes=[Route(path, self._receive, methods=["POST"]) for path in paths])

    async def _receive(self, request: Request) -> Response:
        provider = request.path_params["provider"]
        if provider not in self._secrets:
            return self._answer(404, "not served")
        try:
            body = await _body(request)
        except _Refused as refused:
            return self._answer(refused.status, refused.fate)
        message = Message(
            headers={name.lower(): value for name, value in request.headers.items()},
            path=request.path_params.get("rest", ""),
            body=body,
            at=self._clock.now(),
        )
        if not providers.webhook(provider).proof(message, self._secrets[provider]):
            return self._answer(401, "not proved")
        fate, hint = self._read(provider, body)
        if hint is None:
            return self._answer(200, fate)
        return self._answer(200, fate, BackgroundTask(self._hint, provider, hint))

    def _read(self, provider: str, body: bytes) -> tuple[str, Hint | None]:
        """Say what becomes of a message, and what there is to do if it is new."""
        said = _object(body)
        if said is None:
            return "unreadable", None
        hint = providers.webhook(provider).hint(said)
        name = hint.event.encode() or body
        if self._seen.again(hashlib.sha256(provider.encode() + b"\0" + name).digest()):
            return "repeated", None
        return "taken", hint

    def _answer(self, status: int, fate: str, then: BackgroundTask | None = None) -> Response:
        self.counts[fate] += 1
        return Response(status_code=status, background=then)

    async def _hint(self, provider: str, hint: Hint) -> None:
        found = await self._ledger.run(
            hints.batches_of, provider, batches=hint.batches, calls=hint.calls, names=hint.names
        )
        self.counts["known" if found else "unknown"] += 1
        for batch_id in found:
            if await self._ledger.run(hints.look_sooner, batch_id, self._clock.now()):
                self.counts["sooner"] += 1


class _Refused(Exception):
    """The body was not read to its end."""

    def __init__(self, status: int, fate: str) -> None:
        super().__init__(fate)
        self.status = status
        self.fate = fate


async def _body(request: Request) -> bytes:
    read = bytearray()
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            async for chunk in request.stream():
                read += chunk
                if len(read) > BODY_LIMIT:
                    raise _Refused(413, "too large")
    except (TimeoutError, ClientDisconnect):
        raise _Refused(408, "broken off") from None
    return bytes(read)


def _object(body: bytes) -> Mapping[str, Any] | None:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None  # pyright: ignore[reportUnknownVariableType]
