"""Everything that can be set on a simulator."""

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from simulator.calls import Settle
from simulator.dialects.bland.settings import BlandSettings
from simulator.dialects.happyrobot.settings import HappyRobotSettings
from simulator.dialects.vapi.settings import VapiSettings
from simulator.dialects.vocode.settings import VocodeSettings
from simulator.dialects.vogent.settings import VogentSettings
from simulator.faults.rules import FaultPlan
from simulator.people import People
from simulator.turnstile import RequestLimit

Provider: TypeAlias = Literal["bland", "happyrobot", "vapi", "vocode", "vogent"]


class SimulatorSettings(BaseModel):
    """One simulator: network, people, faults, and each provider's switches."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = 0
    """Decides how every ring goes. The same seed and numbers ring the same."""
    speed: float = Field(default=1.0, gt=0)
    """How many times faster than life ringing and talking pass."""
    api_keys: Sequence[str] = ("test-key",)
    """API keys that open every provider; each is an account of its own."""
    repeat_ids: bool = False
    """Make the same ids after every start: for tests. Off, because a client's database must not
    meet an id twice.
    """
    people: People = Field(default_factory=People)
    settle: Settle = Field(default_factory=Settle)
    faults: FaultPlan = Field(default_factory=FaultPlan)
    request_limits: Mapping[Provider, RequestLimit] = Field(
        default_factory=dict[Provider, RequestLimit]
    )
    """By provider, for each account; more are refused with 429. None is set by default."""
    bland: BlandSettings = Field(default_factory=BlandSettings)
    vogent: VogentSettings = Field(default_factory=VogentSettings)
    happyrobot: HappyRobotSettings = Field(default_factory=HappyRobotSettings)
    vapi: VapiSettings = Field(default_factory=VapiSettings)
    vocode: VocodeSettings = Field(default_factory=VocodeSettings)
