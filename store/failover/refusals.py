"""A provider that refuses everything is given up for a campaign, until a person has looked."""

from collections.abc import Mapping

from sqlalchemy import Connection, or_, select

from store.allowance.terms import Terms, terms
from store.database.columns import table_of
from store.tables import Batch, Submission, SubmitLog

_BATCH = table_of(Batch)
_LOG = table_of(SubmitLog)
_SUBMISSION = table_of(Submission)

GIVEN_UP = "given_up"
"""The event in the log: it could not be sent, again and again."""
IN_A_ROW = 3
"""Whole submissions that a provider refuses before it is given up."""

_NO = ("rejected", GIVEN_UP)


def applies(known: Terms) -> bool:
    """The campaign has other providers to go on to."""
    return known.spec.policy.failover and len(known.shares) > 1


def goes_between(db: Connection, campaign_id: str) -> list[str]:
    """Return the providers that a campaign's people are sent on from and to; none without failover.

    One that is given up is left out: since then nothing has been sent there.
    """
    known = terms(db, campaign_id)
    if not applies(known):
        return []
    closed = given_up(db, known)
    return [share.provider for share in known.shares if share.provider not in closed]


def given_up(db: Connection, known: Terms) -> Mapping[str, str]:
    """Return the providers that took none of the last submissions, each with its last words."""
    if not applies(known):
        return {}
    said = {share.provider: _last_no(db, known, share.provider) for share in known.shares}
    return {provider: words for provider, words in said.items() if words}


def _last_no(db: Connection, known: Terms, provider: str) -> str:
    yes = or_(_LOG.c.event.startswith("accepted"), _LOG.c.event.startswith("adopted"))
    query = (
        select(_LOG.c.event)
        .join(_SUBMISSION, _SUBMISSION.c.tag == _LOG.c.tag)
        .join(_BATCH, _BATCH.c.id == _SUBMISSION.c.batch_id)
        .where(
            _BATCH.c.campaign_id == known.campaign_id,
            _SUBMISSION.c.provider == provider,
            or_(_LOG.c.event.in_(_NO), yes),
        )
        .order_by(_LOG.c.id.desc())
        .limit(IN_A_ROW)
    )
    if known.failures_since is not None:
        query = query.where(_LOG.c.at > known.failures_since)
    events = db.scalars(query).all()
    if len(events) < IN_A_ROW or not set(events) <= set(_NO):
        return ""
    return f"{provider} took none of the last {IN_A_ROW} submissions (policy.failover)"
