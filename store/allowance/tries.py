"""Which attempts tell how well a provider calls, and what they tell."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select

from campaign.allowance.failures import FAILURES, Sample
from campaign.redaction import redact
from campaign.states import AttemptState, SubmissionState
from store.database.columns import table_of
from store.tables import Attempt, Call, Submission

ATTEMPT = table_of(Attempt)
CALL = table_of(Call)
SUBMISSION = table_of(Submission)

UNDER_WAY = (AttemptState.ASSIGNED.value, AttemptState.SUBMITTED.value)
"""States of attempts of which something will still be heard."""

_FAILED_OUTCOMES = frozenset(outcome.value for outcome in FAILURES)
_LONGEST_CAUSE = 60


def is_try() -> ColumnElement[bool]:
    """Whether an attempt counts: not one of a submission that was refused or called off as a whole.

    A person whom the provider refused one by one counts: that is a failure of the call.
    """
    refused_alone = and_(
        SUBMISSION.c.state == SubmissionState.ACCEPTED.value, ATTEMPT.c.outcome.is_(None)
    )
    failed = ATTEMPT.c.state == AttemptState.FAILED.value
    others = [*UNDER_WAY, AttemptState.HELD.value, AttemptState.DONE.value]
    return or_(
        ATTEMPT.c.state.in_(others),
        and_(failed, or_(ATTEMPT.c.dialled_at.is_not(None), refused_alone)),
    )


def sample(
    db: Connection,
    campaign_id: str,
    provider: str,
    *,
    since: datetime | None = None,
    last: int | None = None,
) -> Sample:
    """Look at the calls of a provider that are over or held: all, or the `last` that were planned.

    `since`: only those planned after it.
    """
    query = _told().where(ATTEMPT.c.campaign_id == campaign_id, ATTEMPT.c.provider == provider)
    if since is not None:
        query = query.where(ATTEMPT.c.created_at > since)
    if last is not None:
        latest = (ATTEMPT.c.created_at.desc(), ATTEMPT.c.recipient_id.desc())
        query = query.order_by(*latest).limit(last)
    return Sample.of(provider, map(_cause, db.execute(query)))


def _told() -> Select[tuple[str, str | None, str, str | None]]:
    ended = (
        select(func.max(CALL.c.ended_reason))
        .where(CALL.c.recipient_id == ATTEMPT.c.recipient_id, CALL.c.attempt_no == ATTEMPT.c.no)
        .scalar_subquery()
    )
    return (
        select(ATTEMPT.c.state, ATTEMPT.c.outcome, ATTEMPT.c.reason, ended.label("ended_reason"))
        .join(SUBMISSION, SUBMISSION.c.tag == ATTEMPT.c.tag)
        .where(is_try(), ATTEMPT.c.state.not_in(UNDER_WAY))
    )


def _cause(row: Row[tuple[str, str | None, str, str | None]]) -> str | None:
    """Why an attempt failed, in the provider's words if there are any; None: it did not."""
    if row.state == AttemptState.DONE.value and row.outcome not in _FAILED_OUTCOMES:
        return None
    return redact(row.ended_reason or row.reason or row.outcome or row.state)[:_LONGEST_CAUSE]
