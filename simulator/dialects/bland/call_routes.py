"""`/v1/calls`, recordings and the account."""

from collections.abc import Callable, Sequence

from simulator.calls import Call, State
from simulator.clock import iso_utc, parse_moment
from simulator.conversation import recording
from simulator.dialect import Endpoint, RouteClass, Shape
from simulator.dialects.bland.accounts import PROVIDER, Accounts, flat, refuse, wrapped
from simulator.dialects.bland.batches import org_id
from simulator.dialects.bland.bodies import CallsQuery
from simulator.dialects.bland.calls import (
    answered_by,
    caller,
    created_at,
    detail,
    has_recording,
    summary_row,
)
from simulator.exchange import Answer, Exchange

_CALL = "/v1/calls/{call_id}"
_DAY = 86_400
_DATE_LENGTH = len("2026-04-06")
_PAGE = Shape(
    rows="calls", row_id="call_id", cursor_param="from", limit_param="limit", total="total_count"
)


class CallRoutes:
    """Handlers over the accounts."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._network = accounts.network
        self._settings = accounts.settings

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """The routes; `active` comes before `{call_id}`."""
        return (
            _get("/v1/calls", "page", self.list_calls, _PAGE),
            _get("/v1/calls/active", "other", self.active, Shape(rows="data", row_id="call_id")),
            Endpoint(
                method="POST",
                template="/v1/calls/active/stop",
                route="cancel",
                handler=self.stop_all,
            ),
            _get(_CALL, "detail", self.get),
            Endpoint(method="POST", template=f"{_CALL}/stop", route="cancel", handler=self.stop),
            _get(f"{_CALL}/recording", "recording", self.recording_link),
            _get(f"{_CALL}/correct", "detail", self.corrected),
            _get("/v1/recordings/{call_id}", "recording", self.recording),
            _get("/v1/me", "check", self.me),
        )

    def list_calls(self, exchange: Exchange) -> Answer:
        """Calls of the account, a window of them, without transcripts."""
        query = exchange.parse_query(CallsQuery)
        tests = self._tests(query, exchange)
        known = self._network.batch(query.batch_id) if query.batch_id else None
        calls = [
            call
            for call in self._accounts.calls(exchange, known)
            if all(test(call) for test in tests)
        ]
        calls.sort(key=self._order(query, exchange), reverse=not query.ascending)
        end = query.start + query.limit
        shown = calls[query.start : min(end, query.end) if query.end is not None else end]
        rows = [summary_row(call, exchange, self._settings) for call in shown]
        return Answer(body={"total_count": len(calls), "count": len(rows), "calls": rows})

    def get(self, exchange: Exchange) -> Answer:
        """One call."""
        return Answer(body=detail(self._call(exchange), exchange, self._settings))

    def stop(self, exchange: Exchange) -> Answer:
        """End a live call, or take back one that waits."""
        call = self._call(exchange)
        if not (self._network.cancel(call) or self._network.hang_up(call)):
            raise refuse(flat(400, "SID not found for the given c_id."))
        return Answer(body={"status": "success", "message": "Call ended successfully."})

    def stop_all(self, exchange: Exchange) -> Answer:
        """End every live call of the account."""
        live = [call for call in self._accounts.calls(exchange) if self._network.hang_up(call)]
        body = {
            "status": "success",
            "message": "Stopping active calls\u2026",
            "num_calls": len(live),
        }
        return Answer(body=body)

    def active(self, exchange: Exchange) -> Answer:
        """Calls that wait for a line or are live."""
        words = {
            State.QUEUED: "QUEUED",
            State.RINGING: "IN_PROGRESS",
            State.TALKING: "IN_PROGRESS",
        }
        data = [
            {
                "call_id": call.id,
                "user_id": org_id(exchange.account),
                "from": caller(call),
                "to": call.number,
                "objective": call.order.details["sent"].get("task"),
                "pathway_id": call.order.details["sent"].get("pathway_id"),
                "start_time": iso_utc(call.rang_at or call.created_at),
                "status": words[exchange.state(call)],
                "timestamp": iso_utc(exchange.now),
            }
            for call in self._accounts.calls(exchange)
            if exchange.state(call) in words
        ]
        return Answer(body={"data": data, "errors": None})

    def recording(self, exchange: Exchange) -> Answer:
        """The audio of a recorded call: WAV, or MP3 if the request asks for that."""
        call = self._accounts.call(exchange)
        if call is None or not has_recording(call, exchange):
            message, code = "Call recording not found", "CALL_RECORDING_NOT_FOUND"
            raise refuse(wrapped(404, message, code=code))
        # Asked for by the content type of the request, of all things.
        mp3 = exchange.headers.get("content-type", "").startswith("audio/mpeg")
        return Answer(body=recording(call), content_type="audio/mpeg" if mp3 else "audio/wav")

    def recording_link(self, exchange: Exchange) -> Answer:
        """Where the audio is: the form of 2024."""
        call = self._call(exchange)
        if not has_recording(call, exchange):
            raise refuse(flat(404, "No recording for this call."))
        url = f"{exchange.base_url}/v1/recordings/{call.id}"
        return Answer(body={"status": "success", "url": url})

    def corrected(self, exchange: Exchange) -> Answer:
        """The corrected transcript of a recorded call."""
        call = self._call(exchange)
        if not has_recording(call, exchange):
            raise refuse(flat(404, "The call has no recording to correct from."))
        whole = detail(call, exchange, self._settings)
        return Answer(body={"status": "success", "corrected": whole["transcripts"]})

    def me(self, exchange: Exchange) -> Answer:
        """The account, and what is left on it."""
        billing = {"current_balance": self._settings.balance_usd, "refill_to": None}
        total = len(self._network.calls(PROVIDER, exchange.account))
        return Answer(body={"status": "active", "billing": billing, "total_calls": total})

    def _call(self, exchange: Exchange) -> Call:
        call = self._accounts.call(exchange)
        if call is None:
            raise refuse(flat(404, "Call not found."))
        return call

    def _order(self, query: CallsQuery, exchange: Exchange) -> Callable[[Call], tuple[float, int]]:
        def place(call: Call) -> tuple[float, int]:
            if query.sort_by == "updated_at":
                return call.updated_at(exchange.seen_at), call.position
            return created_at(call, self._settings), call.position

        return place

    def _tests(self, query: CallsQuery, exchange: Exchange) -> list[Callable[[Call], bool]]:
        """What a call must pass: one test for each filter that was given."""
        seen_at, settings = exchange.seen_at, self._settings

        def minutes(call: Call) -> float:
            return call.talk_seconds / 60 if call.over(seen_at) else 0.0

        def within(call: Call) -> bool:
            return _within(created_at(call, settings), query)

        above, below = query.duration_gt or 0.0, query.duration_lt or 0.0
        tests: list[tuple[object, Callable[[Call], bool]]] = [
            (query.to_number, lambda call: call.number == query.to_number),
            (query.from_number, lambda call: caller(call) == query.from_number),
            (query.completed, lambda call: call.over(seen_at) is query.completed),
            (query.inbound, lambda _: query.inbound is False),
            (query.duration_gt, lambda call: minutes(call) > above),
            (query.duration_lt, lambda call: minutes(call) < below),
            (
                query.answered_by,
                lambda call: answered_by(call, seen_at, settings) == query.answered_by,
            ),
            (query.created_at or query.start_date or query.end_date, within),
        ]
        return [test for given, test in tests if given is not None]


def _within(moment: float, query: CallsQuery) -> bool:
    """Both ends are inclusive; a date is a whole day in UTC."""
    start, end = query.created_at or query.start_date, query.created_at or query.end_date
    if start is not None and moment < parse_moment(start):
        return False
    if end is None:
        return True
    length = _DAY if len(end) == _DATE_LENGTH else 0
    return moment <= parse_moment(end) + length


def _get(
    template: str,
    route: RouteClass,
    handler: Callable[[Exchange], Answer],
    shape: Shape | None = None,
) -> Endpoint:
    return Endpoint(
        method="GET", template=template, route=route, handler=handler, shape=shape or Shape()
    )
