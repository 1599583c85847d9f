import pytest

import providers
from campaign.errors import Unsupported


def test_every_module_that_offers_a_provider_is_known_by_its_own_name() -> None:
    for name in providers.names():
        module = providers.adapter(name).__module__

        assert module.startswith(f"providers.{name}")


def test_the_five_providers_are_there_in_a_fixed_order() -> None:
    assert providers.names() == ("bland", "happyrobot", "vapi", "vocode", "vogent")


@pytest.mark.parametrize(
    "name, near", [("vogant", "vogent"), ("VAPI", "vapi"), ("happy_robot", "happyrobot")]
)
def test_a_name_that_is_almost_right_is_corrected(name: str, near: str) -> None:
    with pytest.raises(Unsupported, match=f"did you mean '{near}'"):
        providers.adapter(name)


@pytest.mark.parametrize("name", ["", "twilio", "port", "http", "__init__"])
def test_a_name_that_is_no_providers_is_refused_with_those_that_are(name: str) -> None:
    with pytest.raises(Unsupported, match="bland, happyrobot, vapi, vocode, vogent"):
        providers.adapter(name)
