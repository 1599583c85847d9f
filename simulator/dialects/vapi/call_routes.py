"""Handlers of `/call`."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from simulator.calls import Call, Order
from simulator.conversation import recording
from simulator.dialect import Endpoint, Shape
from simulator.dialects.vapi.call_rows import call_row
from simulator.dialects.vapi.listing import CallsQuery, milliseconds
from simulator.dialects.vapi.organization import (
    PROVIDER,
    Organization,
    Organizations,
    born_at,
    path_id,
    refusal,
)
from simulator.dialects.vapi.overrides import longest_call, merged, sayings
from simulator.dialects.vapi.requests import (
    Control,
    CreateCall,
    Customer,
    DeleteCalls,
    UpdateCall,
)
from simulator.exchange import Answer, Exchange, Refused
from simulator.keys import find_key, find_tag

_UNTAKEN = frozenset({"customer", "customers", "customer_id"})
_OVERRIDES = frozenset({"assistant_overrides", "squad_overrides"})
_AUDIO = frozenset({"mono", "stereo", "customer", "assistant"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refusal:
    """A customer for whom no call was made."""

    customer: dict[str, Any]
    error: str = "Over Concurrency Limit"


class CallRoutes:
    """Create, read, list, rename, delete and hang up single calls, and fetch their recordings."""

    def __init__(self, organizations: Organizations) -> None:
        self._organizations = organizations
        self._network = organizations.network
        self._settings = organizations.settings
        one = "/call/{id}"
        self.endpoints: Sequence[Endpoint] = (
            Endpoint(
                method="POST",
                template="/call",
                route="submit",
                handler=self.create,
                dials=True,
                shape=Shape(ids=("id",)),
            ),
            Endpoint(
                method="GET",
                template="/call",
                route="page",
                handler=self.list_calls,
                shape=Shape(rows="", cursor_param="createdAtLe", limit_param="limit"),
            ),
            Endpoint(method="GET", template=one, route="detail", handler=self.read),
            Endpoint(method="PATCH", template=one, route="other", handler=self.rename),
            Endpoint(method="DELETE", template=one, route="cancel", handler=self.delete),
            Endpoint(
                method="POST",
                template=f"{one}/control",
                route="cancel",
                handler=self.control,
                needs_key=False,
            ),
            Endpoint(
                method="GET",
                template=f"{one}/{{artifact}}",
                route="recording",
                handler=self.redirect,
            ),
            Endpoint(
                method="GET",
                template="/storage/{id}/{artifact}.wav",
                route="recording",
                handler=self.download,
                needs_key=False,
            ),
        )

    # Creating

    def create(self, exchange: Exchange) -> Answer:
        """`POST /call`: one person, or several of whom each becomes a call of its own."""
        body = exchange.parse(CreateCall)
        organization = self._organizations.of(exchange.account)
        self._check(body, exchange.now)
        if body.customer is not None:
            placed = self._place(body.customer, body, exchange, organization)
            if isinstance(placed, _Refusal):
                raise Refused(refusal(400, placed.error))
            limits = {"subscriptionLimits": self._limits([placed], organization)}
            return Answer(status=201, body=limits | self._row(placed, exchange, organization))
        outcomes = [
            self._place(customer, body, exchange, organization) for customer in body.customers or ()
        ]
        calls = [outcome for outcome in outcomes if isinstance(outcome, Call)]
        answer = {
            "results": [self._row(call, exchange, organization) for call in calls],
            "errors": [
                {"customer": outcome.customer, "error": outcome.error}
                for outcome in outcomes
                if isinstance(outcome, _Refusal)
            ],
            "subscriptionLimits": self._limits(outcomes, organization),
        }
        return Answer(status=201, body=answer)

    def _check(self, body: CreateCall, now: float) -> None:
        if body.customer_id:
            raise Refused(refusal(400, "Couldn't Find Customer"))
        if body.schedule_plan is not None and body.schedule_plan.earliest_at <= now:
            raise Refused(refusal(400, ["schedulePlan.earliestAt must be in the future"]))
        self._organizations.refuse_missing(body.assistant_id, body.squad_id, body.phone_number_id)

    def _place(
        self, customer: Customer, body: CreateCall, exchange: Exchange, organization: Organization
    ) -> Call | _Refusal:
        full = body.schedule_plan is None and organization.free_lines <= 0
        if full and self._settings.over_capacity == "refuse":
            return _Refusal(customer=customer.sent())
        blocked = full and self._settings.over_capacity == "block"
        order = self._order(customer, body, exchange, blocked=blocked)
        call = self._network.place(order, organization.trunk.own, mint=self._network.identity.uuid7)
        if blocked:
            self._network.cancel(call)
        return call

    def _order(
        self, customer: Customer, body: CreateCall, exchange: Exchange, *, blocked: bool
    ) -> Order:
        overrides = {
            "assistantOverrides": merged(body.assistant_overrides, customer.assistant_overrides),
            "squadOverrides": merged(body.squad_overrides, customer.squad_overrides),
        }
        said = sayings(*overrides.values())
        plan, row = body.schedule_plan, body.sent(without=_UNTAKEN)
        row |= {name: override for name, override in overrides.items() if override}
        row["customer"] = customer.sent(without=_OVERRIDES)
        return Order(
            provider=PROVIDER,
            account=exchange.account,
            number=customer.address,
            accepted_at=exchange.now,
            body_sha256=exchange.body_sha256,
            key=find_key(*said) or customer.external_id or body.name or None,
            tag=find_tag(*said) or body.name or None,
            not_before=plan.earliest_at if plan else None,
            not_after=plan.latest_at if plan else None,
            max_seconds=longest_call(*overrides.values()),
            details={"row": row, "blocked": blocked},
        )

    def _limits(
        self, outcomes: Sequence[Call | _Refusal], organization: Organization
    ) -> dict[str, Any]:
        blocked = any(
            isinstance(outcome, _Refusal) or outcome.order.details["blocked"]
            for outcome in outcomes
        )
        return {
            "concurrencyBlocked": blocked,
            "concurrencyLimit": organization.trunk.capacity,
            "remainingConcurrentCalls": max(0, organization.free_lines),
        }

    # Reading

    def list_calls(self, exchange: Exchange) -> Answer:
        """`GET /call`: a bare array, newest first."""
        query = exchange.parse_query(CallsQuery)
        organization = self._organizations.of(exchange.account)
        calls = [
            (milliseconds(born), call.id, call)
            for call in self._network.calls(PROVIDER, exchange.account)
            if (born := born_at(call)) is not None
            and self._organizations.listed(born, exchange)
            and call.id not in organization.erased
            and _passes(call, born, query, exchange.seen_at)
        ]
        calls.sort(reverse=True)
        page = [self._row(call, exchange, organization) for _, _, call in calls[: query.size]]
        return Answer(body=page)

    def read(self, exchange: Exchange) -> Answer:
        """`GET /call/{id}`."""
        call = self._organizations.find_call(exchange)
        return self._show(call, exchange)

    def redirect(self, exchange: Exchange) -> Answer:
        """`GET /call/{id}/mono-recording` and the like: a 302 to a link that needs no key."""
        call = self._organizations.find_call(exchange)
        track = exchange.params["artifact"].removesuffix("-recording")
        ready = call.answered_at is not None and call.settled("recording", exchange.seen_at)
        if track not in _AUDIO or not ready:
            raise Refused(refusal(404, "Artifact not found"))
        link = f"{exchange.base_url}/storage/{call.id}/{track}.wav?signature={_sign(call.id)}"
        return Answer(status=302, body=b"", headers={"location": link})

    def download(self, exchange: Exchange) -> Answer:
        """The storage behind such a link."""
        call = self._network.call(exchange.params["id"])
        if call is None or exchange.query.get("signature") != _sign(call.id):
            raise Refused(refusal(403, "Request has expired"))
        return Answer(body=recording(call), content_type="audio/wav")

    # Changing

    def rename(self, exchange: Exchange) -> Answer:
        """`PATCH /call/{id}`: only the name can be changed."""
        body = exchange.parse(UpdateCall)
        call = self._organizations.find_call(exchange)
        organization = self._organizations.of(exchange.account)
        organization.names[call.id] = (body.name, exchange.now)
        return self._show(call, exchange)

    def delete(self, exchange: Exchange) -> Answer:
        """`DELETE /call/{id}`: take back what has not rung; erase the data of anything else.

        A live call is erased and goes on talking: nothing documents that it is hung up.
        """
        body = exchange.parse(DeleteCalls) if exchange.body else DeleteCalls()
        organization = self._organizations.of(exchange.account)
        call = self._organizations.find_call(exchange)
        calls = [call, *(found for found in map(self._network.call, body.ids) if found)]
        for doomed in calls:
            if (doomed.order.provider, doomed.order.account) != (PROVIDER, exchange.account):
                continue
            taken_back = self._network.cancel(doomed)
            if not taken_back or self._settings.deleted_scheduled == "gone":
                organization.erased.add(doomed.id)
        return self._show(call, exchange)

    def control(self, exchange: Exchange) -> Answer:
        """A POST to a call's control URL, which needs no key: `end-call` hangs up."""
        call = self._network.call(path_id(exchange.params["id"]))
        if call is None or call.order.provider != PROVIDER or call.over(exchange.now):
            raise Refused(refusal(404, "Couldn't Find Call"))
        if exchange.parse(Control).type == "end-call":
            self._network.hang_up(call)
        return Answer(body={"success": True})

    def _show(self, call: Call, exchange: Exchange) -> Answer:
        organization = self._organizations.of(exchange.account)
        return Answer(body=self._row(call, exchange, organization))

    def _row(self, call: Call, exchange: Exchange, organization: Organization) -> dict[str, Any]:
        return call_row(call, exchange.seen_at, organization, self._settings, exchange.base_url)


def _passes(call: Call, born: float, query: CallsQuery, moment: float) -> bool:
    row = call.order.details["row"]
    return (
        query.id in {"", call.id}
        and query.assistant_id in {"", row.get("assistantId")}
        and query.phone_number_id in {"", row.get("phoneNumberId")}
        and (not query.asks_created or query.created(born))
        and (not query.asks_updated or query.updated(max(call.updated_at(moment), born)))
    )


def _sign(call_id: str) -> str:
    return sha256(f"signed/{call_id}".encode()).hexdigest()[:16]
