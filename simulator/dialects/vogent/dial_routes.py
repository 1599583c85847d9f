"""`/dials`, recordings, agents and numbers."""

from collections.abc import Sequence

from simulator.calls import Order
from simulator.conversation import recording
from simulator.dialect import Endpoint, Shape
from simulator.dialects.vogent.bodies import CreateDial, PageQuery
from simulator.dialects.vogent.dials import MAX_DURATION_SECONDS, agent, dial
from simulator.dialects.vogent.job_routes import PAGE
from simulator.dialects.vogent.paging import Place, page
from simulator.dialects.vogent.workspace import PROVIDER, Workspaces, refused
from simulator.exchange import Answer, Exchange
from simulator.keys import find_key, find_tag


class DialRoutes:
    """Handlers over the workspaces."""

    def __init__(self, workspaces: Workspaces) -> None:
        self._workspaces = workspaces
        self._network = workspaces.network
        self._settings = workspaces.settings

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """The routes."""
        created = Shape(ids=("dialId",))
        return (
            Endpoint(
                method="POST",
                template="/dials",
                route="submit",
                handler=self.create,
                shape=created,
                dials=True,
            ),
            Endpoint(method="GET", template="/dials/{id}", route="detail", handler=self.get),
            Endpoint(
                method="POST", template="/dials/{id}/hangup", route="cancel", handler=self.hang_up
            ),
            Endpoint(
                method="GET",
                template="/recordings/{id}",
                route="recording",
                handler=self.recording,
            ),
            Endpoint(
                method="GET", template="/agents", route="check", handler=self.agents, shape=PAGE
            ),
            Endpoint(
                method="GET",
                template="/phone_numbers",
                route="check",
                handler=self.phone_numbers,
                shape=PAGE,
            ),
        )

    def create(self, exchange: Exchange) -> Answer:
        """Dial one number now."""
        body = exchange.parse(CreateDial)
        from_ids = [body.fromNumberId] if body.fromNumberId else []
        self._workspaces.check_ids(body.callAgentId, from_ids)
        order = Order(
            provider=PROVIDER,
            account=exchange.account,
            number=body.toNumber,
            accepted_at=exchange.now,
            body_sha256=exchange.body_sha256,
            key=find_key(body.callAgentInput),
            tag=find_tag(body.callAgentInput),
            max_seconds=60 * body.timeoutMinutes if body.timeoutMinutes else MAX_DURATION_SECONDS,
            details={
                "inputs": body.callAgentInput,
                "agent_id": body.callAgentId,
                "from_id": body.fromNumberId,
            },
        )
        call = self._network.place(order, self._workspaces.trunk(exchange.account).own)
        identity = self._network.identity
        token, session = identity.hexadecimal(32), identity.uuid4()
        return Answer(body={"dialToken": token, "sessionId": session, "dialId": call.id})

    def get(self, exchange: Exchange) -> Answer:
        """One dial, live or over."""
        return Answer(body=dial(self._workspaces.dialled(exchange), exchange, self._settings))

    def hang_up(self, exchange: Exchange) -> Answer:
        """End a live dial."""
        if not self._network.hang_up(self._workspaces.dialled(exchange)):
            raise refused(400, "This dial is not in progress.")
        return Answer(body={"success": True})

    def recording(self, exchange: Exchange) -> Answer:
        """The audio of a dial."""
        call = self._workspaces.dialled(exchange)
        if call.answered_at is None or not call.settled("recording", exchange.seen_at):
            raise refused(404, "There is no recording of this dial.")
        return Answer(body=recording(call), content_type="audio/wav")

    def agents(self, exchange: Exchange) -> Answer:
        """The workspace's agents."""
        shown, cursor = self._listed(self._settings.agents, exchange)
        return Answer(body={"data": [agent(agent_id) for agent_id in shown], "cursor": cursor})

    def phone_numbers(self, exchange: Exchange) -> Answer:
        """The workspace's numbers."""
        shown, cursor = self._listed(self._settings.phone_numbers, exchange)
        data = [
            {"id": number_id, "number": "+13125550199", "type": "PSTN", "agentId": None}
            for number_id in shown
        ]
        return Answer(body={"data": data, "cursor": cursor})

    def _listed(self, ids: Sequence[str], exchange: Exchange) -> tuple[Sequence[str], str | None]:
        def place(known: str) -> Place:
            return float(ids.index(known)), 0

        return page(ids, exchange.parse_query(PageQuery), self._settings, place)
