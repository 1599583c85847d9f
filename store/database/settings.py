"""Where the ledger is."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from platformdirs import user_data_dir
from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import URL

from campaign.durations import parse_duration

LEASE = timedelta(minutes=5)
"""Longer than a submit may take."""


def default_database_url() -> SecretStr:
    """Return the URL of `outdial.db` in the user's data directory."""
    path = Path(user_data_dir("outdial")) / "outdial.db"
    return SecretStr(URL.create("sqlite", database=str(path)).render_as_string())


class LedgerSettings(BaseSettings):
    """Read from the environment."""

    model_config = SettingsConfigDict(
        env_prefix="OUTDIAL_", env_ignore_empty=True, use_attribute_docstrings=True
    )

    database_url: SecretStr = Field(default_factory=default_database_url)
    """`OUTDIAL_DATABASE_URL`, an SQLAlchemy URL; it may hold a password."""
    lease: Annotated[
        timedelta, BeforeValidator(parse_duration), Field(gt=timedelta(0), le=timedelta(days=1))
    ] = LEASE
    """`OUTDIAL_LEASE`: after so long without an outcome the claim of a runner on another machine is
    taken over. Less than a submit takes (up to 3 minutes) makes doubts, and no second calls."""
