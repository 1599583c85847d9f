"""`outdial plan`: who would be called, when, by whom, and why the others would not."""

from datetime import datetime
from pathlib import Path

import click

from campaign.clock import SystemClock
from campaign.errors import BadInput, Fault
from outdial.failures import DONE, NEEDS_ATTENTION
from outdial.loading import load
from outdial.planned import Shown, as_json, batch_sizes, print_plan
from outdial.terminal import print_json
from store.ledger import Ledger
from store.plans import binding

_FILES = (".yaml", ".yml", ".json")


@click.command(epilog="Example: outdial plan spring-renewals.yaml")
@click.argument("campaign", metavar="FILE|CAMPAIGN")
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Show the first N calls one by one too.",
)
@click.option("--json", "json", is_flag=True, help="Print it as JSON.")
@click.pass_context
def command(context: click.Context, campaign: str, *, limit: int, json: bool) -> None:
    """Plan the campaign in FILE, or a CAMPAIGN that is in the ledger, and call nobody.

    Shows who would be called, when by their own clocks, through which provider and at what cost,
    and counts each reason for which others would not be. The plan has a hash: `outdial run FILE
    --plan HASH` runs just that plan, and refuses if it has changed. Exit code 1: nobody would be
    called.
    """
    shown = _shown(campaign, limit, SystemClock().now())
    if json:
        print_json(as_json(shown))
    else:
        print_plan(shown)
    context.exit(DONE if shown.plan.called else NEEDS_ATTENTION)


def _shown(campaign: str, limit: int, now: datetime) -> Shown:
    path = Path(campaign)
    loaded = load(path) if path.suffix in _FILES or path.exists() else None
    with Ledger.open() as ledger:
        known = binding.find(ledger, loaded.spec.name if loaded else campaign)
        if loaded is None and known is None:
            message = "there is no such campaign file, and no such campaign in this ledger"
            remedy = "`outdial status` lists the campaigns that there are."
            raise BadInput(message, [Fault(message, remedy, value=campaign)])
        spec = loaded.spec if loaded else known.spec if known else None
        assert spec is not None  # noqa: S101 - one of the two is there
        held = known is not None and known.held_to_plan(spec)
        plan = binding.plan_of(
            ledger,
            spec,
            now,
            # Whoever is held to a plan reads no list any more.
            base_dir=loaded.base_dir if loaded and not held else None,
            campaign_id=known.id if known else None,
            shown=limit,
        )
    return Shown(
        plan=plan,
        spec=spec,
        batch_sizes=batch_sizes(spec),
        held_to=known.plan if known and held else None,
    )
