"""Errors, named after what the caller does next.

All arguments but the message are optional keywords: an exception may be pickled on its way through
Prefect, and unpickling passes only the message.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta


class OutdialError(Exception):
    """The root of everything that outdial raises on purpose."""


class ProviderError(OutdialError):
    """A provider did not do what was asked; `status` is its HTTP status if it gave one.

    The message never holds a telephone number, a variable or a key: it may be logged.
    """

    def __init__(self, message: str, *, status: int | None = None, reason: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        """The provider's own words, for the ledger and the operator; not for a log."""


class Transient(ProviderError):
    """It surely did not happen: the same again, later."""


class NotSent(Transient):
    """Not one byte of the request left: send it again freely."""


class RateLimited(Transient):
    """Too fast: the same again after `retry_after` (None: the provider did not say)."""

    def __init__(
        self,
        message: str,
        *,
        retry_after: timedelta | None = None,
        capacity: bool = False,
        status: int | None = None,
        reason: str = "",
    ) -> None:
        super().__init__(message, status=status, reason=reason)
        self.retry_after = retry_after
        self.capacity = capacity
        """The account has no free line, as opposed to too many requests."""


class Ambiguous(ProviderError):
    """A write may have happened: look it up by our tag, never repeat it blindly."""


class Rejected(ProviderError):
    """Wrong, and will be wrong again: nothing was done; keep their words."""


class Unauthorized(ProviderError):
    """Nothing was done, and the account can do nothing: stop everything that uses the key."""


class NotFound(ProviderError):
    """The provider does not know this id, or not yet."""


class Unsupported(ProviderError):
    """It cannot be said in this provider's API: fix the campaign."""


class Unreadable(ProviderError):
    """The answer has an unknown shape: keep the raw answer, look again later."""


class Stopped(OutdialError):
    """Our own last check before the first byte said no; nothing was sent."""


class Hindered(Stopped):
    """Something is in the way of every submission until a person has mended it."""

    remedy = ""
    """What the person does."""


class ClocksDiffer(Hindered):
    """The provider's clock is not ours: ask it for the time again before anything is sent."""

    remedy = "set the clock of this machine right"


class NoRoom(Hindered):
    """What comes of a request could perhaps not be written down."""

    remedy = "make room on that disk"


class IllegalTransition(OutdialError):
    """A state may not follow another: a bug in the caller."""

    def __init__(self, current: str, following: str = "") -> None:
        super().__init__(f"{following or '?'} may not follow {current}" if following else current)


class CampaignBusy(OutdialError):
    """Another runner is at work on this campaign: leave it alone."""


class LedgerError(OutdialError):
    """The database cannot be used as it is; the message says what to do."""


class LedgerUnavailable(LedgerError):
    """The database failed in the middle of the work: mend it, and run the same again."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with the user's input, and how to mend it."""

    message: str
    remedy: str = ""
    source: str = ""
    line: int | None = None
    column: int | None = None
    value: str = ""
    """The offending value as the user wrote it; shown on a terminal, never logged."""

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.source, self.line, self.column) if part)
        said = f" (got {self.value!r})" if self.value else ""
        remedy = f" {self.remedy}" if self.remedy else ""
        return (
            f"{place}: {self.message}{said}.{remedy}" if place else f"{self.message}{said}.{remedy}"
        )


class BadInput(OutdialError):
    """The user's file, setting or argument is wrong; `faults` says where and how to mend it."""

    def __init__(self, message: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults) or (Fault(message),)
