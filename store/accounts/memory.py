"""Provider accounts: what all runners of this ledger know of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, or_, select, update

from campaign.errors import RateLimited
from campaign.patience import Patience
from store.database import bulk
from store.database.columns import table_of
from store.database.secrets import KeyedHash
from store.tables import Account

_ACCOUNT = table_of(Account)
_SECRET = "account_secret"  # noqa: S105 - the name of the row, not the secret
_DIGITS = 12
_COLUMNS = ("id", "provider", "untold", "reason", "changed_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftAlone:
    """An account that is not asked now. Times are aware UTC."""

    provider: str
    until: datetime
    reason: str
    """What became of the last request, in our words."""
    lines_only: bool
    """Only calls wait; results still come home."""


def open_account(db: Connection, provider: str, fingerprint: str, now: datetime) -> str:
    """Return the id of an account, and make its row if it is new."""
    digest = KeyedHash(db, _SECRET)(fingerprint)
    account_id = f"{provider}-{digest[:_DIGITS]}"
    row = (account_id, provider, 0, "", now)
    bulk.insert(db, _ACCOUNT, _COLUMNS, [row], skip_existing=True)
    return account_id


# Built once: to put a query together takes longer than to run it, and every request asks this.
_GET = select(_ACCOUNT).where(_ACCOUNT.c.id == bindparam("its_id"))
_LOCKED = _GET.with_for_update()


def patience(db: Connection, account_id: str, *, lock: bool = False) -> Patience:
    """Return what is known of an account.

    `lock`: and let nobody else look with a lock before this transaction has ended.
    """
    row = db.execute(_LOCKED if lock else _GET, {"its_id": account_id}).one()
    return Patience(free_at=row.left_alone_until, lines_at=row.lines_free_at, untold=row.untold)


def refused(db: Connection, account_id: str, refusal: RateLimited, now: datetime) -> None:
    """Have everybody heed what one was told."""
    known = patience(db, account_id, lock=True).after(refusal, now)
    values: dict[str, object] = {
        "left_alone_until": known.free_at,
        "lines_free_at": known.lines_at,
        "untold": known.untold,
        "changed_at": now,
    }
    if not refusal.capacity:
        values["reason"] = _words(refusal)
    db.execute(update(_ACCOUNT).where(_ACCOUNT.c.id == account_id).values(values))


def left_alone(db: Connection, providers: Sequence[str], now: datetime) -> list[LeftAlone]:
    """Return the accounts at some providers that are not asked, or not asked for calls, now."""
    a = _ACCOUNT.c
    waits = or_(a.left_alone_until > now, a.lines_free_at > now)
    rows = db.execute(select(_ACCOUNT).where(a.provider.in_(providers), waits).order_by(a.id)).all()
    return [
        LeftAlone(provider=row.provider, until=until, reason=reason, lines_only=lines_only)
        for row in rows
        for until, reason, lines_only in (
            (row.left_alone_until, row.reason, False),
            (row.lines_free_at, "has no free line", True),
        )
        if until is not None and until > now
    ]


def _words(refusal: RateLimited) -> str:
    asked = "asked us to wait" if refusal.retry_after else "refused us for asking too much"
    return asked if refusal.status is None else f"{asked} ({refusal.status})"
