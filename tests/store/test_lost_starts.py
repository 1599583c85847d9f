"""A start that nobody knows about is remembered, whatever is said to the starts after it."""

from datetime import timedelta

import pytest

from store.submissions import history
from tests.store.desk import NOON, Desk

CASES = {
    "it was refused": ("start_wire start_refused", None),
    "it was put off": ("start_wire start_stopped", None),
    "it worked": ("start_wire started", None),
    "it never left": ("start_refused start_failed", None),
    "its answer was lost": ("start_wire start_failed", 0),
    "its runner died": ("start_wire", 0),
    "the next was refused": ("start_wire start_failed start_wire start_refused", 0),
    "its runner died and the next was refused": ("start_wire start_wire start_refused", 0),
    "the next was lost, too": ("start_wire start_failed start_wire start_failed", 2),
}


@pytest.mark.parametrize("events, lost", CASES.values(), ids=CASES)
def test_the_last_start_whose_effect_is_unknown_is_told(
    events: str, lost: int | None, desk: Desk
) -> None:
    batch = desk.placed(people=1)
    (tag,) = batch.tags
    for minute, event in enumerate(events.split()):
        at = NOON + timedelta(minutes=minute)
        desk.ledger.run_sync(history.log, tag, event, at)

    told = desk.ledger.run_sync(history.start_lost_at, batch.batch_id)

    assert told == (None if lost is None else NOON + timedelta(minutes=lost))
