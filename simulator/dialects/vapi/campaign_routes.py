"""Handlers of `/v2/campaign`."""

from collections.abc import Callable, Sequence
from typing import Any

from simulator.calls import Order
from simulator.dialect import Endpoint, Shape
from simulator.dialects.vapi.campaign import Campaign, Contact
from simulator.dialects.vapi.campaign_rows import campaign_row, contact_row, counters
from simulator.dialects.vapi.listing import (
    CampaignQuery,
    CampaignsQuery,
    ContactsQuery,
    numbered,
)
from simulator.dialects.vapi.organization import (
    PROVIDER,
    Organization,
    Organizations,
    path_id,
    refusal,
)
from simulator.dialects.vapi.overrides import merged
from simulator.dialects.vapi.requests import CreateCampaign, Customer, UpdateCampaign
from simulator.exchange import Answer, Exchange, Refused
from simulator.keys import find_key, find_tag

_LIST = Shape(rows="results", cursor_param="page", limit_param="limit", total="metadata.totalItems")
_UNTAKEN = frozenset({"customers", "duplicate_from_campaign_id"})
_DEFAULT_SECONDS = 600
"""Longest call when nothing says otherwise."""


class CampaignRoutes:
    """Create, read, list, cancel and archive campaigns."""

    def __init__(self, organizations: Organizations) -> None:
        self._organizations = organizations
        self._network = organizations.network
        self._settings = organizations.settings
        one = "/v2/campaign/{id}"
        self.endpoints: Sequence[Endpoint] = (
            Endpoint(
                method="POST",
                template="/v2/campaign",
                route="submit",
                handler=self.create,
                dials=True,
                shape=Shape(ids=("id",)),
            ),
            Endpoint(
                method="GET",
                template="/v2/campaign",
                route="list",
                handler=self.list_campaigns,
                shape=_LIST,
            ),
            Endpoint(method="GET", template=one, route="status", handler=self.read),
            Endpoint(
                method="GET",
                template=f"{one}/contacts",
                route="page",
                handler=self.list_contacts,
                shape=_LIST,
            ),
            Endpoint(method="PATCH", template=one, route="cancel", handler=self.update),
            Endpoint(method="DELETE", template=one, route="cancel", handler=self.archive),
        )

    # Creating

    def create(self, exchange: Exchange) -> Answer:
        """`POST /v2/campaign`: launches at once, or at `schedulePlan.earliestAt`."""
        organization = self._entitled(exchange)
        body = self._completed(exchange.parse(CreateCampaign), organization)
        problems = _problems(body, exchange.now, organization.trunk.capacity)
        if problems:
            raise Refused(refusal(400, problems))
        self._organizations.refuse_missing(body.assistant_id, body.squad_id, body.phone_number_id)
        campaign = self._launch(body, exchange, organization)
        return Answer(status=201, body=self._row(campaign, exchange, organization))

    def _completed(self, body: CreateCampaign, organization: Organization) -> CreateCampaign:
        if not body.duplicate_from_campaign_id:
            return body
        source = organization.campaigns.get(body.duplicate_from_campaign_id)
        if source is None:
            raise Refused(refusal(404, "Couldn't Find Campaign"))
        whole = {**source.config, "customers": source.customers, **body.sent()}
        return CreateCampaign.model_validate(whole)

    def _launch(
        self, body: CreateCampaign, exchange: Exchange, organization: Organization
    ) -> Campaign:
        begins = exchange.now + self._settings.start_delay / self._network.speed
        if body.schedule_plan is not None:
            begins = max(begins, body.schedule_plan.earliest_at)
        customers = body.customers or []
        campaign = Campaign(
            id=self._network.identity.uuid4(),
            config=body.sent(without=_UNTAKEN) | {"maxConcurrency": int(body.max_concurrency)},
            customers=[customer.sent() for customer in customers],
            created_at=exchange.now,
            starts_at=begins,
            lane=self._network.lane(organization.trunk, capacity=int(body.max_concurrency)),
        )
        organization.campaigns[campaign.id] = campaign
        for customer in customers:
            campaign.everyone.append(self._contact(customer, campaign, body, exchange))
        return campaign

    def _contact(
        self, customer: Customer, campaign: Campaign, body: CreateCampaign, exchange: Exchange
    ) -> Contact:
        overrides = merged(body.assistant_overrides, customer.assistant_overrides)
        variables, metadata = overrides.get("variableValues"), overrides.get("metadata")
        order = Order(
            provider=PROVIDER,
            account=exchange.account,
            number=customer.address,
            accepted_at=exchange.now,
            body_sha256=exchange.body_sha256,
            batch_id=campaign.id,
            key=find_key(variables, metadata) or customer.external_id or None,
            tag=find_tag(variables, metadata) or body.name.rsplit(maxsplit=1)[-1],
            not_before=campaign.starts_at,
            not_after=self._last_moment(body, campaign),
            max_seconds=overrides.get("maxDurationSeconds", _DEFAULT_SECONDS),
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
        self, customer: Customer, campaign: Campaign, overrides: dict[str, Any]
    ) -> dict[str, Any]:
        known = {"number": customer.number, "sipUri": customer.sip_uri, "name": customer.name}
        row: dict[str, Any] = {
            name: campaign.config[name]
            for name in ("assistantId", "squadId", "phoneNumberId")
            if name in campaign.config
        }
        row["campaignId"] = campaign.id
        row["customer"] = {name: value for name, value in known.items() if value}
        if overrides and self._settings.campaign_calls_echo:
            row["assistantOverrides"] = overrides
        return row

    # Reading

    def read(self, exchange: Exchange) -> Answer:
        """`GET /v2/campaign/{id}`."""
        organization = self._entitled(exchange)
        query = exchange.parse_query(CampaignQuery)
        campaign = self._find(exchange, organization)
        row = self._row(campaign, exchange, organization)
        if query.include_counters:
            row |= counters(campaign, exchange.seen_at, self._settings)
        return Answer(body=row)

    def list_campaigns(self, exchange: Exchange) -> Answer:
        """`GET /v2/campaign`: numbered pages."""
        organization = self._entitled(exchange)
        query = exchange.parse_query(CampaignsQuery)
        moment = exchange.seen_at
        keys: dict[str, Callable[[Campaign], float]] = {
            "createdAt": lambda campaign: campaign.created_at,
            "duration": lambda campaign: campaign.talk_seconds,
            "cost": lambda campaign: campaign.cost,
        }
        campaigns = sorted(
            (
                campaign
                for campaign in organization.campaigns.values()
                if self._organizations.listed(campaign.created_at, exchange)
                and not self._gone(campaign, moment)
                and _passes(campaign, query, moment)
            ),
            key=keys[query.sort_by],
            reverse=query.sort_order == "DESC",
        )
        page, metadata = numbered(campaigns, page=query.page, size=query.size, more=True)
        results = [
            self._row(campaign, exchange, organization)
            | (counters(campaign, moment, self._settings) if query.include_counters else {})
            for campaign in page
        ]
        order = {"sortOrder": query.sort_order}
        return Answer(body={"results": results, "metadata": metadata | order})

    def list_contacts(self, exchange: Exchange) -> Answer:
        """`GET /v2/campaign/{id}/contacts`: numbered pages in the order of upload."""
        organization = self._entitled(exchange)
        given = {**exchange.query, "status": exchange.query.getlist("status")}
        query = ContactsQuery.model_validate(given)
        campaign = self._find(exchange, organization)
        rows = [
            contact_row(contact, exchange.seen_at, self._settings) for contact in campaign.contacts
        ]
        if query.status:
            rows = [row for row in rows if row["status"] in query.status]
        if query.sort_by == "status":
            rows.sort(key=lambda row: row["status"])
        if query.sort_order == "DESC":
            rows.reverse()
        page, metadata = numbered(rows, page=query.page, size=int(query.limit))
        return Answer(body={"results": page, "metadata": metadata})

    # Stopping

    def update(self, exchange: Exchange) -> Answer:
        """`PATCH /v2/campaign/{id}`: cancel. Nothing else can be changed."""
        organization = self._entitled(exchange)
        body = exchange.parse(UpdateCampaign)
        campaign = self._find(exchange, organization)
        if body.model_fields_set != {"status"} or body.status is None:
            raise Refused(refusal(400, "A campaign cannot be changed, only cancelled"))
        status = campaign.status(exchange.now)
        if status not in {"scheduled", "in-progress"}:
            raise Refused(refusal(409, f"Campaign is already {status}"))
        self._cancel(campaign, exchange.now)
        return Answer(body=self._row(campaign, exchange, organization))

    def archive(self, exchange: Exchange) -> Answer:
        """`DELETE /v2/campaign/{id}`: archive, and cancel first if need be."""
        organization = self._entitled(exchange)
        campaign = self._find(exchange, organization)
        if campaign.status(exchange.now) in {"scheduled", "in-progress"}:
            self._cancel(campaign, exchange.now)
        campaign.archived_at = exchange.now
        return Answer(body=self._row(campaign, exchange, organization))

    def _cancel(self, campaign: Campaign, now: float) -> None:
        campaign.cancelled_from = campaign.status(now)
        campaign.cancelled_at = now
        self._network.close_lane(campaign.lane)
        for contact in campaign.everyone:
            self._network.cancel(contact.call)
        # So that the lane forgets those who were waiting in it.
        self._network.open_lane(campaign.lane)

    # Finding

    def _entitled(self, exchange: Exchange) -> Organization:
        if not self._settings.campaigns:
            raise Refused(refusal(403, "Campaigns V2 is not enabled for your organization"))
        return self._organizations.of(exchange.account)

    def _find(self, exchange: Exchange, organization: Organization) -> Campaign:
        campaign = organization.campaigns.get(path_id(exchange.params["id"]))
        if (
            campaign is None
            or self._gone(campaign, exchange.now)
            or not self._organizations.readable(campaign.created_at, exchange)
        ):
            raise Refused(refusal(404, "Couldn't Find Campaign"))
        return campaign

    def _gone(self, campaign: Campaign, moment: float) -> bool:
        return self._settings.archived == "gone" and campaign.status(moment) == "archived"

    def _row(
        self, campaign: Campaign, exchange: Exchange, organization: Organization
    ) -> dict[str, Any]:
        return campaign_row(campaign, exchange.seen_at, organization, self._settings)


def _problems(body: CreateCampaign, now: float, lines: int) -> list[str]:
    plan = body.schedule_plan
    unserved = body.server is None
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


def _passes(campaign: Campaign, query: CampaignsQuery, moment: float) -> bool:
    return (
        query.id in {"", campaign.id}
        and (not query.status or query.status == campaign.status(moment))
        and query.created(campaign.created_at)
        and (not query.asks_updated or query.updated(campaign.updated_at(moment)))
    )
