"""Results as rows, streamed: a campaign of any size in flat memory.

Open the connection with `Ledger.reading`: the export is then of one moment and holds nobody up.
Texts are as stored, JSON as text, instants aware UTC, money USD.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, String, and_, bindparam, case, cast, func, select

from campaign.states import RecipientState
from store.database.columns import UtcDateTime, table_of
from store.tables import Attempt, Batch, Call, Campaign, Recipient, Submission

_ATTEMPT = table_of(Attempt)
_BATCH = table_of(Batch)
_CALL = table_of(Call)
_CAMPAIGN = table_of(Campaign)
_RECIPIENT = table_of(Recipient)
_SUBMISSION = table_of(Submission)

_CHUNK = 1000

Result = Row[tuple[Any, ...]]
"""A row whose columns have names, in the order of the export."""

_PERSON = func.coalesce(_RECIPIENT.c.external_id, cast(_RECIPIENT.c.id, String))

_CALLS = (
    select(
        _CAMPAIGN.c.name.label("campaign"),
        _PERSON.label("recipient_id"),
        _RECIPIENT.c.phone_number,
        _CALL.c.attempt_no.label("attempt"),
        _CALL.c.provider,
        _SUBMISSION.c.provider_batch_id,
        _CALL.c.provider_call_id,
        _CALL.c.outcome,
        _CALL.c.ended_reason,
        _CALL.c.answered_by,
        _CALL.c.started_at,
        _CALL.c.ended_at,
        _CALL.c.duration_seconds,
        _CALL.c.cost_usd,
        _CALL.c.transcript,
        _CALL.c.recording_url,
        _CALL.c.analysis,
        _RECIPIENT.c.variables,
        and_(_CALL.c.over, _CALL.c.missing == "").label("settled"),
    )
    .join(_CAMPAIGN, _CAMPAIGN.c.id == _CALL.c.campaign_id)
    .outerjoin(_RECIPIENT, _RECIPIENT.c.id == _CALL.c.recipient_id)
    .outerjoin(_SUBMISSION, _SUBMISSION.c.tag == _CALL.c.tag)
    .where(_CALL.c.batch_id == bindparam("batch_id"))
    .order_by(_CALL.c.recipient_id, _CALL.c.attempt_no, _CALL.c.provider_call_id)
    .execution_options(yield_per=_CHUNK)
)

_OWN = _ATTEMPT.c.recipient_id == _RECIPIENT.c.id
_TRIES = select(func.count(_ATTEMPT.c.dialled_at)).where(_OWN).scalar_subquery()
_LAST_OUTCOME = (
    select(_ATTEMPT.c.outcome)
    .where(_OWN, _ATTEMPT.c.outcome.is_not(None))
    .order_by(_ATTEMPT.c.no.desc())
    .limit(1)
    .scalar_subquery()
)
_NEXT = case((_RECIPIENT.c.state == RecipientState.READY.value, _RECIPIENT.c.due_at), else_=None)

_RECIPIENTS = (
    select(
        _CAMPAIGN.c.name.label("campaign"),
        _PERSON.label("recipient_id"),
        _RECIPIENT.c.phone_number,
        _RECIPIENT.c.state,
        _RECIPIENT.c.reason,
        _TRIES.label("attempts"),
        _LAST_OUTCOME.label("last_outcome"),
        cast(_NEXT, UtcDateTime).label("next_attempt_at"),
    )
    .join(_CAMPAIGN, _CAMPAIGN.c.id == _RECIPIENT.c.campaign_id)
    .where(_RECIPIENT.c.campaign_id == bindparam("campaign_id"))
    .order_by(_RECIPIENT.c.id)
    .execution_options(yield_per=_CHUNK)
)

CALL_COLUMNS = tuple(_CALLS.selected_columns.keys())
RECIPIENT_COLUMNS = tuple(_RECIPIENTS.selected_columns.keys())


def calls(db: Connection, campaign_id: str) -> Iterator[Result]:
    """Yield one row per call, batch by batch, with the columns `CALL_COLUMNS`.

    A call that is no attempt of ours has neither recipient nor number.
    """
    # One batch at a time: a sort of all calls would carry every transcript along.
    batches = select(_BATCH.c.id).where(_BATCH.c.campaign_id == campaign_id).order_by(_BATCH.c.no)
    for batch_id in db.scalars(batches).all():
        with db.execute(_CALLS, {"batch_id": batch_id}) as rows:
            yield from rows


def recipients(db: Connection, campaign_id: str) -> Iterator[Result]:
    """Yield one row per recipient, in the order of the list, with `RECIPIENT_COLUMNS`.

    `attempts` are those that were dialled, or may have been.
    """
    with db.execute(_RECIPIENTS, {"campaign_id": campaign_id}) as rows:
        yield from rows
