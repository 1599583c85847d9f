"""`/v2/batches`: create, list, read, follow the log, stop."""

from collections.abc import Sequence
from typing import Any

from simulator.clock import parse_moment
from simulator.dialect import Endpoint, Shape
from simulator.dialects.bland.accounts import Accounts, bad_rows, refuse, wrapped
from simulator.dialects.bland.batches import Batch
from simulator.dialects.bland.bodies import CreateBatch, TakeQuery
from simulator.exchange import Answer, Exchange

_BATCH = "/v2/batches/{batch_id}"
_PAGE = Shape(rows="data", cursor_param="skip", limit_param="take")


class V2Routes:
    """Handlers over the accounts."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._network = accounts.network
        self._settings = accounts.settings

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """The routes."""
        return (
            Endpoint(
                method="POST",
                template="/v2/batches/create",
                route="submit",
                handler=self.create,
                dials=True,
                shape=Shape(ids=("data.batch_id",)),
            ),
            Endpoint(
                method="GET",
                template="/v2/batches/list",
                route="list",
                handler=self.list_batches,
                shape=_PAGE,
            ),
            Endpoint(method="GET", template=_BATCH, route="detail", handler=self.get),
            Endpoint(
                method="GET",
                template=f"{_BATCH}/logs",
                route="status",
                handler=self.logs,
                shape=_PAGE,
            ),
            Endpoint(method="POST", template=f"{_BATCH}/stop", route="cancel", handler=self.stop),
        )

    def create(self, exchange: Exchange) -> Answer:
        """Take a batch, which dials at once or at its start times."""
        if self._settings.balance_usd <= 0:
            raise refuse(wrapped(402, "Insufficient balance."))
        body = exchange.parse(CreateBatch)
        objects = self._good_rows(body)
        self._check_start_times(body, exchange.now)
        batch = Batch(
            id=self._network.identity.uuid4(),
            account=exchange.account,
            created_at=exchange.now,
            body_sha256=exchange.body_sha256,
            description=body.description,
            defaults=body.defaults.fields(),
            objects=objects,
        )
        self._accounts.submit(batch, [row["phone_number"] for row in objects])
        return Answer(body={"data": {"batch_id": batch.id}, "errors": None})

    def list_batches(self, exchange: Exchange) -> Answer:
        """Batches of the account: no filter, no total."""
        batches = self._accounts.batches(exchange)
        if self._settings.newest_first:
            batches.reverse()
        shown = self._taken(batches, exchange.parse_query(TakeQuery))
        data = [batch.row(self._settings) for batch in shown]
        return Answer(body={"data": data, "errors": None})

    def get(self, exchange: Exchange) -> Answer:
        """One batch, without its status."""
        return Answer(body={"data": self._batch(exchange).row(self._settings), "errors": None})

    def logs(self, exchange: Exchange) -> Answer:
        """The life-cycle log."""
        query = exchange.parse_query(TakeQuery)
        log = self._batch(exchange).log(exchange.seen_at, self._settings, self._network.speed)
        if query.direction == "desc":
            log.reverse()
        return Answer(body={"data": self._taken(log, query), "errors": None})

    def stop(self, exchange: Exchange) -> Answer:
        """Dial no further; calls in progress run on."""
        batch = self._batch(exchange)
        if batch.over(exchange.now) and self._settings.stop_finished_status != 200:  # noqa: PLR2004
            raise refuse(wrapped(self._settings.stop_finished_status, "The batch has finished."))
        self._accounts.stop(batch, exchange.now)
        return Answer(body={"data": None, "errors": None})

    def _batch(self, exchange: Exchange) -> Batch:
        batch = self._accounts.batch(exchange)
        if batch is None:
            raise refuse(wrapped(404, "Batch not found.", code="BATCH_NOT_FOUND"))
        return batch

    def _taken(self, items: Sequence[Any], query: TakeQuery) -> list[Any]:
        take = min(query.take or self._settings.default_take, self._settings.max_take)
        return list(items[query.skip : query.skip + take])

    def _good_rows(self, body: CreateBatch) -> list[dict[str, Any]]:
        rows = [row.fields() for row in body.call_objects]
        bad = bad_rows(rows)
        if bad and (self._settings.bad_rows == "refuse_all" or len(bad) == len(rows)):
            where = ", ".join(f"call_objects.{index}" for index in bad[:10])
            message = f"{where}: phone_number must be E.164 such as +13125550101."
            raise refuse(wrapped(self._settings.errors_status, message))
        return [row for index, row in enumerate(rows) if index not in bad]

    def _check_start_times(self, body: CreateBatch, now: float) -> None:
        least = self._settings.min_start_seconds
        times = [body.defaults.start_time, *(row.start_time for row in body.call_objects)]
        if least and any(time and parse_moment(time) < now + least for time in times):
            message = f"start_time: must be at least {least:.0f} seconds ahead."
            raise refuse(wrapped(self._settings.errors_status, message))
