"""A campaign from beginning to end, and who was rung."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from simulator.faults.rules import Rule
from simulator.ledger import Ring
from simulator.people import People, Reaction
from simulator.settings import SimulatorSettings
from store import suppressions
from tests.calling.oracle import Rung, complaints
from tests.calling.people import Row
from tests.protocol import driver
from tests.protocol.world import World, begin

RECIPIENTS = {
    "source": "people.csv",
    "country": "US",
    "timezone": "timezone",
    "state": "state",
    "postcode": "postcode",
    "country_column": "country",
    "consent": "consent",
    "consent_date": "consent_date",
}
LIMITS = {"concurrency": 50, "batch_size": 50, "open_batches": 4}
PACE = {"min": "2m", "max": "20m", "settle": "2m"}
"""Of polling: seldom, so that days pass quickly."""
PEOPLE = People(
    mode="script",
    script={
        "06": [Reaction.NO_ANSWER],
        "07": [Reaction.VOICEMAIL, Reaction.BUSY, Reaction.ANSWERED],
        "13": [Reaction.BUSY],
    },
)
"""Nobody of whom nothing is ever heard again: that is waited for a whole day."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Who is called by what campaign, from when on."""

    api: str
    people: Sequence[Row]
    policy: Mapping[str, Any]
    start: datetime
    limits: Mapping[str, Any] = field(default_factory=dict[str, Any])
    settings: SimulatorSettings = field(default_factory=lambda: SimulatorSettings(people=PEOPLE))
    suppress: Mapping[str, str] = field(default_factory=dict[str, str])
    """Numbers that are suppressed when the runner comes by a point for the first time."""
    faults: Sequence[Rule] = ()
    earlier: Mapping[str, Any] | None = None
    """The policy of another campaign that called these people before."""


@dataclass(frozen=True, kw_only=True)
class Played:
    """What came of it."""

    scene: Scene
    rings: Sequence[Rung]
    suppressed: Mapping[str, datetime]
    books: str
    problems: Sequence[str]

    @property
    def complaints(self) -> list[str]:
        """What the oracle says."""
        people = {row["phone_number"]: row for row in self.scene.people}
        return complaints(self.scene.policy, people, self.rings, self.suppressed)


async def play(scene: Scene, folder: Path, ledger: str) -> Played:
    """Run the campaign until nobody is due, in a time of its own."""
    suppressed: dict[str, datetime] = {}
    with begin(
        scene.api,
        folder,
        ledger,
        people=scene.people,
        settings=scene.settings,
        start=scene.start,
        recipients=RECIPIENTS,
        policy=scene.policy,
        limits={**LIMITS, **scene.limits},
        polling=PACE,
    ) as world:
        world.storm(scene.faults)
        async with world.runtime() as runtime:
            watched = runtime.ledger

            def reached(point: str) -> None:
                for number, where in scene.suppress.items():
                    if number not in suppressed and point == where:
                        suppressed[number] = runtime.clock.now()
                        with watched.engine.begin() as db:
                            suppressions.add(
                                db,
                                [number],
                                reason="asked",
                                source="test",
                                now=suppressed[number],
                            )

            watched.at = reached  # pyright: ignore[reportAttributeAccessIssue] - a watched one
            if scene.earlier is not None:
                await driver.run(runtime, _earlier(world.file, scene.earlier))
            campaign_id = await driver.run(runtime, world.file)
            books = await driver.balance(runtime, campaign_id)
        return Played(
            scene=scene,
            rings=rings_of(world),
            suppressed=suppressed,
            books=books.in_words,
            problems=books.problems,
        )


def _earlier(file: Path, policy: Mapping[str, Any]) -> Path:
    """The same campaign by another name and policy."""
    said = json.loads(file.read_text()) | {"name": "earlier", "policy": policy}
    earlier = file.with_name("earlier.yaml")
    earlier.write_text(json.dumps(said))
    return earlier


def rings_of(world: World) -> list[Rung]:
    """Everybody who was rung, by the simulator's own ledger."""
    stage = world.simulator.stage
    stage.world.network.advance()
    starts = [one.at for one in stage.world.ledger.requests if one.route == "start"]
    return [
        Rung(
            number=ring.call.number,
            at=datetime.fromtimestamp(ring.rang_at, UTC),
            asked_at=datetime.fromtimestamp(_asked(ring, starts), UTC),
        )
        for ring in stage.world.ledger.rings
    ]


def _asked(ring: Ring, starts: Sequence[float]) -> float:
    """Where creating rings nobody, it is the start that rings."""
    asked = ring.call.order.accepted_at
    return max([asked, *(at for at in starts if at <= ring.rang_at)])
