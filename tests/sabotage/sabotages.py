"""Ways to break the protocol: each replaces one function of ours by one that somebody might write.

To replace our own code is what a sabotage is; tests that prove that the code works do not.
"""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, select, update

from campaign.calls import BatchRef, Order, Page, Receipt
from campaign.errors import Ambiguous, ProviderError, RateLimited
from campaign.states import SubmissionState
from providers import adapter, http
from providers.http import Answer, Http
from providers.port import Fence
from providers.vapi.calls import Calls as VapiCalls
from store import calls
from store.batches import advancing, views
from store.calls import joining, pages, rows
from store.database import engine
from store.submissions import accepting, claiming, doubting
from store.submissions import views as submissions
from tasks.steps import collecting, submitting

Sabotage = Callable[[pytest.MonkeyPatch], None]
_submit, _get, _open = Http.submit, Http.get, Http.__init__
_TRIES, _LEASE = 3, timedelta(minutes=5)


async def nothing() -> None:
    """A fence that lets everything pass."""


def retried_by_us(patch: pytest.MonkeyPatch) -> None:
    """`retries=3` around the submit: whatever is no clear answer is tried again, fence and all."""

    async def submit(
        self: Http, path: str, body: bytes, fence: Fence, no_effect: frozenset[int]
    ) -> Answer:
        for _ in range(_TRIES - 1):
            try:
                return await _submit(self, path, body, fence, no_effect)
            except Ambiguous:
                continue
        return await _submit(self, path, body, fence, no_effect)

    patch.setattr(Http, "submit", submit)


def retried_by_an_sdk(patch: pytest.MonkeyPatch) -> None:
    """As vendors' SDKs do: 409, 429, 5xx and broken connections are repeated on their own."""

    async def submit(
        self: Http, path: str, body: bytes, fence: Fence, no_effect: frozenset[int]
    ) -> Answer:
        for _ in range(_TRIES - 1):
            try:
                return await _submit(self, path, body, fence, no_effect)
            except (Ambiguous, RateLimited):
                fence = nothing
        return await _submit(self, path, body, fence, no_effect)

    patch.setattr(Http, "submit", submit)


def written_down_afterwards(patch: pytest.MonkeyPatch) -> None:
    """POST first, commit the intent and the outcome when the answer is there."""

    async def submit_one(
        runtime: Any, batch: Any, provider: Any, tag: str, _policy: object
    ) -> bool:
        run, now = runtime.ledger.run, runtime.clock.now
        placed = await run(submissions.calls_to_place, tag)
        callers = submitting.caller_numbers(batch.spec, batch.provider)
        order = Order(tag=tag, label=batch.campaign_name, calls=placed, from_numbers=callers)
        body = provider.compose(order)
        try:
            receipt = await provider.submit(body, nothing)
        except ProviderError:
            return True  # Nothing is written down: it is still planned.
        claim: dict[str, Any] = {"owner": runtime.runner.name, "body": body, "start_at": None}
        claim["keys"] = [call.key for call in placed]
        epoch = await run(claiming.claim, tag, now=now(), lease=_LEASE, **claim)
        dials = not provider.capabilities.two_phase_start
        await run(claiming.mark_wire, tag, epoch, now(), dials=dials)
        await run(accepting.accept, tag, receipt, now(), dials=dials)
        return True

    patch.setattr(submitting, "_submit_one", submit_one)


def no_wire_mark(patch: pytest.MonkeyPatch) -> None:
    """Nothing is committed before the first byte leaves."""

    def mark_wire(*_said: object, **_more: object) -> None:
        pass

    patch.setattr(claiming, "mark_wire", mark_wire)


def every_claim_taken_for_sent(patch: pytest.MonkeyPatch) -> None:
    """Who takes over does not ask for the wire mark: what a dead runner had claimed was sent."""

    def take_over(db: Connection, row: Any, now: Any) -> bool:
        statement = update(claiming.SUBMISSION).where(claiming.SUBMISSION.c.tag == row.tag)
        doubtful = {"state": SubmissionState.UNKNOWN.value, "epoch": row.epoch + 1, "owner": ""}
        db.execute(statement.values(**doubtful, wire_at=now, paced_at=now, lease_until=None))
        claiming.log(db, row.tag, "recovered_unknown", now, epoch=row.epoch + 1)
        return True

    patch.setattr(claiming, "_take_over", take_over)


def fenced_too_early(patch: pytest.MonkeyPatch) -> None:
    """The last look is taken before the connection is made."""

    async def submit(
        self: Http, path: str, body: bytes, fence: Fence, no_effect: frozenset[int]
    ) -> Answer:
        await fence()
        return await _submit(self, path, body, nothing, no_effect)

    patch.setattr(Http, "submit", submit)


def suppression_overlooked(patch: pytest.MonkeyPatch) -> None:
    """The last look does not ask whether somebody may still be called."""

    def refuse_uncallable(*_said: object) -> None:
        pass

    patch.setattr(claiming, "refuse_uncallable", refuse_uncallable)


def resubmitted_on_a_miss(patch: pytest.MonkeyPatch) -> None:
    """Looked for and not found is taken for proof that nothing was sent."""

    def hold(db: Connection, tag: str, now: Any, *, look_at: Any, reason: str) -> bool:
        del look_at
        unknown = SubmissionState.UNKNOWN
        return doubting.plan_again(db, tag, now, state=unknown, reason=reason)

    patch.setattr(doubting, "hold", hold)


def redirects_followed(patch: pytest.MonkeyPatch) -> None:
    """Whoever answers with a redirect is followed, with the key and the body."""

    def open_(self: Http, *said: Any, **more: Any) -> None:
        _open(self, *said, **more)
        self._submitter.follow_redirects = True
        self._reader.follow_redirects = True

    patch.setattr(Http, "__init__", open_)


def recording_fetched_with_the_key(patch: pytest.MonkeyPatch) -> None:
    """An adapter fetches the audio that its rows link to, over the account's own connection."""
    page = VapiCalls.page

    async def with_audio(self: Any, batch: BatchRef, cursor: str | None = None) -> Page:
        found = await page(self, batch, cursor)
        for row in found.calls:
            if row.call is not None and row.call.recording_url:
                with contextlib.suppress(Exception):
                    await self._http.get(row.call.recording_url)
        return found

    def anywhere(_path: str) -> None:
        pass

    patch.setattr(http, "at_home", anywhere)
    patch.setattr(VapiCalls, "page", with_audio)


def cursor_before_rows(patch: pytest.MonkeyPatch) -> None:
    """The cursor is committed first, and then the rows of the page."""
    advance = pages._advance

    def move_cursor(db: Connection, batch_id: str, page: Page) -> None:
        query = select(pages._BATCH).where(pages._BATCH.c.id == batch_id)
        batch = db.execute(query).one()
        advance(db, batch, page.next, brought_something=False)

    def save_rows(db: Connection, batch_id: str, page: Page, **options: Any) -> calls.PageSaved:
        batch = views.get(db, batch_id)
        options |= {"cursor_before": batch.cursor, "round_before": batch.round}
        return calls.save_page(db, batch_id, page, **options)

    async def sweep(runtime: Any, batch: Any, provider: Any, reference: Any) -> None:
        page = await provider.page(reference, batch.cursor)
        await runtime.ledger.run(move_cursor, batch.id, page)
        await runtime.ledger.run(
            save_rows,
            batch.id,
            page,
            now=runtime.clock.now(),
            policy=batch.spec.policy,
            own_only=provider.capabilities.lists_only_own,
        )

    def stays(*_said: object, **_more: object) -> None:
        pass

    patch.setattr(pages, "_advance", stays)
    patch.setattr(collecting, "_sweep", sweep)


def filtered_by_state(patch: pytest.MonkeyPatch) -> None:
    """Only calls that are over are asked for, to save reading the others."""
    over = "Completed,Transferred,AMD Terminated,No answer,Busy,Failed"

    async def get(self: Http, path: str, query: Mapping[str, Any] | None = None) -> Answer:
        if path == "/calls":
            query = {**(query or {}), "statuses": over}
        return await _get(self, path, query)

    patch.setattr(Http, "get", get)


def poison_row_dropped(patch: pytest.MonkeyPatch) -> None:
    """A row that cannot be read is passed over."""

    def keep_unread(*_said: object) -> int:
        return 0

    patch.setattr(rows, "keep_unread", keep_unread)


def poison_row_dropped_by_the_adapter(patch: pytest.MonkeyPatch) -> None:
    """Adapters that hand on what they could read, and not what they could not."""
    for name in ("bland", "happyrobot", "vocode"):
        _drop_what_cannot_be_read(patch, adapter(name))


def _drop_what_cannot_be_read(patch: pytest.MonkeyPatch, provider: Any) -> None:
    page_as_it_is = provider.page

    async def page(self: Any, batch: BatchRef, cursor: str | None = None) -> Page:
        found: Page = await page_as_it_is(self, batch, cursor)
        return replace(found, calls=tuple(row for row in found.calls if row.call is not None))

    patch.setattr(provider, "page", page)


def never_looked_again(patch: pytest.MonkeyPatch) -> None:
    """A batch that has settled is left alone: its results are home."""
    patch.setattr(advancing, "LATE_SWEEPS", ())


def linked_to_another(patch: pytest.MonkeyPatch) -> None:
    """A call goes to whoever of its batch comes first."""

    def of(self: joining.Attempts, _call: object, *, own_only: bool) -> joining.KnownAttempt | None:
        del own_only
        return next(iter(self._by_key.values()), None)

    patch.setattr(joining.Attempts, "of", of)


def dialled_from_elsewhere(patch: pytest.MonkeyPatch) -> None:
    """An adapter that makes sure: it hands the call over once more, by the connection for reads."""
    vocode = adapter("vocode")
    submit = vocode.submit

    async def twice(self: Any, body: bytes, fence: Fence) -> Receipt:
        receipt = await submit(self, body, fence)
        await self._http.act("POST", "/calls/create", msgspec.json.decode(body))
        return receipt

    patch.setattr(vocode, "submit", twice)


def beginning_without_the_lock(patch: pytest.MonkeyPatch) -> None:
    """BEGIN DEFERRED, as SQLite has it: the lock is taken when something is written."""

    def begin(db: Connection) -> None:
        db.exec_driver_sql("BEGIN")

    patch.setattr(engine, "_begin_sqlite", begin)
