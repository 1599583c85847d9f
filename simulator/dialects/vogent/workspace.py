"""What a Vogent workspace holds: its jobs and its lines."""

from simulator.calls import Call
from simulator.dialect import World
from simulator.dialects.vogent.jobs import Job
from simulator.dialects.vogent.settings import VogentSettings
from simulator.exchange import Answer, Exchange, Refused
from simulator.lanes import Trunk

PROVIDER = "vogent"


class Workspaces:
    """Every workspace, by API key."""

    def __init__(self, world: World, settings: VogentSettings) -> None:
        self.network = world.network
        self.settings = settings
        self.jobs: dict[str, Job] = {}
        self._trunks: dict[str, Trunk] = {}

    def trunk(self, account: str) -> Trunk:
        """The lines of a workspace."""
        if account not in self._trunks:
            self._trunks[account] = self.network.trunk(self.settings.lines)
        return self._trunks[account]

    def job(self, exchange: Exchange) -> Job:
        """The job that the path names; refused if this workspace has none such."""
        job = self.jobs.get(exchange.params["id"])
        if job is None or job.account != exchange.account:
            raise refused(self.settings.unknown_id_status, "No batch dial job has this id.")
        return job

    def dialled(self, exchange: Exchange) -> Call:
        """The call that the path names, once it has rung; refused otherwise."""
        call = self.network.call(exchange.params["id"])
        if (
            call is None
            or (call.order.provider, call.order.account) != (PROVIDER, exchange.account)
            or call.rang_at is None
            or call.rang_at > exchange.seen_at
        ):
            raise refused(self.settings.unknown_id_status, "No dial has this id.")
        return call

    def check_ids(self, agent_id: str, from_ids: list[str]) -> None:
        """Refuse agents and numbers that are not listed, if only listed ones are taken."""
        if not self.settings.only_known_ids:
            return
        if agent_id not in self.settings.agents:
            raise refused(400, "callAgentId: no agent has this id; see GET /agents.")
        if not set(from_ids) <= set(self.settings.phone_numbers):
            raise refused(400, "fromPhoneNumberIds: unknown id; see GET /phone_numbers.")


def refused(status: int, message: str) -> Refused:
    """A no in Vogent's shape.

    The documents show no error body; clients in the wild read `message`.
    """
    return Refused(refusal(status, message))


def refusal(status: int, message: str, problems: list[str] | None = None) -> Answer:
    """An error body."""
    body: dict[str, object] = {"message": message}
    if problems:
        body["errors"] = problems
    return Answer(status=status, body=body)
