"""What every part of a campaign file is made of."""

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict
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


class Model(BaseModel):
    """A part of a campaign file: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
