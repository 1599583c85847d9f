"""What is held, and what the ledger says of it."""

from datetime import timedelta
from typing import Any

from campaign.states import BatchState
from campaign.words import Progress
from store.batches import advancing
from store.decisions import audit
from store.planning.draft import PlannedBatch
from store.submissions import claiming, deciding, doubting
from tests.outdial.operator.workspace import AGENT
from tests.store.desk import Desk

SAID = ("--by", "ann", "--reason", "looked at their page")


def doubtful(desk: Desk, name: str = "spring", first: int = 0, people: int = 2) -> str:
    """The tag of a submission whose answer was lost."""
    campaign = desk.campaign(people, name, first, agent=AGENT)
    batch = desk.plan(campaign.id)
    assert batch is not None
    return lose(desk, batch)


def lose(desk: Desk, batch: PlannedBatch) -> str:
    (tag,) = batch.tags
    run, now = desk.ledger.run_sync, desk.now
    claim: dict[str, Any] = {"owner": "me", "body": b"x", "keys": desk.keys(tag), "start_at": None}
    epoch = run(claiming.claim, tag, now=now, lease=timedelta(minutes=5), **claim)
    assert epoch is not None
    run(claiming.mark_wire, tag, epoch, now, dials=True)
    run(deciding.doubt, tag, epoch, now, look_at=now, reason="cut off")
    return tag


def held(desk: Desk, name: str = "spring", first: int = 0, people: int = 2) -> str:
    tag = doubtful(desk, name, first, people)
    desk.ledger.run_sync(
        doubting.hold, tag, desk.now, look_at=desk.later(hours=1), reason="not found"
    )
    return tag


def unanswered(desk: Desk, people: int = 2) -> PlannedBatch:
    """A batch that the provider took and was over with, without a call: its people are held."""
    desk.later(hours=-25)
    campaign = desk.campaign(people, agent=AGENT)
    batch = desk.plan(campaign.id)
    assert batch is not None
    desk.submit(batch)
    be_over(desk, batch)
    desk.later(hours=25)
    settled = desk.ledger.run_sync(advancing.settle, batch.batch_id, desk.now, own_progress=False)
    assert settled.state is BatchState.HELD
    return batch


def be_over(desk: Desk, batch: PlannedBatch) -> None:
    """Let the provider be over with a batch, and two sweeps bring nothing more."""
    desk.ledger.run_sync(advancing.looked, batch.batch_id, Progress.COMPLETED, desk.now)
    for _ in range(2):
        desk.page(batch, [])


def submission(desk: Desk, tag: str) -> dict[str, object]:
    return desk.row("SELECT * FROM submission WHERE tag = :tag", tag=tag)


def people(desk: Desk) -> set[str]:
    return {one["state"] for one in desk.recipients()}


def decisions(desk: Desk) -> list[tuple[str, str, str, str]]:
    with desk.ledger.reading() as db:
        assert audit.first_break(db) is None
        return [(one.actor, one.verb, one.subject, one.reason) for one in audit.listing(db)]
