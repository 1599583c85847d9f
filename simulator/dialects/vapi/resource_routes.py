"""Handlers of what a call is made with: assistants, squads and phone numbers."""

from collections.abc import Sequence
from typing import Any

from simulator.clock import iso_utc
from simulator.dialect import Endpoint, Handler, Shape
from simulator.dialects.vapi.listing import TimesQuery
from simulator.dialects.vapi.organization import Organizations, path_id, refusal, stable_id
from simulator.exchange import Answer, Exchange, Refused

_MADE_AT = 1_760_000_000.0
"""When everything here was set up."""


class ResourceRoutes:
    """Read-only. Every id exists, but for those that the settings call missing."""

    def __init__(self, organizations: Organizations) -> None:
        self._organizations = organizations
        self.endpoints: Sequence[Endpoint] = (
            _get("/assistant", self.list_assistants),
            _get("/assistant/{id}", self.read_assistant),
            _get("/squad/{id}", self.read_squad),
            _get("/phone-number", self.list_numbers),
            _get("/phone-number/{id}", self.read_number),
        )

    def list_assistants(self, exchange: Exchange) -> Answer:
        """`GET /assistant`: the one that the organization is known to have."""
        return self._listed(
            self._assistant(self._example("assistant", exchange), exchange), exchange
        )

    def list_numbers(self, exchange: Exchange) -> Answer:
        """`GET /phone-number`: the one that the organization is known to have."""
        return self._listed(self._number(self._example("number", exchange), exchange), exchange)

    def read_assistant(self, exchange: Exchange) -> Answer:
        """`GET /assistant/{id}`."""
        return Answer(body=self._assistant(self._existing(exchange, "Assistant"), exchange))

    def read_number(self, exchange: Exchange) -> Answer:
        """`GET /phone-number/{id}`."""
        return Answer(body=self._number(self._existing(exchange, "Phone Number"), exchange))

    def read_squad(self, exchange: Exchange) -> Answer:
        """`GET /squad/{id}`."""
        squad_id = self._existing(exchange, "Squad")
        members = [{"assistantId": self._example("assistant", exchange)}]
        return Answer(
            body=self._stamped(squad_id, exchange) | {"name": "Front desk", "members": members}
        )

    def _assistant(self, assistant_id: str, exchange: Exchange) -> dict[str, Any]:
        return self._stamped(assistant_id, exchange) | {
            "name": "Front desk",
            "firstMessage": "Hello, this is the automated assistant.",
            "maxDurationSeconds": 600,
        }

    def _number(self, number_id: str, exchange: Exchange) -> dict[str, Any]:
        return self._stamped(number_id, exchange) | {
            "provider": "twilio",
            "number": "+13125550100",
            "twilioAccountSid": "AC" + "0" * 32,
            "name": "Main line",
            "status": "active",
        }

    def _stamped(self, thing_id: str, exchange: Exchange) -> dict[str, Any]:
        organization = self._organizations.of(exchange.account)
        made = iso_utc(_MADE_AT)
        return {"id": thing_id, "orgId": organization.id, "createdAt": made, "updatedAt": made}

    def _listed(self, row: dict[str, Any], exchange: Exchange) -> Answer:
        query = exchange.parse_query(TimesQuery)
        passes = query.created(_MADE_AT) and query.updated(_MADE_AT)
        return Answer(body=[row][: query.size] if passes else [])

    def _example(self, kind: str, exchange: Exchange) -> str:
        return stable_id(kind, exchange.account)

    def _existing(self, exchange: Exchange, what: str) -> str:
        thing_id = path_id(exchange.params["id"])
        if thing_id in self._organizations.settings.missing:
            raise Refused(refusal(404, f"Couldn't Find {what}"))
        return thing_id


def _get(template: str, handler: Handler) -> Endpoint:
    return Endpoint(
        method="GET", template=template, route="check", handler=handler, shape=Shape(rows="")
    )
