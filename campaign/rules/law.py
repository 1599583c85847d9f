"""The rule table, and which of its rules bind for a person.

For one person hold together: the rules of the country that the campaign names, of every country
and state that the person may be in, and of the state of the area code where its law presumes so or
where the list names no state. A country without a rule is closed until the operator supplies one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache

from campaign.rules.caps import RollingCap, parse_caps
from campaign.rules.holidays import calendar
from campaign.rules.hours import ALL_DAY, Hours, parse_hours
from campaign.rules.places import in_european_union
from campaign.rules.schedule import Schedule, either, weekly
from campaign.rules.tables import table
from campaign.rules.windows import campaign_schedule
from campaign.rules.zones import Place
from campaign.spec import CallingWindows, PlaceRule, Purpose


class Consent(StrEnum):
    """What a person has agreed to, from least to most."""

    NONE = "none"
    EXPRESS = "express"
    WRITTEN = "written"

    @property
    def rank(self) -> int:
        """More is more."""
        return _RANKS[self]


_RANKS = {Consent.NONE: 0, Consent.EXPRESS: 1, Consent.WRITTEN: 2}


class Confidence(StrEnum):
    """How far a rule was checked."""

    SEEN = "seen"
    """The text of the law or of its regulator was read."""
    SECONDARY = "secondary"
    """Somebody else's account of it was read."""
    UNVERIFIED = "unverified"
    POLICY = "policy"
    """Not a law: what we do."""
    OPERATOR = "operator"
    """Supplied with the campaign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row of the rule table, or one rule that the operator supplied."""

    name: str
    place: str
    """A country (`US`), a state (`US-FL`), `EU`, or `*` for every country without a rule."""
    purposes: frozenset[str]
    """What calls it is about; empty: all."""
    schedule: Schedule
    """When people may be called; at all hours if it says nothing of them."""
    caps: tuple[RollingCap, ...]
    consent_for_marketing: Consent
    consent_otherwise: Consent
    by_area_code: bool
    """It presumes that a person with an area code of this state is in it."""
    clock: tuple[str, ...]
    """Zones whose clocks count besides the person's."""
    prohibited: str
    """Why nobody may be called at all; empty: people may."""
    duties: str
    """What the call itself must do; nothing here can check it."""
    confidence: Confidence
    as_of: date
    source: str
    note: str = ""

    def consent_needed(self, purpose: Purpose) -> Consent:
        """The consent that it asks for."""
        return self.consent_for_marketing if purpose == "marketing" else self.consent_otherwise

    def about(self, purpose: Purpose) -> bool:
        """It is about calls of this purpose."""
        return not self.purposes or purpose in self.purposes


@dataclass(frozen=True, slots=True)
class Bound:
    """A rule that binds for a person, and why."""

    rule: Rule
    why: str
    by_number: bool
    """Bound by the area code: the clocks of the number count besides the person's."""


@cache
def shipped_rules() -> tuple[Rule, ...]:
    """Every row of `data/calling_rules.csv`."""
    return tuple(_read_rule(row) for row in table("calling_rules"))


def _read_rule(row: dict[str, str]) -> Rule:
    return Rule(
        name=row["rule"],
        place=row["place"],
        purposes=frozenset(() if row["purposes"] == "all" else row["purposes"].split("|")),
        schedule=Schedule(
            (_hours(row["mon_fri"]),) * 5 + (_hours(row["sat"]), _hours(row["sun"])),
            frozenset(_parts(row["closed_on"])),
        ),
        caps=parse_caps(row["caps"]),
        consent_for_marketing=Consent(row["consent_marketing"]),
        consent_otherwise=Consent(row["consent_otherwise"]),
        by_area_code=row["by_area_code"] == "yes",
        clock=_parts(row["clock"]),
        prohibited=row["prohibited"],
        duties=row["duties"],
        confidence=Confidence(row["confidence"]),
        as_of=date.fromisoformat(f"{row['as_of']}-01"),
        source=row["source"],
        note=row["note"],
    )


def _hours(text: str) -> Hours:
    """Hours as in a campaign file, `none`, or `any` where a rule says nothing of hours."""
    if text == "none":
        return ()
    return ALL_DAY if text == "any" else parse_hours(text)


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split("|") if part)


def operator_rule(given: PlaceRule) -> Rule:
    """A rule of the campaign file in the form of the table."""
    consent = Consent(given.consent)
    closed_on, unknown = _calendars(given) if given.holidays else (frozenset[str](), "")
    return Rule(
        name=f"{given.place} (yours)",
        place=given.place,
        purposes=frozenset(),
        schedule=either([weekly(window.hours, window.days) for window in given.windows], closed_on),
        caps=tuple(RollingCap(cap.calls, cap.per) for cap in given.caps),
        consent_for_marketing=consent,
        consent_otherwise=consent,
        # What a place presumes of its area codes holds whatever its rule says.
        by_area_code=any(
            rule.by_area_code for rule in shipped_rules() if rule.place == given.place
        ),
        clock=(),
        prohibited=unknown,
        duties="",
        confidence=Confidence.OPERATOR,
        as_of=given.as_of,
        source=given.source,
    )


def _calendars(given: PlaceRule) -> tuple[frozenset[str], str]:
    """The calendars of a place, and what is wrong with them."""
    names = frozenset({given.place.partition("-")[0], given.place})
    try:
        for name in names:
            calendar(name)
    except NotImplementedError:
        return frozenset(), "its public holidays are not known here: enter them as blackouts"
    return names, ""


class Law:
    """The rules of one campaign: its hours, the table's rules, or the operator's in their place."""

    def __init__(self, windows: CallingWindows) -> None:
        self.campaign_hours = campaign_schedule(windows)
        self._purpose: Purpose = windows.purpose
        own = [operator_rule(given) for given in windows.rules]
        replaced = {rule.place for rule in own}
        named = (windows.jurisdiction or "").strip()
        self._by_table = named.lower() != "none"
        self._country = named if self._by_table else ""
        shipped = shipped_rules() if self._by_table else ()
        kept = [rule for rule in shipped if rule.place not in replaced]
        self._rules: dict[str, list[Rule]] = {}
        for rule in (*own, *kept):
            self._rules.setdefault(rule.place, []).append(self._as_asked(rule, windows))

    @staticmethod
    def _as_asked(rule: Rule, windows: CallingWindows) -> Rule:
        if windows.holidays:
            return rule
        return replace(rule, schedule=rule.schedule.without_holidays())

    def bind(self, place: Place) -> tuple[Bound, ...]:
        """Every rule that holds for a person at this place, the widest first."""
        return tuple(
            Bound(rule, why, by_number=by_number)
            for where, why, by_number in self._places(place)
            for rule in self._rules.get(where, ())
            if rule.about(self._purpose)
        )

    def _places(self, place: Place) -> Iterator[tuple[str, str, bool]]:
        """Whose rules hold, why, and whether only the number says so."""
        countries = dict.fromkeys(place.countries, "the person may be there")
        if self._country and self._country not in countries:
            countries[self._country] = "the campaign names it"
        for country, why in countries.items():
            if country not in self._rules and self._by_table:
                yield "*", f"no rule for {country}", False
            yield country, why, False
            if in_european_union(country):
                yield "EU", f"{country} is in the European Union", False
        for state in place.states:
            yield state, "the list says so", False
        for state in place.number_states:
            if state not in place.states and (not place.states or self._presumes(state)):
                yield state, "the area code of the number is there", True

    def _presumes(self, state: str) -> bool:
        return any(rule.by_area_code for rule in self._rules.get(state, ()))


def too_old(rule: Rule, windows: CallingWindows, now: datetime) -> bool:
    """The rule was last checked too long ago to be relied on."""
    return now.astimezone(UTC).date() - rule.as_of > windows.max_rule_age


@dataclass(frozen=True, slots=True)
class Needed:
    """The consent that is needed, and which rule asks for it."""

    consent: Consent
    asking: Rule | None = None


def strictest_consent(bound: Iterable[Bound], purpose: Purpose) -> Needed:
    """The most that any of the rules asks for."""
    needed = Needed(Consent.NONE)
    for each in bound:
        wanted = each.rule.consent_needed(purpose)
        if wanted.rank > needed.consent.rank:
            needed = Needed(wanted, each.rule)
    return needed
