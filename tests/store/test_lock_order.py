"""Two processes at one batch, on PostgreSQL: neither holds what the other one waits for."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, text

from campaign.calls import Found
from store.batches import advancing
from store.decisions import cancelling
from store.ledger import Ledger
from store.submissions import adopting, screening, starting
from tests.store.desk import Desk, listed
from tests.store.test_surplus import accept, adopt, callable_, in_doubt

_WAITING = """
SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))
"""
_PATIENCE = timedelta(seconds=60)


@pytest.fixture
def desk(postgres_database_url: str) -> Iterator[Desk]:
    with Ledger.open(postgres_database_url) as ledger:
        yield Desk(ledger)


def an_answer(desk: Desk) -> Callable[[], object]:
    (tag,) = in_doubt(desk)
    return lambda: accept(desk, tag, "b-1")


def a_look_up(desk: Desk) -> Callable[[], object]:
    (tag,) = in_doubt(desk)
    return lambda: adopt(desk, tag, Found(provider_batch_id="b-1", dialling=True))


def a_second_look_up(desk: Desk) -> Callable[[], object]:
    (tag,) = in_doubt(desk)
    waits = Found(provider_batch_id="b-1", dialling=False)
    adopt(desk, tag, waits)
    found = [waits, Found(provider_batch_id="b-2", dialling=True)]
    return lambda: desk.ledger.run_sync(adopting.found_again, tag, found, desk.now, two_phase=False)


def a_single_read(desk: Desk) -> Callable[[], object]:
    batch = desk.placed(people=1)
    (call,) = desk.calls(batch)
    desk.page(batch, [listed(call)])
    return lambda: desk.detail(batch, call.id, listed(call, 2))


def a_last_check(desk: Desk) -> Callable[[], object]:
    batch = desk.plan(desk.campaign(1).id)
    assert batch is not None
    return lambda: desk.ledger.run_sync(
        screening.drop_uncallable, batch.tags[0], desk.now, callable_
    )


def a_settling(desk: Desk) -> Callable[[], object]:
    batch = desk.placed(people=1)
    return lambda: desk.ledger.run_sync(
        advancing.settle, batch.batch_id, desk.now, own_progress=True
    )


def a_way_given(desk: Desk) -> Callable[[], object]:
    (tag,) = in_doubt(desk)
    return lambda: desk.ledger.run_sync(starting.give_way, tag, desk.now, "it was stopped")


def a_cancel(desk: Desk) -> Callable[[], object]:
    in_doubt(desk)
    run, (campaign,) = desk.ledger.run_sync, desk.rows("campaign", "id")
    run(cancelling.ask, campaign["id"], actor="Ann", reason="enough", now=desk.now)
    return lambda: run(cancelling.finish, campaign["id"], desk.now)


SCENES = [
    an_answer,
    a_look_up,
    a_second_look_up,
    a_single_read,
    a_last_check,
    a_settling,
    a_way_given,
    a_cancel,
]


@pytest.mark.parametrize("scene", SCENES)
def test_who_waits_for_a_batch_holds_nothing_of_it_yet(
    desk: Desk, scene: Callable[[Desk], Callable[[], object]]
) -> None:
    work = scene(desk)
    with ThreadPoolExecutor(1) as other_process, desk.ledger.engine.connect() as db:
        db.execute(text("SELECT id FROM batch FOR UPDATE"))
        waiting = other_process.submit(work)
        try:
            wait_for_a_waiter(db)
            for table in ("recipient", "submission", "attempt", "call", "surplus"):
                db.execute(text(f'SELECT * FROM "{table}" FOR UPDATE NOWAIT'))  # noqa: S608
        finally:
            db.rollback()
        waiting.result(timeout=60)


def wait_for_a_waiter(db: Connection) -> None:
    until = datetime.now(UTC) + _PATIENCE
    while not db.scalar(text(_WAITING)):
        assert datetime.now(UTC) < until, "nothing waits for the batch"
