"""Have Prefect mark flow runs as crashed whose process no longer says that it lives.

Run it once per Prefect server, again after an upgrade: `python -m deployments.automations`. Only
the mark: the sweeper brings crashed campaigns back, with an age and a count, as a run that crashes
at import would otherwise come back for ever.
"""

from datetime import timedelta

from prefect.automations import Automation
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification

# At least three heartbeats (PREFECT_FLOWS_HEARTBEAT_FREQUENCY=30): with the default of 180 s
# healthy runs would be ended.
SILENCE = timedelta(seconds=120)


def silent_runs() -> Automation:
    """Return the automation that ends runs without a heartbeat."""
    return Automation(
        name="outdial-silent-runs",
        description="A silent flow run is crashed; resume-campaigns goes on with its campaign.",
        trigger=EventTrigger(
            after={"prefect.flow-run.heartbeat"},
            expect={"prefect.flow-run.*"},
            match=ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]}),
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=SILENCE,
        ),
        actions=[
            ChangeFlowRunState(
                state=StateType.CRASHED, message="No heartbeat: the worker or the process died."
            )
        ],
    )


def ensure(automation: Automation) -> str:
    """Create the automation, or bring the one of its name up to date; returns which."""
    try:
        automation.id = Automation.read(name=automation.name).id
    except ValueError:
        automation.create()
        return "created"
    automation.update()
    return "updated"


if __name__ == "__main__":
    print(ensure(silent_runs()))  # noqa: T201 - this is what the command says
