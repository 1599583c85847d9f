"""Launch a campaign: check it as a whole, and order a call for each of its people."""

from typing import Any

from simulator.calls import Order
from simulator.dialects.vapi.campaign import Campaign, Contact
from simulator.dialects.vapi.organization import PROVIDER, Organization, Organizations, refusal
from simulator.dialects.vapi.overrides import longest_call, merged, sayings
from simulator.dialects.vapi.requests import CreateCampaign, Customer
from simulator.exchange import Exchange, Refused
from simulator.keys import find_key, find_tag

_UNTAKEN = frozenset({"customers", "duplicate_from_campaign_id"})


class Launch:
    """One request for a campaign."""

    def __init__(
        self, exchange: Exchange, organization: Organization, organizations: Organizations
    ) -> None:
        self._exchange = exchange
        self._organization = organization
        self._organizations = organizations
        self._network = organizations.network
        self._settings = organizations.settings

    def launch(self, body: CreateCampaign) -> Campaign:
        """A campaign that will start by itself. Raises `Refused`."""
        body = self._completed(body)
        problems = _problems(body, self._exchange.now, self._organization.trunk.capacity)
        if problems:
            raise Refused(refusal(400, problems))
        self._organizations.refuse_missing(body.assistant_id, body.squad_id, body.phone_number_id)
        campaign = self._campaign(body)
        for customer in body.customers or ():
            campaign.everyone.append(self._contact(customer, campaign, body))
        return campaign

    def _completed(self, body: CreateCampaign) -> CreateCampaign:
        if not body.duplicate_from_campaign_id:
            return body
        source = self._organization.campaigns.get(body.duplicate_from_campaign_id)
        if source is None:
            raise Refused(refusal(404, "Couldn't Find Campaign"))
        whole = {**source.config, "customers": source.customers, **body.sent()}
        return CreateCampaign.model_validate(whole)

    def _campaign(self, body: CreateCampaign) -> Campaign:
        now, most = self._exchange.now, int(body.max_concurrency)
        begins = now + self._settings.start_delay / self._network.speed
        if body.schedule_plan is not None:
            begins = max(begins, body.schedule_plan.earliest_at)
        campaign = Campaign(
            id=self._network.identity.uuid4(),
            config=body.sent(without=_UNTAKEN) | {"maxConcurrency": most},
            customers=[customer.sent() for customer in body.customers or ()],
            created_at=now,
            starts_at=begins,
            lane=self._network.lane(self._organization.trunk, capacity=most),
        )
        self._organization.campaigns[campaign.id] = campaign
        return campaign

    def _contact(self, customer: Customer, campaign: Campaign, body: CreateCampaign) -> Contact:
        overrides = {
            "assistantOverrides": merged(body.assistant_overrides, customer.assistant_overrides),
            "squadOverrides": merged(body.squad_overrides, customer.squad_overrides),
        }
        said = sayings(*overrides.values())
        order = Order(
            provider=PROVIDER,
            account=self._exchange.account,
            number=customer.address,
            accepted_at=self._exchange.now,
            body_sha256=self._exchange.body_sha256,
            batch_id=campaign.id,
            key=find_key(*said) or customer.external_id or None,
            tag=find_tag(*said) or body.name.split()[-1],
            not_before=campaign.starts_at,
            not_after=self._last_moment(body, campaign),
            max_seconds=longest_call(*overrides.values()),
            details={"row": self._call_row(customer, campaign, overrides)},
        )
        call = self._network.place(order, campaign.lane, mint=self._network.identity.uuid7)
        return Contact(id=self._network.identity.uuid4(), call=call, name=customer.name)

    def _last_moment(self, body: CreateCampaign, campaign: Campaign) -> float | None:
        ends: list[float] = []
        if self._settings.give_up_after is not None:
            ends.append(campaign.starts_at + self._settings.give_up_after / self._network.speed)
        if body.schedule_plan is not None and body.schedule_plan.latest_at is not None:
            ends.append(body.schedule_plan.latest_at)
        return min(ends, default=None)

    def _call_row(
        self, customer: Customer, campaign: Campaign, overrides: dict[str, dict[str, Any]]
    ) -> dict[str, Any]:
        known = {"number": customer.number, "sipUri": customer.sip_uri, "name": customer.name}
        row: dict[str, Any] = {
            name: campaign.config[name]
            for name in ("assistantId", "squadId", "phoneNumberId")
            if name in campaign.config
        }
        row["campaignId"] = campaign.id
        row["customer"] = {name: value for name, value in known.items() if value}
        if self._settings.campaign_calls_echo:
            row |= {name: override for name, override in overrides.items() if override}
        return row


def _problems(body: CreateCampaign, now: float, lines: int) -> list[str]:
    plan, unserved = body.schedule_plan, body.server is None
    checks = {
        "exactly one of assistantId and squadId must be given": bool(body.assistant_id)
        == bool(body.squad_id),
        "phoneNumberId should not be empty": not body.phone_number_id,
        "customers should not be empty": not body.customers,
        f"maxConcurrency must not be greater than {lines}": body.max_concurrency > lines,
        "schedulePlan.earliestAt must be in the future": plan is not None
        and plan.earliest_at <= now,
        "serverMessages needs server": unserved and bool(body.server_messages),
        "predialPlan needs server": unserved and body.predial_plan is not None,
    }
    return [problem for problem, is_so in checks.items() if is_so]
