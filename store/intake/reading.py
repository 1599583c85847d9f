"""The rows of a list made into recipients, those of a long list by other processes.

To read a number takes longer than anything else that is done with a row, and what is done with the
recipients meanwhile fills a processor of its own.
"""

import os
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain, islice
from multiprocessing import get_context, parent_process

from campaign.spec import CampaignSpec
from store.intake.recipe import Recipe
from store.intake.rows import Reject, Source, SourceRow
from store.recipients import NewRecipient

_ROWS = 5_000
"""Of one chunk."""
ALONE = 50_000
"""Rows that are read before another process is started, which takes a second or two."""
_AHEAD = 4
"""Chunks that each process may have to do."""
_MOST_PROCESSES = 3

_Chunk = list[SourceRow | Reject]
_Done = list[NewRecipient | Reject]


def read_recipients(
    spec: CampaignSpec, source: Source, alone: int = ALONE
) -> Iterator[NewRecipient | Reject]:
    """Read every row of a list as a recipient or as a reject, in the order of the list.

    A list of more than `alone` rows is read by further processes.

    Raises `BadInput` if the list lacks a column, and where it cannot be read any further.
    """
    return _read(spec, source, Recipe(spec, source.columns, source.name), alone)


def _read(
    spec: CampaignSpec, source: Source, recipe: Recipe, alone: int
) -> Iterator[NewRecipient | Reject]:
    rows = source.rows(recipe.columns)
    yield from map(recipe.read, islice(rows, alone))
    processes = min((os.cpu_count() or 1) - 1, _MOST_PROCESSES)
    following = next(rows, None) if processes else None
    if following is None:
        yield from map(recipe.read, rows)
    else:
        chunks = _chunks(chain([following], rows))
        yield from chain.from_iterable(_read_beside(spec, source, chunks, processes))


def _chunks(rows: Iterable[SourceRow | Reject]) -> Iterator[_Chunk]:
    rows = iter(rows)
    while chunk := list(islice(rows, _ROWS)):
        yield chunk


def _read_beside(
    spec: CampaignSpec, source: Source, chunks: Iterator[_Chunk], processes: int
) -> Iterator[_Done]:
    pool = ProcessPoolExecutor(
        processes,
        # A fork would take this process's threads and open ledger along.
        mp_context=get_context("spawn"),
        initializer=_prepare,
        initargs=(spec, source.columns, source.name),
    )
    under_way: deque[Future[_Done]] = deque()
    try:
        for chunk in chunks:
            under_way.append(pool.submit(_read_chunk, chunk))
            if len(under_way) > _AHEAD * processes:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


_recipe: Recipe | None = None
"""Of the process that was started to read for another one."""


def _prepare(spec: CampaignSpec, columns: tuple[str, ...], list_name: str) -> None:
    global _recipe  # noqa: PLW0603 - a pool gives its processes nothing else to keep things in
    _recipe = Recipe(spec, columns, list_name)
    # Ctrl-C goes to every process of a terminal, and the one that waits for us tells us to end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A pool's process waits for ever for one that was killed."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _read_chunk(chunk: _Chunk) -> _Done:
    assert _recipe is not None  # noqa: S101 - the pool prepares its processes
    return list(map(_recipe.read, chunk))
