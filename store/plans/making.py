"""Work a plan out; nobody is called, and nothing is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from campaign.candidates import Ruling
from campaign.spec import CampaignSpec
from campaign.states import RecipientState
from store.plans import fingerprint
from store.plans.costs import CostPerCall, CostRange, cost_per_call, cost_range
from store.plans.deciding import Decider, Fate
from store.plans.garbage import collect_new, only_new_garbage
from store.plans.members import Members
from store.plans.people import Everybody, Passed
from store.plans.tally import Clock, Example, Line, Tally

_CHUNKS_OF_GARBAGE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderPlan:
    """What one provider is to do."""

    people: int
    calls_at_most: int
    """With every attempt of the policy."""
    cost_per_call: CostPerCall | None
    """None: nobody knows."""
    cost: CostRange | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Whom a campaign would call, when, by whom, and why it would not call the others."""

    name: str
    hash: str
    content: str
    """The hash of the campaign's content."""
    edition: str
    """What the rules were judged by."""
    at: datetime
    """Aware UTC."""
    listed: int
    """Rows of the list that were read; 0: the people are those of the ledger."""
    people: int
    """In the campaign, each number once."""
    called: int
    """Now or later."""
    later: int
    passed: Mapping[str, Passed]
    """Rows of the list that are about nobody, or nobody new, by reason."""
    providers: Mapping[str, ProviderPlan]
    lines: tuple[Line, ...]
    """Why people are not called now, or never; those of most people first."""
    clocks: tuple[Clock, ...]
    duties: Mapping[tuple[str, str], int]
    """What the rules ask of the call itself, by rule and text, and for how many people."""
    examples: tuple[Example, ...]
    members: Members | None = field(repr=False)
    """Who is called, to compare plans by; None: nobody asked."""
    rulings: tuple[tuple[int, Ruling], ...] = field(default=(), repr=False)
    """By recipient: who is in the ledger as to be called, and is not."""

    @property
    def now(self) -> int:
        """How many are called at once."""
        return self.called - self.later

    @property
    def first_at(self) -> datetime | None:
        """The first call; None: nobody is called."""
        return min((clock.first_at for clock in self.clocks), default=None)

    @property
    def last_at(self) -> datetime | None:
        """When the last person may first be called."""
        return max((clock.last_at for clock in self.clocks), default=None)


def make_plan(
    db: Connection,
    spec: CampaignSpec,
    *,
    now: datetime,
    base_dir: Path | None = None,
    campaign_id: str | None = None,
    key: bytes | None = None,
    shown: int = 0,
) -> Plan:
    """Plan a campaign from its list (`base_dir`: where its path starts), from the ledger, or both.

    `key`: for the hashes of who is in it; `shown`: how many single calls to tell. Raises `BadInput`
    for a list that cannot be read.
    """
    everybody = Everybody(spec, base_dir, campaign_id)
    decider = Decider(db, spec, campaign_id, now)
    tally, people = Tally(now, shown), fingerprint.PeopleHash()
    members = Members([share.provider for share in spec.shares], key) if key else None
    rulings: list[tuple[int, Ruling]] = []
    with only_new_garbage():
        for number, chunk in enumerate(everybody.chunks(db)):
            for person, fate in decider.decide(chunk):
                tally.add(person, fate)
                people.add(
                    person.phone_number,
                    person.provider,
                    person.variables,
                    "" if fate.called else fate.kind,
                )
                if fate.called:
                    if members is not None:
                        members.add(person.phone_number, person.provider)
                elif person.id is not None and person.state == RecipientState.READY.value:
                    rulings.append((person.id, _ruling(fate)))
            if number % _CHUNKS_OF_GARBAGE == 0:
                collect_new()
    tally.close()
    content = fingerprint.content_hash(spec)
    return Plan(
        name=spec.name,
        hash=fingerprint.plan_hash(content, people),
        content=content,
        edition=fingerprint.edition(),
        at=now,
        listed=everybody.listed,
        people=tally.people,
        called=tally.called,
        later=tally.later,
        passed=everybody.passed,
        providers=_providers(db, spec, tally),
        lines=tuple(sorted(tally.lines.values(), key=_most_first)),
        clocks=tuple(sorted(tally.clocks.values(), key=lambda clock: -clock.people)),
        duties=dict(tally.duties.most_common()),
        examples=tuple(tally.examples),
        members=members,
        rulings=tuple(rulings),
    )


def _most_first(line: Line) -> tuple[bool, int, str]:
    return line.called, -line.people, line.kind


def _ruling(fate: Fate) -> Ruling:
    return Ruling.expire(fate.reason) if fate.expired else Ruling.skip(fate.reason)


def _providers(db: Connection, spec: CampaignSpec, tally: Tally) -> Mapping[str, ProviderPlan]:
    costs = cost_per_call(db, spec)
    plans: dict[str, ProviderPlan] = {}
    for share in spec.shares:
        people, cost = tally.providers[share.provider], costs.get(share.provider)
        plans[share.provider] = ProviderPlan(
            people=people,
            calls_at_most=people * spec.policy.max_attempts,
            cost_per_call=cost,
            cost=cost_range(spec, people, cost),
        )
    return plans
