"""Send one claimed body, once, and write down what came of it."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from campaign.calls import Receipt
from campaign.errors import (
    Ambiguous,
    ClocksDiffer,
    Hindered,
    NotSent,
    ProviderError,
    RateLimited,
    Rejected,
    Stopped,
    Unauthorized,
)
from campaign.pace import after_failure, next_lookup
from campaign.rules.ruling import ruler
from providers.port import Provider
from store.accounts import pacing
from store.accounts.pacing import Wait
from store.batches.views import BatchView
from store.decisions import incidents
from store.failover.unsent import give_up_unsent
from store.submissions import accepting, claiming, deciding, history
from tasks.steps import guarding
from tasks.steps.duplicates import stop_surplus
from tasks.steps.runtime import Runtime

_NOT_DONE, _STOPPED, _HINDERED = "not_done", "stopped", "hindered"
_MOST_HINDERED = 10
"""Tries in a row, half an hour of them by `polling`, after which a person is told of it."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What is about to be sent, by us and nobody else."""

    tag: str
    epoch: int
    body: bytes
    start_at: datetime | None
    dials: bool = True
    """False: creating rings nobody."""


async def send(runtime: Runtime, batch: BatchView, provider: Provider, claim: Claim) -> None:
    """Send a claimed body, once, and commit what came of it.

    Whatever is not a clear yes or no is a doubt, if a byte may have left. A no is written down
    though the step is cancelled meanwhile.
    """
    dials, may_have_left = not provider.capabilities.two_phase_start, False
    claim = replace(claim, dials=dials)

    async def fence() -> None:
        nonlocal may_have_left
        await _mark(runtime, batch, claim, dials=dials)
        may_have_left = True

    try:
        receipt = await provider.submit(claim.body, fence)
    except (Rejected, Unauthorized) as error:
        await _to_its_end(_refuse(runtime, batch, claim, error))
    except (Stopped, NotSent, RateLimited) as error:
        await _to_its_end(_release(runtime, batch, claim, error))
    except BaseException as error:
        # Cancelled, killed softly, or a fault of ours.
        in_doubt = may_have_left or isinstance(error, Ambiguous)
        note = _doubt if in_doubt else _release
        await _to_its_end(note(runtime, batch, claim, error))
        if not isinstance(error, Ambiguous):
            raise
    else:
        await _accept(runtime, batch, provider, claim, receipt)


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Do it to its end, though its step is cancelled meanwhile: the ledger may be closed then."""
    task, cancelled = asyncio.ensure_future(work), False
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            # Once more, if somebody is impatient.
            cancelled = True
    task.result()
    if cancelled:
        raise asyncio.CancelledError


async def _mark(runtime: Runtime, batch: BatchView, claim: Claim, *, dials: bool) -> None:
    """The last look, with the connection standing. Raises `Stopped`: not a byte leaves."""
    now = runtime.clock.now()
    judge = ruler(batch.spec, claim.start_at or now) if dials else None
    await runtime.ledger.run(
        claiming.mark_wire, claim.tag, claim.epoch, now, dials=dials, judge=judge
    )


async def _accept(
    runtime: Runtime, batch: BatchView, provider: Provider, claim: Claim, receipt: Receipt
) -> None:
    now, dials = runtime.clock.now(), not provider.capabilities.two_phase_start
    if not await runtime.ledger.run(accepting.accept, claim.tag, receipt, now, dials=dials):
        # Another's id; or we were overtaken, and somebody else's request was accepted, too.
        await _doubt(runtime, batch, claim, Ambiguous("the yes names another submission's id"))
        await stop_surplus(runtime, batch, provider)


async def _refuse(runtime: Runtime, batch: BatchView, claim: Claim, error: ProviderError) -> None:
    """Nothing was done. Stop the campaign, or leave it to the other providers of the split."""
    others = batch.spec.policy.failover and len(batch.spec.shares) > 1
    if isinstance(error, Unauthorized) and not others:
        # With another key the very same can be sent again.
        await _release(runtime, batch, claim, error)
    else:
        now, reason = runtime.clock.now(), _words(error)
        await runtime.ledger.run(
            deciding.reject, claim.tag, claim.epoch, now, reason=reason, status=error.status
        )
    if not others:
        await stop_campaign(runtime, batch, error)


async def _release(runtime: Runtime, batch: BatchView, claim: Claim, error: BaseException) -> None:
    now = runtime.clock.now()
    wait = error.retry_after if isinstance(error, RateLimited) else None
    if wait is None:
        events = (_NOT_DONE, _STOPPED, _HINDERED)
        failures = await runtime.ledger.run(history.times, claim.tag, *events)
        wait = after_failure(batch.spec.polling, failures)
    await runtime.ledger.run(
        claiming.release,
        claim.tag,
        claim.epoch,
        now,
        reason=_words(error),
        again_at=now + wait,
        status=getattr(error, "status", None),
        event=_event(error),
    )
    if isinstance(error, Hindered):
        await _hindered(runtime, batch, claim, error, now + wait)
    if isinstance(error, NotSent):
        await runtime.ledger.run(give_up_unsent, claim.tag, now, _words(error))


def _event(error: BaseException) -> str:
    if isinstance(error, Hindered):
        return _HINDERED
    return _STOPPED if isinstance(error, Stopped) else _NOT_DONE


async def _hindered(
    runtime: Runtime, batch: BatchView, claim: Claim, error: Hindered, until: datetime
) -> None:
    """All of the batch waits, as it is in the way of all; after some tries a person is told."""
    await runtime.ledger.run(pacing.put_off, batch.id, Wait(until=until, reason=str(error)))
    if isinstance(error, ClocksDiffer):
        guarding.ask_again(runtime, batch)
    tries = await runtime.ledger.run(history.claims_in_vain, claim.tag, _HINDERED)
    if tries >= _MOST_HINDERED:
        reason = (
            f"nothing can be sent to {batch.provider}: {error}; {error.remedy}, then"
            " `outdial resume` tries again"
        )
        await runtime.ledger.run(
            incidents.attention, batch.campaign_id, reason, runtime.clock.now()
        )


async def _doubt(runtime: Runtime, _batch: BatchView, claim: Claim, error: BaseException) -> None:
    now = runtime.clock.now()
    await runtime.ledger.run(
        deciding.doubt,
        claim.tag,
        claim.epoch,
        now,
        look_at=now + next_lookup(0),
        reason=_words(error),
        status=getattr(error, "status", None),
        dials=claim.dials,
    )


async def stop_campaign(runtime: Runtime, batch: BatchView, error: ProviderError) -> None:
    """Nothing more is sent before a person has looked at the cause."""
    await runtime.ledger.run(
        incidents.attention,
        batch.campaign_id,
        f"{batch.provider}: {error} (batch {batch.no}; the provider's words are in submit_log)",
        runtime.clock.now(),
    )


def _words(error: BaseException) -> str:
    """What to write into the ledger: the provider's own words if there are any."""
    said = getattr(error, "reason", "")
    return f"{error}: {said}" if said else (str(error) or type(error).__name__)
