"""Handlers of `/v2/campaign`."""

from collections.abc import Callable, Sequence
from typing import Any

from simulator.dialect import Endpoint, Shape
from simulator.dialects.vapi.campaign import Campaign
from simulator.dialects.vapi.campaign_rows import campaign_row, contact_row, counters
from simulator.dialects.vapi.launching import Launch
from simulator.dialects.vapi.listing import (
    CampaignQuery,
    CampaignsQuery,
    ContactsQuery,
    numbered,
)
from simulator.dialects.vapi.organization import (
    Organization,
    Organizations,
    path_id,
    refusal,
)
from simulator.dialects.vapi.requests import CreateCampaign, UpdateCampaign
from simulator.exchange import Answer, Exchange, Refused

_LIST = Shape(rows="results", cursor_param="page", limit_param="limit", total="metadata.totalItems")


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
        launch = Launch(exchange, organization, self._organizations)
        campaign = launch.launch(exchange.parse(CreateCampaign))
        return Answer(status=201, body=self._row(campaign, exchange, organization))

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


def _passes(campaign: Campaign, query: CampaignsQuery, moment: float) -> bool:
    return (
        query.id in {"", campaign.id}
        and (not query.status or query.status == campaign.status(moment))
        and query.created(campaign.created_at)
        and (not query.asks_updated or query.updated(campaign.updated_at(moment)))
    )
