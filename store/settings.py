"""Where the ledger is."""

from pathlib import Path

from platformdirs import user_data_dir
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import URL


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
