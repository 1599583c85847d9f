"""What Bland's documents leave open, and what an account can set."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class BlandSettings(BaseModel):
    """Switches of the Bland dialect."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lines: int = Field(default=100, ge=1)
    """Calls that an account may have at a time (Start 10, Build 50, Scale 100)."""
    accept_bearer: bool = False
    """Take `Bearer <key>` beside the documented raw key."""
    v1: bool = True
    """The legacy batch routes answer; otherwise 404."""
    newest_first: bool = True
    """Order of the batch lists."""
    default_take: int = Field(default=50, ge=1)
    max_take: int = Field(default=1000, ge=1)
    preview: int = Field(default=3, ge=0)
    """How many call objects the batch lists and reads show."""
    list_fields: Literal["documented", "full"] = "documented"
    """Of a row of `GET /v1/calls`: the documented few, or everything but the transcript."""
    list_scheduled: bool = False
    """Calls are listed before their start time."""
    min_start_seconds: float = Field(default=0.0, ge=0)
    """Refuse a start time nearer than this (the send-call page says 300)."""
    bad_rows: Literal["refuse_all", "skip"] = "refuse_all"
    """What one call object without a good number does to a batch."""
    drop_duplicates: bool = True
    """A number that stands twice in a batch is called once, without a trace of the second."""
    dispatch_seconds: float = Field(default=2.0, ge=0)
    """Simulated seconds of validation before a batch dials."""
    complete_at: Literal["end", "dispatch"] = "end"
    """The `complete` event is written when the last call ends, or when it is dialled."""
    after_stop: Literal["complete", "stopped", "silent"] = "complete"
    """What the log says after a stop: the `complete` event as usual; a `stopped` state and then
    that; or nothing more.
    """
    stopped_calls: Literal["vanish", "canceled"] = "vanish"
    """What becomes of the undialled calls of a stopped batch: no record, or one that says
    `canceled`.
    """
    stop_finished_status: Literal[200, 400] = 200
    answered_by_seconds: float = Field(default=20.0, ge=0)
    """Simulated seconds from the end of a call to its `answered_by`."""
    errors_status: Literal[200, 400] = 400
    """Status of an answer that carries `errors` for a body that is wrong."""
    per_minute_usd: float = 0.14
    minimum_usd: float = 0.015
    balance_usd: float = 1000.0
    """At zero or below, a batch is refused with 402."""
