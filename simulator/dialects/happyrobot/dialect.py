"""Routes and handlers of HappyRobot's legacy API."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from http.client import responses
from random import Random
from typing import TypeAlias

import msgspec
from pydantic import ValidationError
from starlette.datastructures import Headers

from simulator.calls import Call, Order
from simulator.conversation import analysis, recording
from simulator.dialect import Endpoint, Handler, RouteClass, Shape, World
from simulator.dialects.happyrobot import replies
from simulator.dialects.happyrobot.requests import CallsQuery, DialRequest, DialRequests
from simulator.dialects.happyrobot.settings import HappyRobotSettings
from simulator.exchange import Answer, Exchange, Refused, explain
from simulator.keys import find_key, find_tag
from simulator.lanes import Trunk
from simulator.people import Reaction

_ID_LENGTH = 24
_Filter: TypeAlias = Callable[[Call], bool]
_CALLS = Shape(rows="calls", cursor_param="skip", limit_param="limit", total="count")


class HappyRobot:
    """The legacy API of one HappyRobot."""

    name = "happyrobot"
    mount = "/happyrobot/api/v1"

    def __init__(self, world: World, settings: HappyRobotSettings) -> None:
        self._network = world.network
        self._settings = settings
        self._trunks: dict[str, Trunk] = {}

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """The documented routes, and the storage that recordings are signed for."""
        one = "/calls/{call_id}"
        return (
            Endpoint(
                method="POST",
                template="/dial/outbound-batched",
                route="submit",
                handler=self.dial_batch,
                dials=True,
                shape=Shape(rows=""),
            ),
            Endpoint(
                method="POST",
                template="/dial/outbound",
                route="submit",
                handler=self.dial_one,
                dials=True,
                shape=Shape(ids=("id",)),
            ),
            _get("/calls", "page", self.list_calls, _CALLS),
            _get(one, "detail", self.read_call),
            _get(f"{one}/transcript", "detail", self.read_transcript),
            _get(f"{one}/recording", "recording", self.sign_recording),
            Endpoint(method="POST", template=f"{one}/stop", route="cancel", handler=self.stop),
            Endpoint(method="POST", template=f"{one}/cancel", route="cancel", handler=self.cancel),
            _get("/numbers/{number_id}", "check", self.read_number),
            Endpoint(
                method="GET",
                template="/recordings/{call_id}.wav",
                route="recording",
                handler=self.download,
                needs_key=False,
            ),
        )

    def key(self, headers: Headers) -> str | None:
        """The key in `authorization: Bearer <key>`."""
        scheme, _, key = headers.get("authorization", "").partition(" ")
        return key if scheme == "Bearer" and key else None

    def refusal(self, status: int, message: str) -> Answer:
        """An error and a message; the legacy API documents no shape."""
        body = {"error": responses.get(status, "Error"), "message": message}
        return Answer(status=status, body=body)

    def invalid(self, error: ValidationError) -> Answer:
        """A 400 that says what is wrong where."""
        return self.refusal(400, "; ".join(explain(error)))

    # Dialling

    def dial_batch(self, exchange: Exchange) -> Answer:
        """`POST /dial/outbound-batched`: every element of the array becomes a call."""
        requests = self._elements(exchange)
        longest = self._settings.max_elements
        if longest is not None and len(requests) > longest:
            raise Refused(self.refusal(400, f"at most {longest} calls in one request"))
        calls = [self._place(request, exchange) for request in requests]
        if self._settings.shuffle:
            Random(exchange.body_sha256).shuffle(calls)
        return Answer(body=[replies.created_row(call, self._settings) for call in calls])

    def dial_one(self, exchange: Exchange) -> Answer:
        """`POST /dial/outbound`: one call."""
        request = exchange.parse(DialRequest)
        self._refuse_unknown([request])
        return Answer(body=replies.created_row(self._place(request, exchange), self._settings))

    def _elements(self, exchange: Exchange) -> list[DialRequest]:
        if self._settings.bad_element == "drop":
            return [
                request for request in self._readable(exchange.body) if not self._lacks(request)
            ]
        requests = exchange.parse(DialRequests).root
        self._refuse_unknown(requests)
        return requests

    def _readable(self, body: bytes) -> Iterator[DialRequest]:
        try:
            elements = msgspec.json.decode(body, type=list[msgspec.Raw])
        except msgspec.DecodeError:
            raise Refused(self.refusal(400, "body: an array of calls is wanted")) from None
        for element in elements:
            with suppress(ValidationError):
                yield DialRequest.model_validate_json(bytes(element))

    def _refuse_unknown(self, requests: Sequence[DialRequest]) -> None:
        if any(self._lacks(request) for request in requests):
            raise Refused(self.refusal(400, "number_id or use_case_id not found"))

    def _lacks(self, request: DialRequest) -> bool:
        return not self._settings.missing.isdisjoint({request.number_id, request.use_case})

    def _place(self, request: DialRequest, exchange: Exchange) -> Call:
        order = Order(
            provider=self.name,
            account=exchange.account,
            number=request.phone_number,
            accepted_at=exchange.now,
            body_sha256=exchange.body_sha256,
            key=find_key(request.metadata, request.params),
            tag=find_tag(request.metadata, request.params),
            not_before=request.starts_at,
            max_seconds=60 * request.max_duration_mins,
            details={"request": request},
        )
        lane = self._trunk(exchange.account).own
        return self._network.place(order, lane, mint=self._mint)

    def _mint(self) -> str:
        return self._network.identity.hexadecimal(_ID_LENGTH)

    def _trunk(self, account: str) -> Trunk:
        if account not in self._trunks:
            self._trunks[account] = self._network.trunk(self._settings.lines)
        return self._trunks[account]

    # Reading

    def list_calls(self, exchange: Exchange) -> Answer:
        """`GET /calls`: offset pages over the calls that pass every filter."""
        query = exchange.parse_query(CallsQuery)
        wanted = self._filters(query, exchange)
        calls = [
            call
            for call in _created_between(
                self._network.calls(self.name, exchange.account),
                query.created_from,
                query.created_to,
            )
            if exchange.shows(call) and all(passes(call) for passes in wanted)
        ]
        if query.sort == "desc":
            calls.reverse()
        page = calls[query.skip : query.skip + query.limit]
        body = {
            "calls": [self._row(call, exchange) for call in page],
            "count": len(calls),
            "limit": query.limit,
            "offset": query.skip,
        }
        return Answer(body=body)

    def _filters(self, query: CallsQuery, exchange: Exchange) -> list[_Filter]:
        moment, search = exchange.seen_at, query.search.lower()
        asked, email = replies.asked, query.transfer_contact_email
        filters: list[tuple[object, _Filter]] = [
            (query.type == "Inbound", lambda _: False),
            (query.statuses, lambda call: self._status(call, moment) in query.statuses),
            (query.use_cases, lambda call: asked(call).use_case in query.use_cases),
            (query.campaigns, lambda call: asked(call).campaign_id in query.campaigns),
            (query.models, lambda call: asked(call).model_id in query.models),
            # Tags and ratings are given by people in the console, and nobody sits there.
            (query.tags | query.ratings, lambda _: False),
            (search, lambda call: _mentions(call, search, moment)),
            (email, lambda call: email == replies.TRANSFER_EMAIL and _transferred(call, moment)),
        ]
        return [passes for given, passes in filters if given]

    def read_call(self, exchange: Exchange) -> Answer:
        """`GET /calls/{id}`."""
        return Answer(body=self._row(self._find(exchange), exchange))

    def read_transcript(self, exchange: Exchange) -> Answer:
        """`GET /calls/{id}/transcript`: 404 until there is one."""
        call = self._find(exchange)
        if call.answered_at is None or not call.settled("transcript", exchange.seen_at):
            raise Refused(self.refusal(404, "Transcript not found"))
        return Answer(body=replies.transcript(call))

    def sign_recording(self, exchange: Exchange) -> Answer:
        """`GET /calls/{id}/recording`: a link that works without a key; 404 until there is one."""
        call = self._find(exchange)
        if call.answered_at is None or not call.settled("recording", exchange.seen_at):
            raise Refused(self.refusal(404, "Recording not found"))
        link = f"{exchange.base_url}/recordings/{call.id}.wav?signature={_signature(call.id)}"
        return Answer(body={"url": link})

    def download(self, exchange: Exchange) -> Answer:
        """The storage behind a signed link."""
        call = self._network.call(exchange.params["call_id"])
        if call is None or exchange.query.get("signature") != _signature(call.id):
            raise Refused(self.refusal(403, "Request has expired"))
        return Answer(body=recording(call), content_type="audio/wav")

    def read_number(self, exchange: Exchange) -> Answer:
        """`GET /numbers/{id}`: proves key and caller number."""
        number_id = self._id(exchange.params["number_id"])
        if number_id in self._settings.missing:
            raise Refused(self.refusal(404, "Number not found"))
        body = {
            "id": number_id,
            "organization_id": replies.organization(exchange.account),
            "number": replies.CALLER,
            "name": "Main line",
        }
        return Answer(body=body)

    # Stopping

    def stop(self, exchange: Exchange) -> Answer:
        """`POST /calls/{id}/stop`: hang up a live call."""
        return self._end(exchange, self._network.hang_up, "Call is not in progress")

    def cancel(self, exchange: Exchange) -> Answer:
        """`POST /calls/{id}/cancel`: take back a call that has not been dialled."""
        return self._end(exchange, self._network.cancel, "Call has already been dialled")

    def _end(self, exchange: Exchange, end: Callable[[Call], bool], too_late: str) -> Answer:
        call = self._find(exchange)
        if not end(call):
            raise Refused(self.refusal(400, too_late))
        return Answer(body=self._row(call, exchange))

    def _find(self, exchange: Exchange) -> Call:
        call = self._network.call(self._id(exchange.params["call_id"]))
        if call is None or call.dropped or call.order.provider != self.name:
            raise Refused(self.refusal(404, "Call not found"))
        if call.order.account != exchange.account:
            raise Refused(self.refusal(404, "Call not found"))
        return call

    def _id(self, text: str) -> str:
        if len(text) != _ID_LENGTH:
            raise Refused(self.refusal(400, f"id must have {_ID_LENGTH} characters"))
        return text

    def _row(self, call: Call, exchange: Exchange) -> dict[str, object]:
        return replies.call_row(call, exchange.seen_at, self._settings)

    def _status(self, call: Call, moment: float) -> str:
        return replies.status(call, moment, self._settings)


def _get(
    template: str, route: RouteClass, handler: Handler, shape: Shape | None = None
) -> Endpoint:
    return Endpoint(
        method="GET", template=template, route=route, handler=handler, shape=shape or Shape()
    )


def _created_between(calls: list[Call], first: float | None, last: float | None) -> list[Call]:
    # They are in the order of creation, and shown to the second.
    start = 0 if first is None else bisect_left(calls, first, key=_created)
    end = len(calls) if last is None else bisect_right(calls, last, key=_created)
    return calls[start:end]


def _created(call: Call) -> int:
    return int(call.created_at)


def _mentions(call: Call, search: str, moment: float) -> bool:
    if search in call.number:
        return True
    return call.settled("analysis", moment) and search in str(analysis(call)).lower()


def _transferred(call: Call, moment: float) -> bool:
    return call.reaction is Reaction.TRANSFERRED and call.over(moment)


def _signature(call_id: str) -> str:
    return sha256(f"signed/{call_id}".encode()).hexdigest()[:16]
