"""Times as providers write them, and as we write them."""

from datetime import UTC, datetime

# Unix times above it are in milliseconds: as seconds they would lie beyond the year 5000.
_MILLISECONDS_FROM = 1e11
_ZERO_YEAR = 1970


def moment(said: object) -> datetime | None:
    """Read ISO 8601 text or a unix time in seconds or milliseconds, in aware UTC.

    Text without a zone is taken for UTC. None for what is missing, no time, or before 1971 (a zero
    in one unit or another): a bad time is not worth losing a call for.
    """
    try:
        read = _read(said)
    except (ValueError, OverflowError, OSError):
        return None
    return read if read and read.year > _ZERO_YEAR else None


def seconds_between(start: datetime | None, end: datetime | None) -> float | None:
    """Return the length of a call; None if a time is missing or the clock ran backwards."""
    if start is None or end is None or end < start:
        return None
    return (end - start).total_seconds()


def iso(at: datetime) -> str:
    """Return ISO 8601 in UTC with milliseconds and `Z`, the form that every provider reads."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _read(said: object) -> datetime | None:
    if isinstance(said, str):
        read = datetime.fromisoformat(said.strip())
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    if isinstance(said, int | float) and not isinstance(said, bool):
        return datetime.fromtimestamp(said / 1000 if said > _MILLISECONDS_FROM else said, UTC)
    return None
