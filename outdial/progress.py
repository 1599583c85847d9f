"""What can be seen while a campaign runs: bars on a terminal, now and then a line elsewhere.

Read from the ledger beside the flow, which knows nothing of it.
"""

import threading
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import Protocol

from rich.console import Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text
from sqlalchemy.exc import SQLAlchemyError

from campaign.states import BatchState, CampaignState
from campaign.words import Outcome
from outdial.terminal import stderr
from store.ledger import Ledger
from store.reports.glance import Glance, glance

_LOOK_SECONDS = 0.5
_LINE_SECONDS = 5.0
_SHARE_OF_TIME = 10
"""A look may take one part in so many of the time: big campaigns are looked at less often."""

_STYLES = {
    Outcome.ANSWERED: "green",
    Outcome.TRANSFERRED: "green",
    Outcome.VOICEMAIL: "cyan",
    Outcome.FAILED: "red",
    Outcome.UNKNOWN: "magenta",
}


class Display(Protocol):
    """Shows where a campaign stands."""

    def show(self, said: Glance) -> None:
        """Show it."""
        ...


@contextmanager
def progress(ledger: Ledger, campaign_id: str, name: str) -> Generator[None]:
    """Show the progress of a campaign on stderr while the block runs."""
    if stderr().is_terminal:
        bars = Bars(name)
        with (
            Live(bars.picture, console=stderr(), refresh_per_second=4),
            _watched(ledger, campaign_id, bars),
        ):
            yield
    else:
        with _watched(ledger, campaign_id, Lines(name)):
            yield


@contextmanager
def _watched(ledger: Ledger, campaign_id: str, display: Display) -> Generator[None]:
    """Show what a thread of its own reads; once more at the end."""
    ended = threading.Event()

    def watch() -> None:
        pause = 0.0
        while not ended.wait(pause):
            begun = time.monotonic()
            _look(ledger, campaign_id, display)
            pause = max(_LOOK_SECONDS, _SHARE_OF_TIME * (time.monotonic() - begun))

    thread = threading.Thread(target=watch, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        _look(ledger, campaign_id, display)


def _look(ledger: Ledger, campaign_id: str, display: Display) -> None:
    try:
        with ledger.reading() as db:
            said = glance(db, campaign_id)
    except SQLAlchemyError:
        return  # The flow will say so if the database is gone; a display is not worth an error.
    display.show(said)


class Bars:
    """A picture that is drawn anew in place."""

    def __init__(self, name: str) -> None:
        self._progress = Progress(
            TextColumn("{task.description:<8}"),
            BarColumn(bar_width=40),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        self._people = self._progress.add_task("people", total=None)
        self._batches = self._progress.add_task("batches", total=None)
        self._head = Text(f"{name}: starting", style="bold")
        self._calls = Text("")
        self._name = name
        self.picture = Group(self._head, self._progress, self._calls)

    def show(self, said: Glance) -> None:
        """Move the bars."""
        over, batches = _batches(said)
        self._head.plain = f"{self._name}: {_state(said)}"
        self._progress.update(self._people, completed=said.closed, total=said.listed or None)
        self._progress.update(self._batches, completed=over, total=batches or None)
        words = Text("calls    ")
        for outcome, number in _most_frequent(said):
            words.append(f"{outcome.value.replace('_', ' ')} ")
            words.append(f"{number:,}  ", style=f"bold {_STYLES.get(outcome, 'yellow')}")
        self._calls.plain = ""
        self._calls.append_text(words)


class Lines:
    """A line every few seconds, if anything has changed."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._last = ""
        self._at = 0.0

    def show(self, said: Glance) -> None:
        """Print a line, if it is time for one."""
        line = self._line(said)
        now = time.monotonic()
        done = said.listed > 0 and said.closed == said.listed
        if line != self._last and (done or now - self._at >= _LINE_SECONDS):
            self._last, self._at = line, now
            stderr().print(line, markup=False)

    def _line(self, said: Glance) -> str:
        over, batches = _batches(said)
        calls = ", ".join(f"{outcome.value} {number}" for outcome, number in _most_frequent(said))
        people = f"{said.closed}/{said.listed} people, {over}/{batches} batches done"
        paused = said.stopped is not None or said.state is CampaignState.PAUSED
        state = f"{_state(said)}; " if paused else ""
        return f"{self._name}: {state}{people}; calls: {calls or 'none yet'}"


def _state(said: Glance) -> str:
    if said.stopped is not None:
        return f"everything is paused ({said.stopped.in_words})"
    return said.state.value.replace("_", " ") + (f" ({said.reason})" if said.reason else "")


def _batches(said: Glance) -> tuple[int, int]:
    over = sum(number for (_, state), number in said.batches.items() if BatchState(state).over)
    return over, sum(said.batches.values())


def _most_frequent(said: Glance) -> Iterable[tuple[Outcome, int]]:
    return sorted(said.calls.items(), key=lambda item: -item[1])
