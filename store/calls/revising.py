"""Late news about attempts that are closed already.

A person may turn out to have been reached after all, or not to have been. Nobody is called again
because of late news, and nobody's newer attempt is disturbed by an older one.
"""

from sqlalchemy import Connection, func, select, update

from campaign.calls import Call
from campaign.redial import Sequel
from campaign.states import AttemptState, RecipientState
from campaign.words import Outcome
from store.calls.ending import heard
from store.calls.joining import ATTEMPT, RECIPIENT, KnownAttempt
from store.calls.origin import Origin
from store.calls.sequels import Landed, sequel_of, tries_of
from store.calls.verdicts import decisive, never_began
from store.decisions import incidents


def revise(db: Connection, origin: Origin, attempt: KnownAttempt, landed: Landed) -> None:
    """Take a call into account that is new, or says something new, after its attempt was closed."""
    if attempt.state is not AttemptState.DONE:
        if never_began(landed.call):
            return
        _unexpected(db, origin, attempt, landed.call)
    if not landed.final or not landed.tells:
        return
    decisive = _decisive(db, attempt)
    if decisive is None or decisive.outcome in {attempt.outcome, Outcome.UNKNOWN}:
        return
    db.execute(
        update(ATTEMPT)
        .where(ATTEMPT.c.recipient_id == attempt.recipient_id, ATTEMPT.c.no == attempt.no)
        .values(outcome=decisive.outcome.value)
    )
    _revise_recipient(db, origin, attempt, decisive)


def _unexpected(db: Connection, origin: Origin, attempt: KnownAttempt, call: Call) -> None:
    """The attempt was closed because nobody would be called: yet somebody was."""
    dialled_at = attempt.dialled_at or call.started_at or origin.now
    db.execute(
        update(ATTEMPT)
        .where(ATTEMPT.c.recipient_id == attempt.recipient_id, ATTEMPT.c.no == attempt.no)
        .values(dialled_at=dialled_at)
    )
    incidents.report(
        db,
        origin.campaign_id,
        origin.batch_id,
        "unexpected_call",
        subject=f"{origin.provider}/{call.id}",
        detail="a call turned up for an attempt that was closed as never dialled",
        now=origin.now,
    )


def _decisive(db: Connection, attempt: KnownAttempt) -> Call | None:
    one = decisive(heard(db, attempt))
    return None if one is None else one.call


def _revise_recipient(
    db: Connection, origin: Origin, attempt: KnownAttempt, decisive: Call
) -> None:
    recipient_id = attempt.recipient_id
    tries = tries_of(db, [recipient_id])
    sequel = sequel_of(origin, recipient_id, decisive, tries)
    query = select(
        RECIPIENT.c.state,
        select(func.max(ATTEMPT.c.no)).where(ATTEMPT.c.recipient_id == recipient_id).label("last"),
    ).where(RECIPIENT.c.id == recipient_id)
    state, last = db.execute(query).one()
    revised = _revised(RecipientState(state), sequel, is_last=last == attempt.no)
    if revised is not None:
        db.execute(
            update(RECIPIENT)
            .where(RECIPIENT.c.id == recipient_id)
            .values(state=revised.state.value, reason=revised.reason, due_at=None)
        )


def _revised(current: RecipientState, sequel: Sequel, *, is_last: bool) -> Sequel | None:
    """Return what a recipient becomes, or None: it stays as it is."""
    if current in {RecipientState.OPEN, RecipientState.HELD}:
        return None
    if sequel.state is RecipientState.REACHED:
        return sequel if current is not RecipientState.REACHED else None
    if not is_last or current not in {RecipientState.REACHED, RecipientState.READY}:
        return None
    if current is RecipientState.READY and sequel.state is RecipientState.READY:
        return None
    return Sequel(RecipientState.NOT_REACHED, f"corrected later: {sequel.reason}")
