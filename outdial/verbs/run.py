"""`outdial run`: a campaign from its file to its books."""

import sys
from pathlib import Path

import click

from campaign.clock import SystemClock
from campaign.errors import BadInput, Fault
from campaign.states import CampaignState
from outdial.failures import DONE, INTERRUPTED, NEEDS_ATTENTION
from outdial.loading import Loaded, load
from outdial.progress import progress
from outdial.rehearsal import rehearse
from outdial.running import prepare_prefect, run_to_end
from outdial.summary import Standing, print_standing, standing
from outdial.terminal import tell
from providers.settings import access
from store import campaigns
from store.campaigns import CampaignView
from store.ledger import Ledger
from store.plans import binding
from store.plans.fingerprint import read_hash


@click.command(epilog="Example: outdial run spring-renewals.yaml")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--strict", is_flag=True, help="Import nobody if any row of the list is wrong.")
@click.option(
    "--yes",
    "--live",
    "confirmed",
    is_flag=True,
    help="Dial real telephones without asking for the campaign's name.",
)
@click.option("--plan", "plan", metavar="HASH", help="Run just this plan of `outdial plan`.")
@click.pass_context
def command(
    context: click.Context, file: Path, *, strict: bool, confirmed: bool, plan: str | None
) -> None:
    """Run the campaign in FILE to its end, or go on with it.

    It may be stopped anywhere, and run again: nobody is called twice. Exit code 1: some people or
    batches need a look, see `outdial status`. With --plan only the people of
    that plan are called; a plan that has changed is not run, and what has changed is told.
    """
    wanted = None if plan is None else read_hash(plan)
    loaded = load(file)
    rehearse(loaded)
    live = _live_providers(loaded)
    with Ledger.open() as ledger:
        if wanted is not None:
            binding.verify(ledger, loaded.spec, loaded.base_dir, wanted, SystemClock().now())
        if live and not confirmed:
            _confirm(ledger, loaded, live)
        said = run_loaded(ledger, loaded, strict=strict, debug=_debug(context), plan=wanted)
    context.exit(NEEDS_ATTENTION if said.needs_attention or not said.books.closes else DONE)


def run_loaded(
    ledger: Ledger,
    loaded: Loaded,
    *,
    strict: bool = False,
    debug: bool = False,
    plan: str | None = None,
    go_on: str | None = None,
) -> Standing:
    """Enroll and run a campaign with its progress on stderr, and print how it stands at the end.

    `go_on`: what to say to whoever interrupts it, instead of the command that goes on.
    """
    clock = SystemClock()
    view = ledger.run_sync(
        campaigns.enroll, loaded.spec, str(loaded.base_dir), clock.now(), plan=plan
    )
    try:
        prepare_prefect(console_level="INFO" if debug else "CRITICAL")
        with progress(ledger, view.id, view.name):
            run_to_end(view.name, strict=strict, plan=plan)
    except KeyboardInterrupt:
        told = go_on or f"Go on with: outdial run {_file(loaded)}"
        tell(f"Stopped safely: nobody is called twice. {told}")
        raise click.exceptions.Exit(INTERRUPTED) from None
    with ledger.reading() as db:
        said = standing(db, campaigns.get(db, view.id), clock.now())
    print_standing(said, clock.now())
    return said


def _live_providers(loaded: Loaded) -> list[str]:
    """Return the providers that ring real telephones. Raises `BadInput` for every missing key."""
    live: list[str] = []
    faults: list[Fault] = []
    for share in loaded.spec.shares:
        try:
            if access(share.provider).live:
                live.append(share.provider)
        except BadInput as error:
            faults += error.faults
    if faults:
        raise BadInput("keys are missing", faults)
    return live


def _confirm(ledger: Ledger, loaded: Loaded, live: list[str]) -> None:
    """Have the campaign's name typed before its first call; who goes on with it has typed it."""
    name = loaded.spec.name
    with ledger.reading() as db:
        known = _find(campaigns.listing(db), name)
    if known is not None and known.state is not CampaignState.DRAFT:
        return
    if not sys.stdin.isatty():
        message = f"this would dial real telephones through {', '.join(live)}"
        raise BadInput(message, [Fault(message, "Add --yes if you mean it.")])
    tell(f"This dials real telephones through {', '.join(live)}.")
    typed = click.prompt("Type the campaign's name to go on", err=True)
    if typed.strip() != name:
        message = "that is not the campaign's name; nobody was called"
        raise BadInput(message, [Fault(message, f"Type {name}.", value=typed)])


def _find(known: list[CampaignView], name: str) -> CampaignView | None:
    return next((view for view in known if view.name == name), None)


def _file(loaded: Loaded) -> Path:
    return loaded.base_dir / loaded.draft.source


def _debug(context: click.Context) -> bool:
    return bool(context.find_root().params.get("debug"))
