"""What is left of a campaign's allowance, key by key, in words."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from campaign.allowance import breaker
from campaign.allowance.canary import Stage
from store.allowance import spending, trial
from store.allowance.room import counted_attempts
from store.allowance.terms import Terms, terms
from store.allowance.tries import sample
from store.failover.refusals import applies, given_up

_STAGES = {
    Stage.OPEN: "under way",
    Stage.PASSED: "it went well",
    Stage.FAILED: "it went badly; `outdial resume` lets the rest go",
    Stage.WAIVED: "it went badly, and a person let the rest go",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """How a campaign stands with one key of its file."""

    key: str
    says: str


def lines(db: Connection, campaign_id: str) -> list[Line]:
    """Tell of every limit that the campaign's file sets, and of nothing else."""
    known = terms(db, campaign_id)
    found = (_calls, _budget, _canary, _failures, _failover)
    return [Line(key=key, says=says) for tell in found for key, says in tell(db, known)]


def _calls(db: Connection, known: Terms) -> Iterator[tuple[str, str]]:
    limit = known.spec.limits.max_calls
    if limit is not None:
        made = counted_attempts(db, known.campaign_id)
        yield "limits.max_calls", f"{made} of {limit} calls are made or planned"


def _budget(db: Connection, known: Terms) -> Iterator[tuple[str, str]]:
    counted = spending.budget(db, known)
    if counted is not None:
        yield "limits.budget_usd", str(counted)
        for share in known.shares:
            each = spending.cost_of_a_call(db, known, share.provider)
            said = "not known yet" if each is None else f"{each:.4f} USD"
            yield "limits.cost_per_call_usd", f"a call by {share.provider} is reserved at {said}"


def _canary(db: Connection, known: Terms) -> Iterator[tuple[str, str]]:
    if known.spec.policy.canary is not None:
        stage = _STAGES[known.stage]
        if known.stage is Stage.OPEN:
            counted = trial.waves(db, known)
            parts = [
                f"{wave.called} of {wave.quota} by {name}, {wave.under_way} of them under way"
                for name, wave in counted.items()
            ]
            stage = f"{stage}: {'; '.join(parts)}"
        yield "policy.canary", f"the canary wave: {stage}"


def _failures(db: Connection, known: Terms) -> Iterator[tuple[str, str]]:
    rate = known.spec.limits.max_failure_rate
    if rate is not None:
        for share in known.shares:
            since, last = known.failures_since, breaker.WINDOW
            latest = sample(db, known.campaign_id, share.provider, since=since, last=last)
            yield "limits.max_failure_rate", f"of the last calls {latest}; {rate:.0%} are borne"


def _failover(db: Connection, known: Terms) -> Iterator[tuple[str, str]]:
    if applies(known):
        names = " -> ".join(share.provider for share in known.shares)
        refusals = given_up(db, known).values()
        told = "; ".join([f"whom one provably did not dial goes on: {names}", *refusals])
        yield "policy.failover", told
