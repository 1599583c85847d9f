"""What a Bland account holds: its batches and its lines; and Bland's ways of saying no."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from simulator.calls import Call, Order
from simulator.clock import parse_moment
from simulator.dialect import World
from simulator.dialects.bland.batches import Batch
from simulator.dialects.bland.bodies import E164_PATTERN
from simulator.dialects.bland.calls import DEFAULT_MINUTES, listed
from simulator.dialects.bland.settings import BlandSettings
from simulator.exchange import Answer, Exchange, Refused
from simulator.keys import find_key, find_tag
from simulator.lanes import Trunk

PROVIDER = "bland"

_CODES = {401: "AUTH_FAILURE", 402: "INSUFFICIENT_BALANCE", 404: "NOT_FOUND", 429: "RATE_LIMITED"}


class Accounts:
    """Every account, by API key."""

    def __init__(self, world: World, settings: BlandSettings) -> None:
        self.network = world.network
        self.settings = settings
        self._batches: dict[str, Batch] = {}
        self._trunks: dict[str, Trunk] = {}

    def batches(self, exchange: Exchange) -> list[Batch]:
        """The account's batches that lists show, oldest first."""
        return [
            batch
            for batch in self._batches.values()
            if batch.account == exchange.account and exchange.visible(batch.created_at)
        ]

    def batch(self, exchange: Exchange) -> Batch | None:
        """The batch that the path names."""
        batch = self._batches.get(exchange.params["batch_id"])
        return batch if batch is not None and batch.account == exchange.account else None

    def calls(self, exchange: Exchange, among: Sequence[Call] | None = None) -> list[Call]:
        """The account's calls that have a record, in the order of placing."""
        if among is None:
            among = self.network.calls(PROVIDER, exchange.account)
        return [
            call
            for call in among
            if (call.order.provider, call.order.account) == (PROVIDER, exchange.account)
            and listed(call, exchange, self.settings)
        ]

    def batch_calls(self, batch: Batch, exchange: Exchange) -> list[Call]:
        """The calls of a batch that have a record, redials among them."""
        return self.calls(exchange, self.network.batch(batch.id))

    def call(self, exchange: Exchange) -> Call | None:
        """The call that the path names, if it has a record."""
        call = self.network.call(exchange.params["call_id"])
        if call is None or (call.order.provider, call.order.account) != (
            PROVIDER,
            exchange.account,
        ):
            return None
        return call if listed(call, exchange, self.settings) else None

    def submit(self, batch: Batch, numbers: Sequence[str]) -> None:
        """Take a batch: its calls wait for their time, then for a line."""
        self._batches[batch.id] = batch
        seen: set[str] = set()
        for number, sent in zip(numbers, batch.objects, strict=True):
            if self.settings.drop_duplicates and number in seen:
                continue
            seen.add(number)
            whole = {**batch.defaults, **sent}
            lane = self._trunk(batch.account).own
            order = self._order(batch, number, whole)
            batch.calls.append(self.network.place(order, lane))

    def stop(self, batch: Batch, moment: float) -> int:
        """Dial no further; how many calls that spared."""
        batch.stopped_at = batch.stopped_at or moment
        return sum(self.network.cancel(call) for call in batch.calls)

    def _trunk(self, account: str) -> Trunk:
        if account not in self._trunks:
            self._trunks[account] = self.network.trunk(self.settings.lines)
        return self._trunks[account]

    def _order(self, batch: Batch, number: str, whole: Mapping[str, Any]) -> Order:
        dispatch = batch.created_at + self.settings.dispatch_seconds / self.network.speed
        start = parse_moment(whole["start_time"]) if whole.get("start_time") else dispatch
        metadata, data = whole.get("metadata"), whole.get("request_data")
        return Order(
            provider=PROVIDER,
            account=batch.account,
            number=number,
            accepted_at=batch.created_at,
            body_sha256=batch.body_sha256,
            batch_id=batch.id,
            key=find_key(metadata, data),
            tag=find_tag(metadata, data) or batch.description,
            not_before=max(start, dispatch),
            max_seconds=60 * float(whole.get("max_duration") or DEFAULT_MINUTES),
            details={
                "sent": whole,
                "scheduled": start > dispatch,
                "hides_answered_by": batch.hides_answered_by,
            },
        )


def wrapped(status: int, message: str, *, code: str = "") -> Answer:
    """A no in the shape of v2."""
    fault = {"error": code or _CODES.get(status, "VALIDATION_ERROR"), "message": message}
    return Answer(status=status, body={"data": None, "errors": [fault]})


def flat(status: int, message: str, problems: Sequence[str] = ()) -> Answer:
    """A no in the shape of v1."""
    body: dict[str, Any] = {"status": "error", "message": message}
    return Answer(status=status, body=body | ({"errors": list(problems)} if problems else {}))


def bad_rows(rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Indexes of the call objects without a good number."""
    return [
        index for index, row in enumerate(rows) if not re.match(E164_PATTERN, row["phone_number"])
    ]


def refuse(answer: Answer) -> Refused:
    """To be raised in a handler."""
    return Refused(answer)
