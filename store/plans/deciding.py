"""What becomes of each person of a plan, by the rules and the ledger as they are now."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from campaign.rules.results import PLACE, Judgement, Verdict
from campaign.rules.ruling import facts_of
from campaign.rules.verdict import Judge
from campaign.spec import CampaignSpec
from campaign.states import RecipientState
from store import suppressions
from store.database.columns import table_of
from store.planning.candidates import Past, pasts
from store.planning.choosing import BUSY, BUSY_FOR, SUPPRESSED
from store.plans.people import Person
from store.tables import Attempt

_REMEMBERED = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What is decided for a person; one object for all for whom the same is decided."""

    called: bool
    """Now or later: the person is in the plan."""
    kind: str = ""
    """The rule that stands in the way, or what has become of the person already."""
    reason: str = ""
    """The same in words that a person can check."""
    at: datetime
    """Aware UTC: when it is decided anew or, for who is called, from when on."""
    expired: bool = False
    zones: tuple[str, ...] = ()
    """Whose clocks count."""
    duties: tuple[tuple[str, str], ...] = ()
    """What the rules that bind ask of the call itself, by rule."""

    def waits(self, now: datetime) -> bool:
        """The person is called, but not at once."""
        return self.called and self.at > now


class Decider:
    """Decides for the people of one campaign at one instant; changes nothing."""

    def __init__(
        self, db: Connection, spec: CampaignSpec, campaign_id: str | None, now: datetime
    ) -> None:
        self._db = db
        self._now = now
        self._campaign_id = campaign_id
        self._judge = Judge(spec.policy, now)
        self._consent_listed = spec.recipients.consent is not None
        self._anybody_called = _anybody_called(db)
        self._known: dict[int, tuple[Judgement, Fate]] = {}
        self._suppressed = Fate(called=False, kind=SUPPRESSED, reason=SUPPRESSED, at=now)
        self._under_way = Fate(called=True, kind="a call is under way", at=now)

    def decide(self, people: Sequence[Person]) -> Iterator[tuple[Person, Fate]]:
        """Yield each with what is decided; many at once are faster."""
        numbers = [person.phone_number for person in people]
        suppressed = suppressions.among(self._db, numbers)
        past: dict[str, Past] = {}
        if self._anybody_called:
            past = pasts(self._db, numbers, self._campaign_id, self._now)
        for person in people:
            number = person.phone_number
            if person.state != RecipientState.READY.value:
                yield person, self._settled(person)
            elif number in suppressed:
                yield person, self._suppressed
            else:
                yield person, self._judged(person, past.get(number))

    def _settled(self, person: Person) -> Fate:
        """What the ledger has decided already."""
        if person.state == RecipientState.OPEN.value:
            return self._under_way
        kind = person.state.replace("_", " ")
        if person.state in {RecipientState.SKIPPED.value, RecipientState.EXPIRED.value}:
            kind = kind_of(person.reason) or kind
        return Fate(called=False, kind=kind, reason=person.reason, at=self._now)

    def _judged(self, person: Person, past: Past | None) -> Fate:
        facts = facts_of(person, consent_listed=self._consent_listed)
        if past is None:
            return self._fate(self._judge.judge(facts))
        if past.busy:
            at = self._now + BUSY_FOR
            return Fate(called=True, kind=kind_of(BUSY), reason=BUSY, at=at)
        return self._fate(self._judge.judge(facts, past.history))

    def _fate(self, judgement: Judgement) -> Fate:
        known = self._known.get(id(judgement))
        if known is not None:
            return known[1]
        fate = _fate(judgement)
        if len(self._known) == _REMEMBERED:
            self._known.clear()
        # Kept with it: as long as the judgement lives, nothing else can have its identity.
        self._known[id(judgement)] = (judgement, fate)
        return fate


def kind_of(reason: str) -> str:
    """The rule that a reason begins with."""
    return reason.partition(": ")[0]


def _fate(judgement: Judgement) -> Fate:
    place = next((one for one in judgement.results if one.rule == PLACE), None)
    return Fate(
        called=judgement.verdict is not Verdict.BLOCKED,
        kind=kind_of(judgement.reason),
        reason=judgement.reason,
        at=judgement.next_at or judgement.at,
        expired=judgement.expired,
        zones=tuple(clock.zone for clock in place.clocks) if place is not None else (),
        duties=tuple((one.rule, one.duties) for one in judgement.results if one.duties),
    )


def _anybody_called(db: Connection) -> bool:
    return db.execute(select(table_of(Attempt).c.no).limit(1)).first() is not None
