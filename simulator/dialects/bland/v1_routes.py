"""`/v1/batches`: the legacy generation, which answers with everything at once."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from simulator.calls import Call
from simulator.clock import iso_utc
from simulator.conversation import analysis
from simulator.dialect import Endpoint, Shape
from simulator.dialects.bland.accounts import Accounts, bad_rows, flat, refuse
from simulator.dialects.bland.batches import Batch
from simulator.dialects.bland.bodies import (
    Analyze,
    BatchesQuery,
    BatchQuery,
    CreateBatchV1,
)
from simulator.dialects.bland.calls import detail
from simulator.exchange import Answer, Exchange, explain

_BATCH = "/v1/batches/{batch_id}"
_BODY_FIELDS = {"base_prompt", "call_data", "label", "campaign_id", "test_mode"}
_SPOKEN = {"transcripts", "concatenated_transcript"}
_BUCKETS = ((1, "under 1 minute"), (5, "1 to 5 minutes"), (15, "5 to 15 minutes"))


class V1Routes:
    """Handlers over the accounts."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._network = accounts.network
        self._settings = accounts.settings

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """The routes; none if the legacy generation is switched off."""
        if not self._settings.v1:
            return ()
        base = "/v1/batches"
        return (
            Endpoint(
                method="POST",
                template=base,
                route="submit",
                handler=self.create,
                dials=True,
                shape=Shape(ids=("batch_id",)),
            ),
            Endpoint(
                method="GET",
                template=base,
                route="list",
                handler=self.list_batches,
                shape=Shape(rows="batches", row_id="batch_id", cursor_param="from"),
            ),
            Endpoint(
                method="GET",
                template=_BATCH,
                route="status",
                handler=self.get,
                shape=Shape(rows="call_data", row_id="call_id"),
            ),
            Endpoint(method="POST", template=f"{_BATCH}/stop", route="cancel", handler=self.stop),
            Endpoint(
                method="POST", template=f"{_BATCH}/analyze", route="other", handler=self.analyze
            ),
        )

    def create(self, exchange: Exchange) -> Answer:
        """Take a batch, which dials at once."""
        try:
            body = exchange.parse(CreateBatchV1)
        except ValidationError as error:
            problems = explain(error)
            raise refuse(flat(400, "Invalid parameters.", problems)) from error
        if self._settings.balance_usd <= 0:
            raise refuse(flat(402, "Insufficient balance."))
        objects = [row.fields() for row in body.call_data]
        if bad_rows(objects):
            problems = [f"call_data.{index}.phone_number" for index in bad_rows(objects)]
            raise refuse(flat(400, "Numbers must be E.164 such as +13125550101.", problems))
        objects = objects[:1] if body.test_mode else objects
        defaults = {
            name: value for name, value in body.fields().items() if name not in _BODY_FIELDS
        }
        batch = Batch(
            id=self._network.identity.uuid4(),
            account=exchange.account,
            created_at=exchange.now,
            body_sha256=exchange.body_sha256,
            description=body.label or "Untitled Batch",
            defaults=defaults | {"task": body.base_prompt},
            objects=objects,
            campaign_id=body.campaign_id,
            hides_answered_by=not body.answered_by_enabled,
        )
        self._accounts.submit(batch, [row["phone_number"] for row in objects])
        return Answer(body={"message": "success", "batch_id": batch.id})

    def list_batches(self, exchange: Exchange) -> Answer:
        """Batches of the account."""
        query = exchange.parse_query(BatchesQuery)
        batches = [
            batch
            for batch in self._accounts.batches(exchange)
            if query.campaign_id in {None, batch.campaign_id}
        ]
        if not query.ascending:
            batches.reverse()
        shown = batches[query.start : query.end][: query.limit]
        return Answer(body={"status": "success", "batches": [_listed(batch) for batch in shown]})

    def get(self, exchange: Exchange) -> Answer:
        """Status, parameters, analysis and calls of a batch."""
        query, batch = exchange.parse_query(BatchQuery), self._batch(exchange)
        calls = self._accounts.batch_calls(batch, exchange)
        rows = [detail(call, exchange, self._settings) for call in calls]
        body: dict[str, Any] = {
            "status": "completed" if batch.over(exchange.seen_at) else "in-progress",
            "batch_params": _params(batch),
        }
        if query.include_calls and query.include_analysis:
            body["analysis"] = _analysis(rows)
        if query.include_calls:
            hidden: set[str] = set() if query.include_transcripts else _SPOKEN
            body["call_data"] = [
                {name: value for name, value in row.items() if name not in hidden} for row in rows
            ]
        return Answer(body=body)

    def stop(self, exchange: Exchange) -> Answer:
        """Dial no further."""
        batch = self._batch(exchange)
        spared = self._accounts.stop(batch, exchange.now)
        return Answer(
            body={
                "status": "success",
                "message": "Batch stopped.",
                "num_calls": spared,
                "batch_id": batch.id,
            }
        )

    def analyze(self, exchange: Exchange) -> Answer:
        """Answers to questions about each call."""
        batch = self._batch(exchange)
        try:
            questions = exchange.parse(Analyze).questions
        except ValidationError as error:
            raise refuse(flat(400, "Invalid parameters.", explain(error))) from error
        calls = self._accounts.batch_calls(batch, exchange)
        answers = {call.id: [_reply(call, kind) for _, kind in questions] for call in calls}
        return Answer(body={"status": "success", "message": "Batch analyzed.", "answers": answers})

    def _batch(self, exchange: Exchange) -> Batch:
        batch = self._accounts.batch(exchange)
        if batch is None:
            raise refuse(flat(404, "Batch not found."))
        return batch


def _listed(batch: Batch) -> dict[str, Any]:
    return {
        "batch_id": batch.id,
        "label": batch.description,
        "campaign_id": batch.campaign_id,
        "created_at": iso_utc(batch.created_at),
        "base_prompt": batch.defaults.get("task"),
        "num_calls": len(batch.calls),
    }


def _params(batch: Batch) -> dict[str, Any]:
    return {
        "id": batch.id,
        "campaign_id": batch.campaign_id,
        "created_at": iso_utc(batch.created_at),
        "label": batch.description,
        "base_prompt": batch.defaults.get("task"),
        "endpoint_code": None,
        "call_params": dict(batch.defaults),
    }


def _analysis(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    lengths: list[float] = [row["call_length"] for row in rows]
    spoken = [length for length in lengths if length * 60 >= 1]
    return {
        "total_calls": len(rows),
        "completed_calls": sum(row["completed"] for row in rows),
        "in_progress_calls": sum(not row["completed"] for row in rows),
        "queue_statuses": Counter(row["queue_status"] for row in rows),
        "call_lengths": {
            "average": _average(lengths),
            "average_nonzero": _average(spoken),
            "summary": Counter(_bucket(length) for length in lengths),
            "all": lengths,
        },
        "call_ids": [row["call_id"] for row in rows],
        "error_messages": [
            {"call_id": row["call_id"], "error_message": row["error_message"]}
            for row in rows
            if row["error_message"]
        ],
        "endpoints": Counter(row["endpoint_url"] for row in rows),
    }


def _average(lengths: Sequence[float]) -> float:
    return round(sum(lengths) / len(lengths), 3) if lengths else 0.0


def _bucket(minutes: float) -> str:
    return next((name for limit, name in _BUCKETS if minutes < limit), "over 15 minutes")


def _reply(call: Call, kind: str) -> str | bool | None:
    found = analysis(call)
    if not found:
        return None
    return found["interested"] if kind == "boolean" else found["sentiment"]
