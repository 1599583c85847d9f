"""The accounts that calls are placed on."""

from datetime import datetime

from sqlmodel import Field

from store.database.columns import Row, text_column, time_column


class Account(Row, table=True):
    """One key at one provider, and how far it is to be left alone: shared by all runners."""

    id: str = Field(primary_key=True)
    """The provider, and a keyed fingerprint of base URL and key."""
    provider: str = Field(index=True)
    left_alone_until: datetime | None = time_column()
    """Nothing is asked before; NULL or past: at once."""
    lines_free_at: datetime | None = time_column()
    """No call is placed before, as no line was free; everything else goes on."""
    untold: int = 0
    """Refusals in a row that did not say for how long."""
    reason: str = text_column()
    """Of the last refusal for being asked too much, in our words."""
    changed_at: datetime = time_column(nullable=False)
