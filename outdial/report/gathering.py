"""Everything that a report tells of a campaign, read from the ledger at one moment."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from campaign.comparison import ProviderFigures, verdict
from campaign.redaction import redact
from outdial.report.hours import Day, day
from outdial.summary import Standing, attention, standing
from store.campaigns import CampaignView
from store.reports import campaign as reports
from store.reports import comparisons
from store.reports.campaign import Reason, Span, Tries

_REASONS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Counts, money and times of one campaign; nobody's number, name or words."""

    at: datetime
    """Aware UTC: the moment that it is of."""
    standing: Standing
    tries: Sequence[Tries]
    reasons: Sequence[Reason]
    """The most frequent ones."""
    figures: Sequence[ProviderFigures]
    day: Day
    span: Span

    @property
    def listed(self) -> int:
        """Everybody."""
        return self.standing.books.listed

    @property
    def called(self) -> int:
        """People who were called, or may have been."""
        return sum(one.people for one in self.tries if one.times)

    @property
    def picked_up(self) -> int:
        """People where a person or a machine picked up."""
        return sum(one.picked_up for one in self.tries)

    @property
    def reached(self) -> int:
        """People who were on the line."""
        return sum(one.reached for one in self.tries)

    @property
    def calls(self) -> int:
        """Calls that are over."""
        return sum(one.calls for one in self.figures)

    @property
    def answered(self) -> int:
        """Those of them with a person on the line."""
        return sum(one.answered for one in self.figures)

    @property
    def priced(self) -> int:
        """Those of them whose cost is known."""
        return sum(one.priced for one in self.figures)

    @property
    def cost_usd(self) -> Decimal:
        """What these cost."""
        return sum((one.cost_usd for one in self.figures), Decimal(0))

    @property
    def cost_per_answered(self) -> Decimal | None:
        """USD of the priced calls for each that was answered; None: not told, or none was."""
        answered = sum(one.priced_answered for one in self.figures)
        return self.cost_usd / answered if answered else None

    @property
    def verdict(self) -> Sequence[str]:
        """What the comparison of providers tells."""
        return verdict(self.figures)

    @property
    def attention(self) -> Sequence[str]:
        """What is in doubt or wrong, and what happens next."""
        return [redact(line) for line in attention(self.standing, self.at)]


def gather(db: Connection, campaign: CampaignView, now: datetime) -> Report:
    """Read a campaign's report."""
    with closing(reports.started(db, campaign.id)) as calls:
        hours = day(calls)
    return Report(
        at=now,
        standing=standing(db, campaign, now),
        tries=reports.tries(db, campaign.id),
        reasons=[_redacted(one) for one in reports.reasons(db, campaign.id, limit=_REASONS)],
        figures=comparisons.by_provider(db, campaign.id),
        day=hours,
        span=reports.span(db, campaign.id),
    )


def as_json(said: Report) -> Mapping[str, Any]:
    """Return it for programs."""
    campaign = said.standing.campaign
    return {
        "campaign": campaign.name,
        "state": campaign.state.value,
        "at": said.at,
        "first_call_at": said.span.first,
        "last_call_at": said.span.last,
        "books": asdict(said.standing.books) | {"closes": said.standing.books.closes},
        "funnel": {
            "listed": said.listed,
            "called": said.called,
            "picked_up": said.picked_up,
            "reached": said.reached,
        },
        "calls": said.calls,
        "answered": said.answered,
        "cost_usd": said.cost_usd if said.priced else None,
        "priced_calls": said.priced,
        "cost_per_answered_usd": said.cost_per_answered,
        "outcomes": [asdict(row) for row in said.standing.outcomes],
        "providers": [_provider(one) for one in said.figures],
        "comparison": said.verdict,
        "hours": [asdict(hour) for hour in said.day.hours],
        "hours_unsure": said.day.unsure,
        "hours_unknown": said.day.unknown,
        "tries": [asdict(one) for one in said.tries],
        "reasons": [asdict(one) for one in said.reasons],
        "attention": said.attention,
    }


def _provider(one: ProviderFigures) -> Mapping[str, Any]:
    interval = one.interval
    return asdict(one) | {
        "answer_rate": one.answer_rate,
        "answer_rate_95": None if interval is None else [interval.low, interval.high],
        "cost_per_answered_usd": one.cost_per_answered,
    }


def _redacted(one: Reason) -> Reason:
    """A provider's words about a person may hold the number."""
    return Reason(state=one.state, reason=redact(one.reason), people=one.people)
