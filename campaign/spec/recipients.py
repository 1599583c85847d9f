"""Where the people of a campaign come from."""

from pydantic import Field

from campaign.spec.model import Model


class RecipientSource(Model):
    """Where the people come from and what the columns mean."""

    source: str = Field(min_length=1, examples=["people.csv"])
    """A .csv, .jsonl, .parquet or .xlsx file (relative to the campaign file), or an SQLAlchemy URL
    when `query` is set.
    """
    query: str | None = None
    """SQL text to run at `source`; one row per recipient."""
    sheet: str | None = None
    """Which sheet of an .xlsx file; the first if missing."""
    phone: str = Field(default="phone_number", min_length=1)
    """The column with the telephone number."""
    country: str | None = Field(default=None, pattern=r"^[A-Z]{2}$", examples=["US"])
    """Country (ISO 3166 alpha-2) of numbers written without country code.

    Never guessed: without it such numbers are rejected.
    """
    timezone: str | None = None
    """The column with the person's own IANA time zone."""
    state: str | None = None
    """The column with the state or province, such as `FL`."""
    postcode: str | None = None
    """The column with the ZIP or post code."""
    country_column: str | None = None
    """The column with the country where the person is (ISO 3166 alpha-2, such as `DE`)."""
    external_id: str | None = None
    """The column with your own id of the person; shown in exports as `recipient_id`."""
    consent: str | None = None
    """The column with the kind of consent: `express`, `written`, `none`."""
    consent_date: str | None = None
    """The column with the date of consent."""
    consent_source: str | None = None
    """The column that says where the consent was given."""
