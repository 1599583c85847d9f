"""The gate in front of every endpoint: ledger, faults, key, handler, wire."""

from dataclasses import dataclass
from email.utils import formatdate
from hashlib import sha256

from pydantic import ValidationError
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from simulator.dialect import Dialect, Endpoint, World
from simulator.exchange import Answer, Exchange, Refused
from simulator.faults.board import Board
from simulator.faults.fault import Incident, Instead
from simulator.faults.hit import Hit, disguised
from simulator.ledger import RequestRecord
from simulator.turnstile import Turnstile
from simulator.wire import Cut, Wire

_OK = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """An ASGI application around one endpoint of one dialect."""

    dialect: Dialect
    endpoint: Endpoint
    world: World
    board: Board
    keys: frozenset[str]
    turnstile: Turnstile

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        wire = Wire(scope, receive, send)
        try:
            visit = self._arrive(Request(scope), await wire.read())
            await visit.serve(wire)
        except Cut:
            return

    def _arrive(self, request: Request, body: bytes) -> "_Visit":
        now = self.world.network.advance()
        digest = sha256(body).hexdigest()
        record = RequestRecord(
            id=len(self.world.ledger.requests) + 1,
            provider=self.dialect.name,
            method=request.method,
            template=self.endpoint.template,
            route=self.endpoint.route,
            dials=self.endpoint.dials,
            at=now,
            body_sha256=digest,
            query=request.url.query,
        )
        self.world.ledger.add_request(record)
        hits = self.board.hits(self.dialect.name, self.endpoint.route)
        record.faults.extend(hit.label for hit in hits)
        exchange = Exchange(
            account=self.dialect.key(request.headers) or "",
            method=request.method,
            path=request.url.path.removeprefix(self.dialect.mount),
            params=request.path_params,
            query=request.query_params,
            headers=request.headers,
            body=body,
            body_sha256=digest,
            now=now,
            base_url=_base_url(request.headers, self.dialect.mount),
        )
        return _Visit(gate=self, record=record, exchange=exchange, hits=hits)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Visit:
    """One request on its way through the gate."""

    gate: Gate
    record: RequestRecord
    exchange: Exchange
    hits: list[Hit]

    async def serve(self, wire: Wire) -> None:
        """Let the faults happen, do what is asked, and answer."""
        try:
            answer = await self._answer(wire)
        except Instead as instead:
            answer = instead.answer
        self.record.status = answer.status
        if "date" not in answer.headers:
            date = formatdate(self.gate.world.network.now, usegmt=True)
            answer = answer.with_headers({"date": date})
        for hit in self.hits:
            if await hit.deliver(answer, self._incident(hit, wire)):
                return
        await wire.send(answer)

    async def _answer(self, wire: Wire) -> Answer:
        for hit in self.hits:
            await hit.before(self._incident(hit, wire))
        self.gate.world.network.advance()
        answer = self._perform(wire)
        for hit in self.hits:
            answer = await hit.after(answer, self._incident(hit, wire))
        return answer

    def _perform(self, wire: Wire) -> Answer:
        now = self.gate.world.network.now
        answer = self._handle(now, wire)
        if answer.status < _OK:
            self.record.applied_at = now
        return answer

    def _handle(self, now: float, wire: Wire) -> Answer:
        endpoint = self.gate.endpoint
        if endpoint.needs_key and self.exchange.account not in self.gate.keys:
            self.record.unauthorized = True
            return self.gate.dialect.refusal(401, "Missing or unknown API key.")
        refusal = self.gate.turnstile.refusal(self.gate.dialect, self.exchange.account, now)
        if refusal is not None:
            return refusal
        hits = [(hit, self._incident(hit, wire)) for hit in self.hits]
        return disguised(hits, self.exchange.at(now), self._handled)

    def _handled(self, exchange: Exchange) -> Answer:
        try:
            return self.gate.endpoint.handler(exchange)
        except Refused as refused:
            return refused.answer
        except ValidationError as error:
            return self.gate.dialect.invalid(error)

    def _incident(self, hit: Hit, wire: Wire) -> Incident:
        return Incident(
            dialect=self.gate.dialect,
            endpoint=self.gate.endpoint,
            network=self.gate.world.network,
            wire=wire,
            exchange=self.exchange,
            perform=lambda: self._perform(wire),
            random=hit.random,
            memory=hit.memory,
        )


def _base_url(headers: Headers, mount: str) -> str:
    return f"http://{headers.get('host', '127.0.0.1')}{mount}"
