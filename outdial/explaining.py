"""Why a person is called, or is not: the story in the ledger beside what every rule says."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from campaign.rules.results import Judgement, RuleResult, Verdict, clock_at
from campaign.rules.ruling import facts_of
from campaign.rules.verdict import Judge
from campaign.states import CampaignState, RecipientState
from outdial.asked import asked
from outdial.terminal import Column, print_table, say
from store.calls.rows import StoredCall
from store.campaigns import CampaignView
from store.decisions.pausing import Pause
from store.reports.stories import AttemptStory, Story

NOT_ADVICE = (
    "This is not legal advice: the rule table may be wrong or out of date, and you answer for"
    " your calls."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One person in one campaign, at one instant."""

    campaign: CampaignView
    everything_paused: Pause | None
    story: Story
    judgement: Judgement

    @property
    def answer(self) -> str:
        """Whether the person is called now, and why not, in a line."""
        state, story = self.story.state, self.story
        if state.closed:
            return f"no further call: {_because(state.value.replace('_', ' '), story.reason)}"
        if state is RecipientState.OPEN:
            return "a call is under way"
        if self.everything_paused is not None:
            return f"not now: everything is paused by {self.everything_paused.actor}"
        if self.campaign.state is not CampaignState.RUNNING:
            return f"not now: the campaign is {self.campaign.state.value.replace('_', ' ')}"
        if story.turn.busy:
            return "not now: another campaign has a call to this number under way"
        return self._by_the_rules()

    def _by_the_rules(self) -> str:
        said = self.judgement
        if said.verdict is Verdict.BLOCKED:
            return f"not called: {said.reason}"
        if said.next_at is not None:
            return f"not before {self.when(said.next_at)}: {said.reason}"
        if self.story.due_at is not None and self.story.due_at > said.at:
            return f"not before {self.when(self.story.due_at)}: {self.story.reason}"
        return f"may be called until {self.when(said.until)}" if said.until else "may be called"

    def when(self, instant: datetime) -> str:
        """Write an instant in UTC, and on the person's own clock if there is only one."""
        zones = list(
            dict.fromkeys(clock.zone for one in self.judgement.results for clock in one.clocks)
        )
        said = _utc(instant)
        return f"{said} ({clock_at(zones[0], instant)})" if len(zones) == 1 else said


def explain(
    campaign: CampaignView, paused: Pause | None, story: Story, now: datetime
) -> Explanation:
    """Judge a person by the campaign's policy, as the planner and the wire do."""
    consent_listed = campaign.spec.recipients.consent is not None
    suppressed = None
    if story.suppression is not None:
        suppressed = _because(f"since {_utc(story.suppression.since)}", story.suppression.reason)
    facts = facts_of(story.turn.candidate, consent_listed=consent_listed, suppressed=suppressed)
    judgement = Judge(campaign.spec.policy, now).judge(facts, story.turn.candidate.history)
    return Explanation(
        campaign=campaign, everything_paused=paused, story=story, judgement=judgement
    )


def print_explanation(said: Explanation) -> None:
    """Print it for a person."""
    story, candidate = said.story, said.story.turn.candidate
    named = f", {story.external_id}" if story.external_id else ""
    say(f"{candidate.phone_number} in {said.campaign.name}{named}: {said.answer}")
    say(f"  list      row {story.source_row}, called through {candidate.provider}")
    say(f"  state     {_because(story.state.value.replace('_', ' '), story.reason)}")
    say(f"  judged    {_utc(said.judgement.at)}: {said.judgement.verdict.value}")
    print_table(_RULES, [_rule_row(said, result) for result in said.judgement.results])
    for line in story.allowance:
        say(f"  {line.key}: {line.says}")
    for result in said.judgement.results:
        if result.duties:
            say(f"  {result.rule} also asks: {result.duties}")
    _print_past(story)
    say("What the campaign's file asks of every call:")
    print_table(_KEYS, [(one.key, one.value, one.meaning) for one in asked(said.campaign.spec)])
    say(NOT_ADVICE)


def as_json(said: Explanation) -> dict[str, Any]:
    """Return it for programs."""
    story, judgement = said.story, said.judgement
    candidate = story.turn.candidate
    return {
        "campaign": said.campaign.name,
        "phone_number": candidate.phone_number,
        "recipient_id": story.external_id or str(candidate.recipient_id),
        "provider": candidate.provider,
        "state": story.state.value,
        "reason": story.reason,
        "due_at": story.due_at,
        "answer": said.answer,
        "judged_at": judgement.at,
        "verdict": judgement.verdict.value,
        "until": judgement.until,
        "next_at": judgement.next_at,
        "rules": [_rule_json(result) for result in judgement.results],
        "allowance": [asdict(line) for line in story.allowance],
        "asked": [asdict(one) for one in asked(said.campaign.spec)],
        "attempts": [_attempt_json(attempt) for attempt in story.attempts],
        "note": NOT_ADVICE,
    }


_RULES = tuple(map(Column, ("rule", "verdict", "why", "clock", "changes", "source")))
_KEYS = tuple(map(Column, ("key", "value", "meaning")))
_ATTEMPTS = tuple(map(Column, ("attempt", "provider", "state", "dialled", "outcome", "why")))
_CALLS = (
    *map(Column, ("of attempt", "call", "outcome", "ended reason", "started", "ended")),
    Column("seconds", right=True),
    Column("USD", right=True),
)


_ATTEMPT_FIELDS = (
    "no",
    "provider",
    "batch_id",
    "tag",
    "state",
    "reason",
    "outcome",
    "created_at",
    "dialled_at",
    "closed_at",
)
_CALL_FIELDS = (
    "over",
    "outcome",
    "ended_reason",
    "answered_by",
    "started_at",
    "ended_at",
    "duration_seconds",
    "cost_usd",
    "opted_out",
)


def _rule_row(said: Explanation, result: RuleResult) -> tuple[object, ...]:
    changes = ""
    if result.next_at is not None:
        changes = f"ok from {said.when(result.next_at)}"
    elif result.until is not None:
        changes = f"ok until {said.when(result.until)}"
    clocks = ", ".join(map(str, result.clocks))
    return result.rule, result.verdict.value, result.why, clocks, changes, result.source


def _rule_json(result: RuleResult) -> Mapping[str, Any]:
    return {
        "rule": result.rule,
        "verdict": result.verdict.value,
        "why": result.why,
        "clocks": [
            {"zone": clock.zone, "local": clock.local.isoformat()} for clock in result.clocks
        ],
        "until": result.until,
        "next_at": result.next_at,
        "source": result.source,
        "duties": result.duties,
    }


def _attempt_json(attempt: AttemptStory) -> Mapping[str, Any]:
    said: dict[str, Any] = {name: getattr(attempt, name) for name in _ATTEMPT_FIELDS}
    calls = [
        {"provider_call_id": one.call.id} | {name: getattr(one.call, name) for name in _CALL_FIELDS}
        for one in attempt.calls
    ]
    return said | {"calls": calls, "events": [asdict(event) for event in attempt.events]}


def _print_past(story: Story) -> None:
    if not story.attempts:
        say("No attempt was made.")
        return
    rows = [
        (one.no, one.provider, one.state, _utc(one.dialled_at), one.outcome, one.reason)
        for one in story.attempts
    ]
    print_table(_ATTEMPTS, rows)
    calls = [_call_row(one.no, stored) for one in story.attempts for stored in one.calls]
    if calls:
        print_table(_CALLS, calls)


def _call_row(attempt_no: int, stored: StoredCall) -> tuple[object, ...]:
    call = stored.call
    return (
        attempt_no,
        call.id,
        _outcome(stored),
        call.ended_reason,
        _utc(call.started_at),
        _utc(call.ended_at),
        "" if call.duration_seconds is None else f"{call.duration_seconds:.0f}",
        "" if call.cost_usd is None else f"{call.cost_usd:.4f}",
    )


def _outcome(stored: StoredCall) -> str:
    if not stored.call.over:
        return "not over"
    said = stored.call.outcome.value
    return f"{said}, asked not to be called again" if stored.call.opted_out else said


def _because(what: str, why: str) -> str:
    return f"{what}: {why}" if why else what


def _utc(instant: datetime | None) -> str:
    return "" if instant is None else f"{instant.astimezone(UTC):%a %Y-%m-%d %H:%M} UTC"
