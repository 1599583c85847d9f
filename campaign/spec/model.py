"""What every part of a campaign file is made of."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict
from pydantic.json_schema import WithJsonSchema

from campaign.durations import parse_duration

Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\d+(\.\d+)?\s*(ms|s|m|h|d|w)$",
            "examples": ["30s", "4h", "2d"],
        }
    ),
]
"""A length of time such as `30s`, `4h` or `2d`."""


def _above_zero(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("a length of time must be above zero here, such as 3m")
    return value


PositiveDuration = Annotated[Duration, AfterValidator(_above_zero)]
"""A length of time that is not nothing."""


class Model(BaseModel):
    """A part of a campaign file: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
