"""What is held, as a person reads it and as a program does."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from campaign.states import SubmissionState
from outdial.terminal import Column, count, print_table, when
from store.doubts import Doubt, Unanswered

_COLUMNS = (
    Column("tag"),
    Column("key"),
    Column("campaign"),
    Column("provider"),
    Column("state"),
    Column("people", right=True),
    Column("sent"),
    Column("looks", right=True),
    Column("why"),
)


def print_held(
    doubts: Sequence[Doubt], unanswered: Sequence[Unanswered], names: Mapping[str, str]
) -> None:
    """Print a line for each submission in doubt, and for each person held in another one."""
    rows = [_doubt(one, names) for one in doubts] + [_person(one, names) for one in unanswered]
    print_table(_COLUMNS, rows)


def as_json(
    doubts: Sequence[Doubt], unanswered: Sequence[Unanswered], names: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return the same for programs: `key` is null where it is a whole submission."""
    submissions = [
        asdict(one) | {"key": None, "campaign": names[one.campaign_id]} for one in doubts
    ]
    return submissions + [
        asdict(one) | {"state": "held", "people": 1, "campaign": names[one.campaign_id]}
        for one in unanswered
    ]


def in_words(
    doubts: Sequence[Doubt], unanswered: Sequence[Unanswered], now: datetime
) -> Iterator[str]:
    """Say what is in doubt and what happens next, a sentence each."""
    for doubt in doubts:
        yield _in_doubt(doubt, now)
    # By submission: a batch that stalled may leave hundreds.
    together = Counter((one.provider, one.tag, one.reason, one.due_at) for one in unanswered)
    for (provider, tag, reason, due_at), people in together.items():
        yield (
            f"{provider} took {tag} and never told what became of {count(people, 'person')} in it"
            f" ({reason}): {_looked_for(due_at, now)}. No campaign calls them before you settle it:"
            " outdial held list"
        )


def _in_doubt(doubt: Doubt, now: datetime) -> str:
    people = count(doubt.people, "person")
    asked = f"asked {count(doubt.looks, 'time')}"
    if doubt.state is SubmissionState.UNKNOWN:
        then = f"asked again {when(doubt.due_at, now)}."
    else:
        then = (
            f"still looked for, {when(doubt.due_at, now)}; nobody of them is called again before"
            " you settle it: outdial held list"
        )
    return f"{doubt.provider} may or may not have taken {people} ({doubt.tag}): {asked}, {then}"


def _looked_for(due_at: datetime | None, now: datetime) -> str:
    if due_at is None:
        return "not looked for any more"
    # A run that has more to do leaves a batch that it was over with to the next one.
    return "looked for again " + (when(due_at, now) if due_at > now else "by the next run")


def _doubt(doubt: Doubt, names: Mapping[str, str]) -> tuple[object, ...]:
    return (
        doubt.tag,
        "",
        names[doubt.campaign_id],
        doubt.provider,
        doubt.state.value,
        doubt.people,
        _moment(doubt.wire_at),
        doubt.looks,
        doubt.note,
    )


def _person(one: Unanswered, names: Mapping[str, str]) -> tuple[object, ...]:
    return (
        one.tag,
        one.key,
        names[one.campaign_id],
        one.provider,
        "held",
        1,
        _moment(one.dialled_at),
        "",
        one.reason,
    )


def _moment(instant: datetime | None) -> str:
    return f"{instant.astimezone():%Y-%m-%d %H:%M}" if instant else ""
