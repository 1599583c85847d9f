"""How a campaign stands, in words and tables."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from campaign.durations import say_duration
from campaign.states import BatchState, CampaignState, SubmissionState
from outdial import unsent as waiting
from outdial.held import in_words
from outdial.terminal import Column, count, print_table, say, when
from store import books, doubts, recipients
from store.accounts import memory as accounts
from store.accounts.memory import LeftAlone
from store.allowance import telling
from store.allowance.telling import Line
from store.batches import totals
from store.batches.totals import Shortfall
from store.books import Books, OutcomeCount
from store.campaigns import CampaignView
from store.decisions import incidents
from store.decisions.incidents import IncidentView
from store.decisions.pausing import Pause
from store.doubts import Doubt, Unanswered
from store.planning import planner as planning
from store.recipients import ImportView
from store.reports import glance
from store.reports.glance import Glance, OpenBatch, Unread
from store.reports.unsent import Unsent, unsent


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Everything that is told of one campaign; read from the ledger at one moment."""

    campaign: CampaignView
    books: Books
    glance: Glance
    outcomes: Sequence[OutcomeCount]
    batches: Sequence[OpenBatch]
    unsent: Sequence[Unsent]
    doubts: Sequence[Doubt]
    unanswered: Sequence[Unanswered]
    unread: Sequence[Unread]
    shortfalls: Sequence[Shortfall]
    incidents: Sequence[IncidentView]
    imports: Sequence[ImportView]
    left_alone: Sequence[LeftAlone]
    allowance: Sequence[Line]
    """What is left of its limits."""
    next_due: datetime | None
    """Aware UTC."""

    @property
    def needs_attention(self) -> bool:
        """A person has to look at it."""
        in_doubt = any(doubt.state is SubmissionState.HELD for doubt in self.doubts)
        return (
            self.campaign.state is CampaignState.NEEDS_ATTENTION
            or in_doubt
            or bool(self.unanswered)
            or bool(self.incidents)
            or (self.campaign.state is CampaignState.COMPLETED and not self.books.closes)
        )


def standing(db: Connection, campaign: CampaignView, now: datetime) -> Standing:
    """Read how a campaign stands."""
    return Standing(
        campaign=campaign,
        books=books.books(db, campaign.id),
        glance=glance.glance(db, campaign.id),
        outcomes=books.outcomes(db, campaign.id),
        batches=glance.open_batches(db, campaign.id),
        unsent=tuple(unsent(db, campaign.id)),
        doubts=tuple(doubts.doubts(db, campaign.id)),
        unanswered=tuple(doubts.unanswered(db, campaign.id)),
        unread=glance.unread(db, campaign.id),
        shortfalls=tuple(totals.shortfalls(db, campaign.id)),
        incidents=incidents.unresolved(db, campaign.id),
        imports=recipients.imports(db, campaign.id),
        left_alone=accounts.left_alone(db, [share.provider for share in campaign.spec.shares], now),
        allowance=telling.lines(db, campaign.id),
        next_due=planning.next_due(db, campaign.id),
    )


def print_standing(said: Standing, now: datetime) -> None:
    """Print it for a person."""
    campaign = said.campaign
    told = {"", said.books.in_words}  # The books are the next line.
    reason = "" if campaign.state_reason in told else f": {campaign.state_reason}"
    say(f"{campaign.name} is {campaign.state.value.replace('_', ' ')}{reason}")
    if said.glance.stopped is not None:
        say(f"- {stopped(said.glance.stopped)}")
    for title, text in (
        ("people", said.books.in_words),
        ("list", _last_import(said.imports)),
        ("batches", _batches(said.glance.batches)),
        ("next", _next(said, now)),
    ):
        if text:
            say(f"  {title:<9} {text}")
    for line in said.allowance:
        say(f"  {line.key}: {line.says}")
    if said.outcomes:
        print_outcomes(said.outcomes)
    for one in said.left_alone:
        say(f"- {left_alone(one, now)}")
    if campaign.state is CampaignState.RUNNING and said.glance.stopped is None:
        for line in waiting.in_words(said.unsent, campaign.spec, now):
            say(f"- {line}")
    for line in attention(said, now):
        say(f"- {line}")


def print_outcomes(outcomes: Sequence[OutcomeCount]) -> None:
    """Print the calls of each provider by outcome, with talk time and cost."""
    names = list(dict.fromkeys(row.provider for row in outcomes))
    words = list(dict.fromkeys(row.outcome for row in outcomes))
    calls = {(row.provider, row.outcome): row.calls for row in outcomes}
    columns = [Column("provider"), Column("calls", right=True)]
    columns += [Column(word.value.replace("_", " "), right=True) for word in words]
    columns += [Column("talk", right=True), Column("cost", right=True)]
    rows = [
        (
            name,
            sum(calls.get((name, word), 0) for word in words),
            *(calls.get((name, word), 0) for word in words),
            _talk(outcomes, name),
            _cost(outcomes, name),
        )
        for name in names
    ]
    print_table(columns, rows)


def attention(said: Standing, now: datetime) -> Iterator[str]:
    """Say what is in doubt or wrong, and what happens next."""
    yield from in_words(said.doubts, said.unanswered, now)
    for row in said.unread:
        yield (
            f"{count(row.rows, 'row')} of {row.provider} could not be read ({row.problem}): kept"
            " as sent in the table unread_row."
        )
    for short in said.shortfalls:
        yield (
            f"{short.provider} spoke of {count(short.total, 'call')} in batch {short.batch_no} and"
            f" showed {short.kept}, however often it was asked: see there whether one is missing."
        )
    for incident in said.incidents:
        yield (
            f"{incident.kind.replace('_', ' ')}: {incident.detail} ({incident.subject}). Once you"
            f" have looked at it: outdial incident resolve {incident.id}"
            " --by NAME --reason TEXT"
        )


def as_json(said: Standing) -> dict[str, Any]:
    """Return it for programs."""
    campaign = said.campaign
    return {
        "campaign": campaign.name,
        "id": campaign.id,
        "state": campaign.state.value,
        "reason": campaign.state_reason,
        "needs_attention": said.needs_attention,
        "books": asdict(said.books) | {"closes": said.books.closes},
        "outcomes": [asdict(row) for row in said.outcomes],
        "batches": [
            {"provider": provider, "state": state.value, "batches": number}
            for (provider, state), number in said.glance.batches.items()
        ],
        "open_batches": [asdict(batch) for batch in said.batches],
        "unsent": [asdict(batch) for batch in said.unsent],
        "doubts": [asdict(doubt) for doubt in said.doubts],
        "unanswered": [asdict(one) for one in said.unanswered],
        "unread": [asdict(row) for row in said.unread],
        "shortfalls": [asdict(one) for one in said.shortfalls],
        "incidents": [asdict(incident) for incident in said.incidents],
        "imports": [asdict(one) for one in said.imports],
        "left_alone": [asdict(one) for one in said.left_alone],
        "allowance": [asdict(line) for line in said.allowance],
        "everything_paused": said.glance.stopped and asdict(said.glance.stopped),
        "next_due": said.next_due and said.next_due.isoformat(),
    }


def stopped(pause: Pause) -> str:
    """Say who has stopped everything, and how to go on."""
    return (
        f"everything is paused ({pause.in_words}), since {pause.since.astimezone():%Y-%m-%d %H:%M}:"
        " nothing is sent. To go on: outdial resume --all"
    )


def left_alone(account: LeftAlone, now: datetime) -> str:
    """Say why a provider is not asked, and until when."""
    until = when(account.until, now).removeprefix("at ")
    what = "no call is placed" if account.lines_only else "it is left alone"
    return f"{account.provider} {account.reason}: {what} until {until}."


def _next(said: Standing, now: datetime) -> str:
    if said.batches:
        due = [batch.due_at for batch in said.batches if batch.due_at is not None]
        waits = f"next look {when(min(due), now)}" if due else "a step is due"
        return f"{count(len(said.batches), 'batch')} under way, {waits}"
    if said.campaign.state is CampaignState.DRAFT:
        return "`outdial run FILE` begins to call"
    if said.campaign.state is CampaignState.RUNNING and said.next_due is not None:
        return f"the next call is due {when(said.next_due, now)}"
    return ""


def _last_import(imports: Sequence[ImportView]) -> str:
    if not imports:
        return "not read yet"
    last = imports[-1]
    parts = [f"{last.listed:,} rows of {last.source}", f"{last.accepted:,} new"]
    parts += [f"{last.duplicates:,} known already"] if last.duplicates else []
    parts += [f"{last.rejected:,} passed over as wrong"] if last.rejected else []
    return ", ".join(parts)


def _batches(batches: Mapping[tuple[str, BatchState], int]) -> str:
    by_provider: dict[str, list[str]] = {}
    for (provider, state), number in batches.items():
        by_provider.setdefault(provider, []).append(f"{number} {state.value}")
    return "; ".join(f"{name} {', '.join(parts)}" for name, parts in by_provider.items())


def _talk(outcomes: Sequence[OutcomeCount], provider: str) -> str:
    seconds = sum(row.talk_seconds for row in outcomes if row.provider == provider)
    return say_duration(timedelta(seconds=seconds))


def _cost(outcomes: Sequence[OutcomeCount], provider: str) -> str:
    told = [row.cost_usd for row in outcomes if row.provider == provider and row.cost_usd]
    return f"${sum(told):,.2f}" if told else "not told"
