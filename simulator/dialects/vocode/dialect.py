"""Routes and handlers of Vocode's API."""

import re
from collections.abc import Callable, Sequence
from http.client import responses
from typing import Any, TypeVar
from uuid import UUID

from pydantic import ValidationError
from starlette.datastructures import Headers

from simulator.calls import Call, Order
from simulator.conversation import recording
from simulator.dialect import Endpoint, Handler, RouteClass, Shape, World
from simulator.dialects.vocode import account, replies
from simulator.dialects.vocode.requests import CreateCall, ListQuery, NumberQuery, asked_id
from simulator.dialects.vocode.settings import VocodeSettings
from simulator.exchange import Answer, Exchange, Refused, explain
from simulator.keys import find_key, find_tag
from simulator.lanes import Trunk

CALLER = "13125550100"
_LIST = Shape(
    rows="items", cursor="has_more", cursor_param="page", limit_param="size", total="total"
)
_E164 = re.compile(r"\+?([1-9]\d{6,14})")
_GUESS = 100
"""What an estimated total is rounded up to."""
_Row = TypeVar("_Row")


class Vocode:
    """The API of one Vocode, or one Fluents."""

    name = "vocode"
    mount = "/vocode/v1"

    def __init__(self, world: World, settings: VocodeSettings) -> None:
        self._network = world.network
        self._settings = settings
        self._trunks: dict[str, Trunk] = {}
        self.endpoints: Sequence[Endpoint] = (
            _get("/usage", "check", self.usage),
            _get("/numbers", "check", self.read_number),
            _get("/numbers/list", "check", self.list_numbers, _LIST),
            _get("/agents", "check", self.read_agent),
            _get("/agents/list", "check", self.list_agents, _LIST),
            Endpoint(
                method="POST",
                template="/calls/create",
                route="submit",
                handler=self.create,
                dials=True,
                shape=Shape(ids=("id",)),
            ),
            _get("/calls/list", "page", self.list_calls, _LIST),
            _get("/calls", "detail", self.read_call),
            Endpoint(method="POST", template="/calls/end", route="cancel", handler=self.end),
            _get("/calls/recording", "recording", self.download),
        )

    def key(self, headers: Headers) -> str | None:
        """The key in `Authorization: Bearer <key>`."""
        scheme, _, key = headers.get("authorization", "").partition(" ")
        return key if scheme == "Bearer" and key else None

    def refusal(self, status: int, message: str) -> Answer:
        """FastAPI's `detail`, or what Fluents says."""
        if self._settings.variant == "vocode":
            return Answer(status=status, body={"detail": message})
        error = {"error": responses.get(status, "Error"), "statusCode": status}
        return Answer(status=status, body={"message": message} | error)

    def invalid(self, error: ValidationError) -> Answer:
        """FastAPI's list of what is wrong where; it repeats what was sent."""
        if self._settings.variant == "fluents":
            return self.refusal(400, "; ".join(explain(error)))
        place = "query" if error.title.endswith("Query") else "body"
        detail = [
            {
                "loc": [place, *problem["loc"]],
                "msg": problem["msg"],
                "type": problem["type"],
                "input": problem["input"],
            }
            for problem in error.errors(include_url=False, include_context=False)
        ]
        return Answer(status=422, body={"detail": detail})

    # Dialling

    def create(self, exchange: Exchange) -> Answer:
        """`POST /calls/create`: one call, at once."""
        request = exchange.parse(CreateCall)
        number = _E164.fullmatch(request.to_number)
        if not self._settings.outbound:
            raise Refused(self.refusal(403, "Outbound calls are not enabled for this account"))
        if number is None:
            raise Refused(self.refusal(400, "to_number is not a valid phone number"))
        self._refuse_missing(request.from_number, "Phone number not found")
        call = self._network.place(
            self._order(request, "+" + number[1], exchange), self._trunk(exchange.account).own
        )
        status = 201 if self._settings.variant == "fluents" else 200
        body = replies.single_call(call, exchange.now, self._settings)
        return Answer(status=status, body=body)

    def _order(self, request: CreateCall, number: str, exchange: Exchange) -> Order:
        if isinstance(request.agent, UUID):
            agent_id = str(request.agent)
            self._refuse_missing(agent_id, "Agent not found")
        else:
            agent_id = self._network.identity.uuid4()
        return Order(
            provider=self.name,
            account=exchange.account,
            number=number,
            accepted_at=exchange.now,
            body_sha256=exchange.body_sha256,
            key=find_key(request.context),
            tag=find_tag(request.context),
            # The carrier is asked a moment after the answer, which says `not_started`.
            not_before=exchange.now + 1 / self._network.speed,
            details={"request": request, "agent_id": agent_id},
        )

    def _trunk(self, account: str) -> Trunk:
        if account not in self._trunks:
            self._trunks[account] = self._network.trunk(self._settings.lines)
        return self._trunks[account]

    def _refuse_missing(self, thing: str, message: str) -> None:
        if thing in self._settings.missing:
            raise Refused(self.refusal(404, message))

    def end(self, exchange: Exchange) -> Answer:
        """`POST /calls/end`: hang up, or take back; a call that is over stays as it is."""
        call = self._find(exchange)
        if not self._network.hang_up(call):
            self._network.cancel(call)
        return Answer(body=replies.single_call(call, exchange.now, self._settings))

    # Reading

    def list_calls(self, exchange: Exchange) -> Answer:
        """`GET /calls/list`: numbered pages over all calls of the account."""
        query = exchange.parse_query(ListQuery)
        if query.sort_column and not self._settings.sort:
            raise self._unprocessable("sort_column", "Not sortable")
        calls = [
            call
            for call in self._network.calls(self.name, exchange.account)
            if exchange.shows(call)
        ]
        if self._settings.order == "newest":
            calls.reverse()
        moment = exchange.seen_at
        rows = self._sorted(calls, query, moment)
        return self._page(
            rows, query, lambda call: replies.listed_call(call, moment, self._settings)
        )

    def _sorted(self, calls: list[Call], query: ListQuery, moment: float) -> list[Call]:
        columns: dict[str, Callable[[Call], Any]] = {
            "start_time": lambda call: replies.started_at(call, moment),
            "end_time": lambda call: replies.ended_at(call, moment),
            "status": lambda call: replies.status(call, moment),
            "to_number": lambda call: call.number,
            "from_number": lambda call: replies.asked(call).from_number,
        }
        if not query.sort_column:
            return calls
        column = columns[query.sort_column]
        without = [call for call in calls if column(call) is None]
        having = sorted(
            (call for call in calls if column(call) is not None),
            key=column,
            reverse=query.sort_desc,
        )
        return without + having if self._settings.null_start == "first" else having + without

    def _unprocessable(self, parameter: str, message: str) -> Refused:
        if self._settings.variant == "fluents":
            return Refused(self.refusal(400, f"{parameter}: {message}"))
        problem = {"loc": ["query", parameter], "msg": message, "type": "value_error"}
        return Refused(Answer(status=422, body={"detail": [problem]}))

    def _page(self, rows: Sequence[_Row], query: ListQuery, show: Callable[[_Row], Any]) -> Answer:
        longest = self._settings.max_size
        if query.size > longest and self._settings.over_size == "refuse":
            limit = f"Input should be less than or equal to {longest}"
            raise self._unprocessable("size", limit)
        size = min(query.size, longest)
        end = query.page * size
        total, estimated = len(rows), self._settings.estimated_total
        body = {
            "items": [show(row) for row in rows[end - size : end]],
            "page": query.page,
            "size": size,
            "has_more": end < total,
            "total": (total // _GUESS + 1) * _GUESS if estimated else total,
            "total_is_estimated": estimated,
        }
        return Answer(body=body)

    def read_call(self, exchange: Exchange) -> Answer:
        """`GET /calls?id=`: one call with everything that belongs to it."""
        call = self._find(exchange)
        return Answer(body=replies.single_call(call, exchange.seen_at, self._settings))

    def download(self, exchange: Exchange) -> Answer:
        """`GET /calls/recording?id=`: the audio itself; 404 until there is some."""
        call = self._find(exchange)
        if not replies.recorded(call, exchange.seen_at):
            raise Refused(self.refusal(404, "Recording not found"))
        return Answer(body=recording(call), content_type="audio/mpeg")

    def _find(self, exchange: Exchange) -> Call:
        call = self._network.call(asked_id(exchange))
        if (
            call is None
            or call.dropped
            or (call.order.provider, call.order.account) != (self.name, exchange.account)
        ):
            raise Refused(self.refusal(404, "Call not found"))
        return call

    # The account

    def usage(self, exchange: Exchange) -> Answer:
        """`GET /usage`: proves the key."""
        if self._settings.variant == "fluents":
            raise Refused(self.refusal(404, "Cannot GET /v1/usage"))
        calls = self._network.calls(self.name, exchange.account)
        limit = self._settings.minutes_limit
        body = {
            "user_id": account.stable_id("user", exchange.account),
            "plan_type": "plan_unlimited" if limit is None else "plan_developer",
            "monthly_usage_minutes": sum(call.talk_seconds for call in calls) // 60,
            "monthly_usage_limit_minutes": limit,
        }
        return Answer(body=body)

    def read_number(self, exchange: Exchange) -> Answer:
        """`GET /numbers?phone_number=`."""
        digits = exchange.parse_query(NumberQuery).phone_number
        self._refuse_missing(digits, "Phone number not found")
        return Answer(body=account.phone_number(digits, self._settings, exchange.account))

    def list_numbers(self, exchange: Exchange) -> Answer:
        """`GET /numbers/list`: the one number that the account is known to have."""
        return self._page(
            [CALLER],
            exchange.parse_query(ListQuery),
            lambda digits: account.phone_number(digits, self._settings, exchange.account),
        )

    def read_agent(self, exchange: Exchange) -> Answer:
        """`GET /agents?id=`."""
        agent_id = asked_id(exchange)
        self._refuse_missing(agent_id, "Agent not found")
        return Answer(body=account.agent(agent_id, exchange.account))

    def list_agents(self, exchange: Exchange) -> Answer:
        """`GET /agents/list`: the one agent that the account is known to have."""
        return self._page(
            [account.stable_id("agent", exchange.account)],
            exchange.parse_query(ListQuery),
            lambda agent_id: account.agent(agent_id, exchange.account),
        )


def _get(
    template: str, route: RouteClass, handler: Handler, shape: Shape | None = None
) -> Endpoint:
    return Endpoint(
        method="GET", template=template, route=route, handler=handler, shape=shape or Shape()
    )
