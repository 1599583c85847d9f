"""Places as a campaign file names them: one that nobody knows would bind nobody, silently."""

from typing import Annotated

from pydantic import AfterValidator

from campaign.rules.places import states
from campaign.rules.zonedata import zones_of_country

_UNION = "EU"
NO_TABLE = "none"
"""In place of a country: by no rule table at all."""


def _check_country(text: str) -> str:
    if text.lower() != NO_TABLE and not zones_of_country(text):
        raise ValueError(f"a country is written US or GB; {NO_TABLE} stands for no rule table")
    return text


def _check_place(text: str) -> str:
    country, _, part = text.partition("-")
    listed = any(code.startswith(f"{country}-") for code in states())
    if not zones_of_country(country) or (part and listed and text not in states()):
        raise ValueError("a place is a country such as NL, or a state or province such as US-WA")
    return text


def _check_rule_place(text: str) -> str:
    return text if text == _UNION else _check_place(text)


Country = Annotated[str, AfterValidator(_check_country)]
"""A country, ISO 3166 alpha-2, or `none`."""
PlaceName = Annotated[str, AfterValidator(_check_place)]
"""A country, or a state or province of one."""
RulePlace = Annotated[str, AfterValidator(_check_rule_place)]
"""The same, or `EU`."""
