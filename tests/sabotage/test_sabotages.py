"""Whatever somebody might break, the judges of `tests/protocol` say so, by the name of a promise.

The same campaign is run as it is, which must be in order, and sabotaged, which must not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.protocol.invariants import violations
from tests.protocol.world import begin, copy_ledger
from tests.sabotage import circumstances as when
from tests.sabotage import sabotages as by
from tests.sabotage.circumstances import Circumstance
from tests.sabotage.sabotages import Sabotage
from tests.store import test_engine

PEOPLE = 3


@dataclass(frozen=True)
class Control:
    """A sabotage, where it is tried, and the promises of which the judges must say they broke."""

    sabotage: Sabotage
    api: str
    circumstance: Circumstance
    broken: Sequence[str]

    def __str__(self) -> str:
        return f"{self.sabotage.__name__} {self.api}"


CONTROLS = [
    Control(by.retried_by_us, "bland", when.under("submit: close after"), ["I1"]),
    Control(by.retried_by_an_sdk, "happyrobot", when.under("submit: 502 after"), ["I1", "I3"]),
    Control(by.retried_by_an_sdk, "vapi", when.under("submit: 409 before"), ["I3"]),
    Control(by.retried_by_an_sdk, "bland", when.under("submit: 429, retry after none"), ["I3"]),
    Control(by.written_down_afterwards, "bland", when.on_a_good_day(), ["I3"]),
    Control(by.written_down_afterwards, "bland-v1", when.under("submit: close after"), ["I1"]),
    Control(by.no_wire_mark, "bland", when.dying_with_the_bytes_away(), ["I3", "I5"]),
    Control(by.every_claim_taken_for_sent, "bland", when.dying_over_a_claim(), ["I10"]),
    Control(by.every_claim_taken_for_sent, "happyrobot", when.dying_over_a_claim(), ["I10"]),
    Control(by.fenced_too_early, "vogent", when.on_a_good_day(), ["I3"]),
    Control(
        by.suppression_overlooked, "bland", when.suppressing_everybody_as_it_connects(), ["I4"]
    ),
    Control(by.resubmitted_on_a_miss, "bland", when.under("submit: effect after an hour"), ["I1"]),
    Control(by.redirects_followed, "vapi", when.under("submit: 302 after"), ["I9"]),
    Control(by.redirects_followed, "bland", when.under("page: 307"), ["I9"]),
    Control(by.recording_fetched_with_the_key, "vapi-call", when.on_a_good_day(), ["I9"]),
    Control(by.cursor_before_rows, "happyrobot", when.dying_as_the_cursor_moves(), ["I6"]),
    Control(by.filtered_by_state, "happyrobot", when.on_a_good_day(), ["I5"]),
    Control(by.poison_row_dropped, "bland", when.under("page: row without id"), ["I6"]),
    Control(
        by.poison_row_dropped, "vocode", when.dying_after_a_page("page: row without id"), ["I6"]
    ),
    Control(
        by.poison_row_dropped_by_the_adapter, "bland", when.under("page: row without id"), ["I6"]
    ),
    Control(
        by.poison_row_dropped_by_the_adapter,
        "happyrobot",
        when.under("page: row with null for an id"),
        ["I6"],
    ),
    Control(by.never_looked_again, "bland", when.listed_late(), ["I5"]),
    Control(by.linked_to_another, "bland", when.on_a_good_day(), ["I5"]),
    Control(by.dialled_from_elsewhere, "vocode", when.on_a_good_day(), ["I1", "I3"]),
]


@pytest.mark.parametrize("control", CONTROLS, ids=str)
async def test_a_sabotage_is_caught(
    control: Control, tmp_path: Path, empty_ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_it_is, sabotaged = tmp_path / "as it is", tmp_path / "sabotaged"
    as_it_is.mkdir()
    sabotaged.mkdir()

    assert await complaints(control, as_it_is, empty_ledger) == []

    control.sabotage(monkeypatch)

    said = await complaints(control, sabotaged, empty_ledger)
    for promise in control.broken:
        assert any(one.startswith(f"{promise} ") for one in said), said


async def complaints(control: Control, folder: Path, empty_ledger: Path) -> list[str]:
    url = copy_ledger(empty_ledger, folder)
    with begin(control.api, folder, url, people=PEOPLE) as world:
        return violations(await control.circumstance(world))


def test_transactions_that_take_their_lock_too_late_are_caught(
    sqlite_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    by.beginning_without_the_lock(monkeypatch)

    with pytest.raises(pytest.fail.Exception):
        test_engine.test_a_transaction_on_sqlite_takes_the_write_lock_before_it_reads(
            sqlite_database_url
        )
