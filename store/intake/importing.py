"""A list brought into the ledger, a transaction for every few thousand rows."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from campaign.errors import BadInput, Fault
from store import campaigns, recipients
from store.campaigns import CampaignView
from store.intake.opening import open_source
from store.intake.reading import read_recipients
from store.intake.rejects import RejectsFile, rejects_path
from store.intake.rows import Reject
from store.intake.surveying import survey
from store.ledger import Ledger
from store.recipients import ImportView, NewRecipient

CHUNK = 10_000
"""Rows of one transaction."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What a reading of a list did."""

    counts: ImportView
    rejects: Path | None
    """Where the rows are that were passed over; None: there are none."""


def import_recipients(
    ledger: Ledger,
    campaign_id: str,
    now: datetime,
    *,
    strict: bool = False,
    flow_run_id: str | None = None,
) -> Imported:
    """Read a campaign's list into the ledger; whoever is there already stays as he is.

    Blocks, so call it from a thread of its own; may be killed anywhere and run again. A wrong row
    is passed over and written to `<list>.rejects.csv` beside the campaign file. Strict: nobody is
    imported if any row is wrong. Raises `BadInput` for a list that cannot be read or that strict
    refuses.
    """
    with ledger.reading() as db:
        campaign = campaigns.get(db, campaign_id)
    with RejectsFile(rejects_path(campaign.spec, Path(campaign.base_dir))) as rejects:
        if strict:
            _refuse_any_reject(campaign, rejects)
        counts = _read(ledger, campaign, rejects, now, flow_run_id)
    return Imported(counts, rejects.path if rejects.count else None)


def _read(
    ledger: Ledger,
    campaign: CampaignView,
    rejects: RejectsFile,
    now: datetime,
    flow_run_id: str | None,
) -> ImportView:
    with open_source(campaign.spec.recipients, Path(campaign.base_dir)) as source:
        rows = read_recipients(campaign.spec, source)
        import_id = ledger.run_sync(
            recipients.begin_import, campaign.id, source.name, now, flow_run_id=flow_run_id
        )
        for good, bad in _chunks(rows):
            for reject in bad:
                rejects.add(reject)
            ledger.run_sync(
                recipients.add_recipients,
                campaign.id,
                good,
                now,
                import_id=import_id,
                rejected=len(bad),
            )
        return ledger.run_sync(recipients.finish_import, import_id, now)


def _chunks(
    rows: Iterable[NewRecipient | Reject],
) -> Iterator[tuple[list[NewRecipient], list[Reject]]]:
    rows = iter(rows)
    while chunk := list(islice(rows, CHUNK)):
        good = [row for row in chunk if isinstance(row, NewRecipient)]
        bad = [row for row in chunk if isinstance(row, Reject)]
        yield good, bad


def _refuse_any_reject(campaign: CampaignView, rejects: RejectsFile) -> None:
    found = survey(campaign.spec, Path(campaign.base_dir), rejects)
    if not found.rejected:
        return
    message = f"{found.rejected} of {found.listed} rows are wrong, and nobody was imported (strict)"
    place = [
        Fault(
            reject.reason,
            source=found.list_name,
            line=reject.row_no,
            column=found.columns.index(reject.column) + 1 if reject.column else None,
            value=reject.value,
        )
        for reject in found.rejects
    ]
    remedy = f"Mend them, or leave --strict out. All of them are in {rejects.path}."
    raise BadInput(message, [Fault(message, remedy), *place])
