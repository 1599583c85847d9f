"""The readable rows of a page: told apart from what is known, joined to attempts, stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, bindparam, select

from campaign.calls import Call
from store.batches.reach import missed_calls
from store.calls import rows
from store.calls.joining import Attempts, KnownAttempt, attempts_for
from store.calls.marks import is_ours
from store.calls.merging import merged, reached_after_all, says_the_same, still_missing
from store.calls.origin import Origin
from store.calls.reading import first_read, given_up
from store.calls.rows import CALL, Place, StoredCall
from store.calls.sequels import Landed
from store.database.columns import table_of
from store.decisions import incidents
from store.tables import Submission

_SUBMISSION = table_of(Submission)

# Built once: the lists of a page are long, and so would be the building.
_KNOWN = select(CALL.c.provider_call_id, CALL.c.batch_id, CALL.c.raw_sha256, CALL.c.beside).where(
    CALL.c.provider == bindparam("provider"),
    CALL.c.provider_call_id.in_(bindparam("call_ids", expanding=True)),
)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of the readable rows of a page."""

    landed: Sequence[Landed] = ()
    new: int = 0
    changed: int = 0
    foreign: int = 0


@dataclass(frozen=True, slots=True)
class _Listed:
    call: Call
    raw: bytes
    raw_sha256: str


def take(
    db: Connection,
    origin: Origin,
    listed: Sequence[tuple[Call, bytes]],
    *,
    own_only: bool,
    beside: bool = False,
) -> Taken:
    """Store what is new or changed; a sweep that brings nothing new costs one query.

    `beside`: they are of a batch that is known to be one too many, so each is no news. A call that
    was stored so counts from when it is listed otherwise.
    """
    read = [_Listed(call, raw, rows.sha256(raw)) for call, raw in listed]
    known = _known(db, origin, [one.call.id for one in read], beside=beside)
    fresh = [one for one in read if known.get(one.call.id) != (origin.batch_id, one.raw_sha256)]
    if not fresh:
        return Taken()
    stored = rows.load(db, origin.provider, [one.call.id for one in fresh if one.call.id in known])
    attempts = attempts_for(db, origin, [one.call for one in fresh], list(stored.values()))
    taker = _Taker(db, origin, attempts, stored, own_only=own_only, beside=beside)
    for one in fresh:
        taker.take(one)
    return taker.write()


def _known(
    db: Connection, origin: Origin, call_ids: Sequence[str], *, beside: bool
) -> Mapping[str, tuple[str, str]]:
    """Return batch and hash of the calls that are stored; no hash of what is to count only now."""
    found = db.execute(_KNOWN, {"provider": origin.provider, "call_ids": call_ids})
    return {
        call_id: (batch_id, digest if beside or not stored_so else "")
        for call_id, batch_id, digest, stored_so in found
    }


class _Taker:
    """Takes row after row; what it gathered is then written in bulk."""

    def __init__(
        self,
        db: Connection,
        origin: Origin,
        attempts: Attempts,
        stored: dict[str, StoredCall],
        *,
        own_only: bool,
        beside: bool,
    ) -> None:
        self._db, self._origin, self._attempts = db, origin, attempts
        self._own_only, self._beside = own_only, beside
        self._stored = stored
        self._new: dict[str, None] = {}
        self._renewed: dict[str, None] = {}
        self._changed: set[str] = set()
        self._replaced: list[tuple[str, bytes]] = []
        self._landed: dict[str, Landed] = {}
        self._foreign = 0
        self._turned_up = False

    def take(self, listed: _Listed) -> None:
        """Take one row that is new or differs from what is stored."""
        known = self._stored.get(listed.call.id)
        if known is None:
            self._take_new(listed)
        elif known.place.batch_id != self._origin.batch_id:
            self._foreign += 1
        elif known.raw_sha256 != listed.raw_sha256:
            self._renew(known, listed)
        elif self._counts_now(known):
            self._let_count(known, listed.call)

    def write(self) -> Taken:
        """Write everything that was taken."""
        now = self._origin.now
        rows.keep_versions(self._db, self._origin.provider, self._replaced, now)
        rows.insert(self._db, [self._stored[call_id] for call_id in self._new], now)
        rows.update(self._db, [self._stored[call_id] for call_id in self._renewed], now)
        if self._turned_up:
            missed_calls(self._db, self._origin.batch_id, now)
        return Taken(list(self._landed.values()), len(self._new), len(self._changed), self._foreign)

    def _take_new(self, listed: _Listed) -> None:
        attempt = self._attempts.of(listed.call, own_only=self._own_only)
        if attempt is None and not self._own_only and not self._is_ours(listed):
            self._foreign += 1
            return
        if attempt is not None and attempt.erased:
            return
        call = listed.call
        if call.missing:
            call = replace(call, missing=still_missing(call))
        stored = StoredCall(
            provider=self._origin.provider,
            call=call,
            place=self._place(attempt),
            raw=listed.raw,
            raw_sha256=listed.raw_sha256,
            beside=self._beside,
            detail_due_at=first_read(call, self._origin.now),
        )
        self._new[call.id] = None
        self._note_turned_up(attempt, call)
        self._keep(stored, attempt, listed.call)

    def _is_ours(self, listed: _Listed) -> bool:
        return is_ours(self._db, self._origin, listed.call, listed.raw)

    def _renew(self, known: StoredCall, listed: _Listed) -> None:
        call = listed.call
        attempt = self._attempt_of(known, call)
        if known.erased if attempt is None else attempt.erased:
            return
        # What was read singly is better than a list that lacks it.
        poorer = call.needs_detail and known.raw_detail is not None and known.call.over
        one = merged(known.call, call) if poorer else merged(call, known.call)
        if given_up(known.detail_reads):
            one = replace(one, missing=one.missing & known.call.missing)
        orphan_no_more = attempt is not None and known.place.recipient_id is None
        same = says_the_same(one, known.call) and not self._counts_now(known)
        renewed = replace(
            known,
            call=one,
            raw=listed.raw,
            raw_sha256=listed.raw_sha256,
            version=known.version + 1,
            beside=known.beside and self._beside,
            place=self._place(attempt) if orphan_no_more else known.place,
        )
        if not same:
            due_at = first_read(replace(one, needs_detail=call.needs_detail), self._origin.now)
            renewed = replace(renewed, detail_due_at=due_at, detail_reads=0)
        elif poorer and reached_after_all(call, known.call):
            # Once for each row that is new: only the single read can tell which is right.
            renewed = replace(renewed, detail_due_at=self._origin.now, detail_reads=0)
        self._replaced.append((call.id, known.raw))
        if call.id not in self._new:
            self._renewed[call.id] = None
            self._changed |= set() if same else {call.id}
        if orphan_no_more:
            self._note_turned_up(attempt, one)
        if orphan_no_more or not same:
            self._keep(renewed, attempt, call)
        else:
            self._stored[call.id] = renewed

    def _counts_now(self, known: StoredCall) -> bool:
        """It was stored as one beside, and what counts shows it by now."""
        return known.beside and not self._beside

    def _let_count(self, known: StoredCall, call: Call) -> None:
        """Let a call decide whose row says what it always said, or be read again to do so."""
        attempt = self._attempt_of(known, call)
        if attempt is not None and attempt.erased:
            return
        told = replace(known.call, needs_detail=call.needs_detail)
        due_at = first_read(told, self._origin.now)
        counted = replace(known, beside=False, detail_due_at=due_at, detail_reads=0)
        self._renewed[call.id] = None
        self._changed.add(call.id)
        self._keep(counted, attempt, call)

    def _attempt_of(self, known: StoredCall, call: Call) -> KnownAttempt | None:
        place = known.place
        if place.recipient_id is None or place.attempt_no is None:
            return self._attempts.of(call, own_only=self._own_only)
        return self._attempts.get(place.recipient_id, place.attempt_no)

    def _place(self, attempt: KnownAttempt | None) -> Place:
        origin = self._origin
        if attempt is None:
            tag = _only_tag(self._db, origin.batch_id)
            return Place(campaign_id=origin.campaign_id, batch_id=origin.batch_id, tag=tag)
        return Place(
            campaign_id=origin.campaign_id,
            batch_id=origin.batch_id,
            tag=attempt.tag,
            recipient_id=attempt.recipient_id,
            attempt_no=attempt.no,
        )

    def _note_turned_up(self, attempt: KnownAttempt | None, call: Call) -> None:
        """Note whether nobody knew of a call that goes on: no stop can have reached it."""
        if attempt is not None and attempt.provider_call_id != call.id and not call.over:
            self._turned_up = True

    def _keep(self, stored: StoredCall, attempt: KnownAttempt | None, listed: Call) -> None:
        call = stored.call
        self._stored[call.id] = stored
        final = call.over and not listed.needs_detail and "outcome" not in call.missing
        self._landed[call.id] = Landed(attempt, call, final, listed.to, beside=stored.beside)
        if attempt is None:
            self._report("orphan_call", call, "the provider lists a call that no attempt explains")
        elif not self._attempts.link(attempt, call.id) and not self._beside:
            self._report("duplicate_call", call, "the provider placed two calls for one attempt")

    def _report(self, kind: str, call: Call, detail: str) -> None:
        origin = self._origin
        subject = f"{origin.provider}/{call.id}"
        incidents.report(
            self._db,
            origin.campaign_id,
            origin.batch_id,
            kind,
            subject=subject,
            detail=detail,
            now=origin.now,
        )


def _only_tag(db: Connection, batch_id: str) -> str | None:
    tags = db.scalars(select(_SUBMISSION.c.tag).where(_SUBMISSION.c.batch_id == batch_id)).all()
    return tags[0] if len(tags) == 1 else None
