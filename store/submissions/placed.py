"""What is to be sent again, and of which a call is known by now: it was placed the first time."""

from datetime import datetime

from sqlalchemy import Connection, Row, bindparam, select

from campaign.calls import Receipt
from campaign.errors import Stopped
from campaign.states import SubmissionState
from store.database.columns import table_of
from store.submissions.accepting import accept
from store.submissions.views import ATTEMPT, SUBMISSION
from store.tables import Call

_CALL = table_of(Call)
# Built once, as every submission is asked for. One that was never sent costs a look at its own row.
_CALLS = (
    select(_CALL.c.provider_call_id, ATTEMPT.c.key)
    .select_from(SUBMISSION)
    .join(_CALL, (_CALL.c.batch_id == SUBMISSION.c.batch_id) & (_CALL.c.tag == SUBMISSION.c.tag))
    .outerjoin(
        ATTEMPT,
        (ATTEMPT.c.recipient_id == _CALL.c.recipient_id) & (ATTEMPT.c.no == _CALL.c.attempt_no),
    )
    .where(
        SUBMISSION.c.tag == bindparam("its_tag"),
        SUBMISSION.c.state.in_([SubmissionState.PLANNED.value, SubmissionState.INTENT.value]),
        SUBMISSION.c.wire_at.is_(None),
        SUBMISSION.c.sent_at.is_not(None),
    )
)


def refuse_placed(db: Connection, tag: str) -> None:
    """Raise `Stopped` if a call is known of what is about to be sent."""
    if _calls(db, tag):
        raise Stopped("a call of it is known, so it was placed before")


def adopt_placed(db: Connection, tag: str, now: datetime) -> bool:
    """Adopt what is planned, and of which a call is known, instead of sending or giving it up.

    Everybody of it waits for a call then: those whose call is not listed yet were asked for by the
    same request. Returns False, and does nothing, if no call is known; to be asked only of what
    nobody has claimed.
    """
    calls = _calls(db, tag)
    if not calls:
        return False
    # Before it is accepted only a list that it shares with others shows its calls: its provider
    # has no batches, and knows it by our tag.
    call_ids = {call.key: call.provider_call_id for call in calls if call.key is not None}
    receipt = Receipt(provider_batch_id=tag, call_ids=call_ids)
    return accept(db, tag, receipt, now, dials=True, event="adopted")


def _calls(db: Connection, tag: str) -> list[Row[tuple[str, str]]]:
    return list(db.execute(_CALLS, {"its_tag": tag}).all())
