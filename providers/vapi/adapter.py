"""One account at Vapi, by the way of dialling that its agent block chose."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Self

from pydantic import BaseModel

from campaign.calls import (
    BatchRef,
    BatchStatus,
    Found,
    ListedCall,
    Order,
    Page,
    Receipt,
    SubmissionRef,
)
from campaign.errors import NotFound, Unauthorized
from providers.http import Http
from providers.port import Account, Capabilities, Fence
from providers.vapi import calls, campaigns
from providers.vapi.agent import AgentBlock
from providers.vapi.wire import SECRETS


class Vapi:
    """One account, opened with a campaign's agent block."""

    base_url: ClassVar[str] = "https://api.vapi.ai"
    Agent: ClassVar[type[BaseModel]] = AgentBlock
    secrets: ClassVar[frozenset[str]] = SECRETS

    def __init__(self, http: Http, agent: AgentBlock) -> None:
        self._api = agent.api
        way = campaigns.Campaigns if agent.api == "campaign" else calls.Calls
        self._way = way(http, agent)

    @property
    def capabilities(self) -> Capabilities:
        """The facts of the way of dialling that was chosen."""
        return self.variants()[self._api]

    @classmethod
    def headers(cls, key: str) -> Mapping[str, str]:
        """Return the header that carries the private key."""
        return {"Authorization": f"Bearer {key}"}

    @classmethod
    def variants(cls) -> Mapping[str, Capabilities]:
        """Return the facts of both ways of dialling."""
        return {"campaign": campaigns.FACTS, "call": calls.FACTS}

    @classmethod
    async def check(cls, http: Http) -> Account:
        """Read an assistant, and ask whether campaigns are enabled."""
        await http.get("/assistant", {"limit": 1})
        try:
            await http.get("/v2/campaign", {"limit": 1})
        except (NotFound, Unauthorized):
            warning = "campaigns are not enabled: use `api: call` in the agent block"
            return Account(detail="the key reads assistants", warnings=(warning,))
        return Account(detail="the key reads assistants and campaigns")

    @classmethod
    def open(cls, http: Http, agent: Mapping[str, object]) -> Self:
        """Open with the agent block. Raises `pydantic.ValidationError`."""
        return cls(http, AgentBlock.model_validate(agent))

    def compose(self, order: Order) -> bytes:
        """Return the exact body. Raises `Unsupported`."""
        return self._way.compose(order)

    async def submit(self, body: bytes, fence: Fence) -> Receipt:
        """Send a composed body, once."""
        return await self._way.submit(body, fence)

    async def find(self, submission: SubmissionRef) -> list[Found]:
        """Look a submission up by its tag, then by its keys."""
        return await self._way.find(submission)

    async def tags(self, since: datetime) -> frozenset[str]:
        """Return the tags of what was created since."""
        return await self._way.tags(since)

    async def status(self, batch: BatchRef) -> BatchStatus:
        """Look once at the batch."""
        return await self._way.status(batch)

    async def page(self, batch: BatchRef, cursor: str | None = None) -> Page:
        """Return one page of the batch's calls."""
        return await self._way.page(batch, cursor)

    async def detail(self, call_id: str) -> ListedCall:
        """Read one call. Raises `NotFound`."""
        return await self._way.detail(call_id)

    async def stop(self, batch: BatchRef) -> None:
        """Ask that no further call be placed."""
        await self._way.stop(batch)
