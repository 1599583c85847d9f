"""`/batch_dial_jobs`: create, start, look at, change, and page through."""

from bisect import bisect_right
from collections.abc import Sequence

from simulator.calls import Call, Order
from simulator.dialect import Endpoint, Shape
from simulator.dialects.vogent.bodies import ChangeJob, CreateJob, PageQuery, SetPaused
from simulator.dialects.vogent.dials import MAX_DURATION_SECONDS, dial
from simulator.dialects.vogent.jobs import Job, Spec
from simulator.dialects.vogent.paging import Place, page
from simulator.dialects.vogent.schedule import window
from simulator.dialects.vogent.workspace import PROVIDER, Workspaces, refused
from simulator.exchange import Answer, Exchange
from simulator.keys import find_key, find_tag

PAGE = Shape(rows="data", cursor="cursor", cursor_param="cursor", limit_param="limit")
_JOB = "/batch_dial_jobs/{id}"
_OVER = {"COMPLETE", "CANCELLED"}


class JobRoutes:
    """Handlers over the workspaces."""

    def __init__(self, workspaces: Workspaces) -> None:
        self._workspaces = workspaces
        self._network = workspaces.network
        self._settings = workspaces.settings

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """The routes."""
        base, job = "/batch_dial_jobs", Shape(ids=("id",))
        return (
            Endpoint(method="POST", template=base, route="submit", handler=self.create, shape=job),
            Endpoint(method="GET", template=base, route="list", handler=self.list_jobs, shape=PAGE),
            Endpoint(method="GET", template=_JOB, route="status", handler=self.get),
            Endpoint(method="PUT", template=_JOB, route="other", handler=self.change),
            Endpoint(
                method="POST",
                template=f"{_JOB}/paused",
                route="start",
                handler=self.set_paused,
                dials=True,
            ),
            Endpoint(
                method="GET",
                template=f"{_JOB}/queue",
                route="page",
                handler=self.queue,
                shape=PAGE,
            ),
            Endpoint(
                method="GET",
                template=f"{_JOB}/dials",
                route="page",
                handler=self.dials,
                shape=PAGE,
            ),
            # Not Vogent's: only the dashboard can cancel a job, and a test must be able to.
            Endpoint(
                method="POST",
                template=f"/__dashboard{_JOB}/cancel",
                route="other",
                handler=self.cancel_by_hand,
            ),
        )

    def create(self, exchange: Exchange) -> Answer:
        """Create a job. Nobody is called."""
        body = exchange.parse(CreateJob)
        self._workspaces.check_ids(body.callAgentId, body.fromPhoneNumberIds or [])
        concurrent = self._concurrency(body.maxConcurrentDials)
        identity = self._network.identity
        job = Job(
            id=identity.uuid4(),
            account=exchange.account,
            created_at=exchange.now,
            body_sha256=exchange.body_sha256,
            body=body,
            lane=self._network.lane(
                self._workspaces.trunk(exchange.account),
                capacity=concurrent,
                window=window(body.schedule),
            ),
            specs=[Spec(id=identity.uuid4(), row=row) for row in body.rows],
            max_concurrent=concurrent,
            from_ids=body.fromPhoneNumberIds,
            schedule=body.schedule,
        )
        self._workspaces.jobs[job.id] = job
        return self._shown(job, exchange)

    def list_jobs(self, exchange: Exchange) -> Answer:
        """Jobs of the workspace."""
        query = exchange.parse_query(PageQuery)
        jobs = [
            (index, job)
            for index, job in enumerate(self._workspaces.jobs.values())
            if job.account == exchange.account
            and exchange.visible(job.created_at)
            and query.status in {None, job.status(exchange.seen_at, self._settings)}
            and query.callAgentId in {None, job.body.callAgentId}
        ]

        def place(item: tuple[int, Job]) -> Place:
            return item[1].created_at, item[0]

        shown, cursor = page(jobs, query, self._settings, place)
        data = [job.row(exchange.seen_at, self._settings) for _, job in shown]
        return Answer(body={"data": data, "cursor": cursor})

    def get(self, exchange: Exchange) -> Answer:
        """One job."""
        return self._shown(self._workspaces.job(exchange), exchange)

    def change(self, exchange: Exchange) -> Answer:
        """Change settings; a running job works by them from its next resumption on."""
        job = self._workspaces.job(exchange)
        body = exchange.parse(ChangeJob)
        if job.status(exchange.now, self._settings) in _OVER:
            raise refused(400, "This job is over.")
        if body.maxConcurrentDials is not None:
            job.max_concurrent = self._concurrency(body.maxConcurrentDials)
        if body.fromPhoneNumberIds is not None:
            self._workspaces.check_ids(job.body.callAgentId, body.fromPhoneNumberIds)
            job.from_ids = body.fromPhoneNumberIds
        if body.schedule is not None:
            job.schedule = body.schedule
        return self._shown(job, exchange)

    def set_paused(self, exchange: Exchange) -> Answer:
        """Start, resume or pause. Calls in progress go on."""
        job = self._workspaces.job(exchange)
        paused = exchange.parse(SetPaused).paused
        if job.status(exchange.now, self._settings) in _OVER:
            if self._settings.paused_when_over == "refuse":
                raise refused(400, "This job is over: it can be neither paused nor resumed.")
        elif paused:
            job.paused = job.started_at is not None
            self._network.close_lane(job.lane)
        else:
            self._start(job, exchange)
        return self._shown(job, exchange)

    def queue(self, exchange: Exchange) -> Answer:
        """Rows that have not been dialled."""
        job = self._workspaces.job(exchange)
        numbers = {spec.id: float(index) for index, spec in enumerate(job.specs)}

        def place(spec: Spec) -> Place:
            return numbers[spec.id], 0

        query = exchange.parse_query(PageQuery)
        shown, cursor = page(job.queued(exchange.seen_at), query, self._settings, place)
        return Answer(body={"data": [job.spec_row(spec) for spec in shown], "cursor": cursor})

    def dials(self, exchange: Exchange) -> Answer:
        """Completed dials."""
        job = self._workspaces.job(exchange)
        query = exchange.parse_query(PageQuery)
        shown, cursor = page(self._over(job, exchange), query, self._settings, self._dial_place)
        data = [dial(call, exchange, self._settings) for call in shown]
        return Answer(body={"data": data, "cursor": cursor})

    def cancel_by_hand(self, exchange: Exchange) -> Answer:
        """What the dashboard's button does: no further call, and no way back."""
        job = self._workspaces.job(exchange)
        job.cancelled = True
        for call in job.calls:
            self._network.cancel(call)
        self._network.close_lane(job.lane)
        return self._shown(job, exchange)

    def _over(self, job: Job, exchange: Exchange) -> Sequence[Call]:
        """The dials that are listed by now, in the order of the list."""
        delay = self._settings.listing_delay / self._network.speed
        latest = min(exchange.seen_at - delay, exchange.now - exchange.lag)
        ended = self._network.ended(job.id)
        over = ended[: bisect_right(ended, latest, key=lambda call: call.over_at or 0.0)]
        created = self._settings.order == "created"
        return sorted(over, key=self._dial_place) if created else over

    def _dial_place(self, call: Call) -> Place:
        if self._settings.order == "created":
            return call.rang_at or 0.0, call.position
        return 0.0, call.end_no or 0

    def _concurrency(self, wanted: int) -> int:
        lines = self._settings.lines
        if wanted > lines and self._settings.over_concurrency == "refuse":
            raise refused(422, f"maxConcurrentDials: this workspace may have {lines} at a time.")
        return min(wanted, lines)

    def _start(self, job: Job, exchange: Exchange) -> None:
        job.paused = False
        job.lane.capacity, job.lane.window = job.max_concurrent, window(job.schedule)
        if job.started_at is None:
            job.started_at = exchange.now
            self._network.close_lane(job.lane)
            job.calls = [
                self._network.place(self._order(job, spec, index), job.lane)
                for index, spec in enumerate(job.specs)
            ]
        self._network.open_lane(job.lane)

    def _order(self, job: Job, spec: Spec, index: int) -> Order:
        inputs = spec.row.inputs
        return Order(
            provider=PROVIDER,
            account=job.account,
            number=spec.row.toNumber,
            accepted_at=job.created_at,
            body_sha256=job.body_sha256,
            batch_id=job.id,
            key=find_key(inputs),
            tag=find_tag(inputs) or job.body.name,
            max_seconds=MAX_DURATION_SECONDS,
            details={
                "inputs": inputs,
                "agent_id": job.body.callAgentId,
                "from_id": job.from_ids[index % len(job.from_ids)] if job.from_ids else None,
                "spec_id": spec.id,
            },
        )

    def _shown(self, job: Job, exchange: Exchange) -> Answer:
        return Answer(body=job.row(exchange.seen_at, self._settings))
