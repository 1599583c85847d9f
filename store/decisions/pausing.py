"""The switch that stops everything: read at the last moment before a byte leaves."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select, text

from store.database import bulk
from store.database.columns import table_of
from store.decisions import audit
from store.tables import LedgerSetting

_SETTING = table_of(LedgerSetting)
_NAME = "paused"
_SUBJECT = "everything"
_LOCK = 0x73746F70  # "stop": PostgreSQL's advisory locks are numbers.


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Who has stopped everything, when and why."""

    actor: str
    reason: str
    since: datetime

    @property
    def in_words(self) -> str:
        """By whom and why, as `outdial status` says it of a single campaign."""
        return f"{self.actor}: {self.reason}"


def pause_all(db: Connection, *, actor: str, reason: str, now: datetime) -> bool:
    """Let no campaign of this ledger send anything from now on; what is under way goes on.

    Returns False if it was so already. Raises `ValueError` without a name and a reason.
    """
    _lock(db, "pg_advisory_xact_lock")
    said = json.dumps({"actor": actor, "reason": reason, "since": now.isoformat()})
    made = bulk.insert(db, _SETTING, ("name", "value"), [(_NAME, said)], skip_existing=True) == 1
    if made:
        audit.append(db, actor=actor, verb="pause", subject=_SUBJECT, reason=reason, now=now)
    return made


def resume_all(db: Connection, *, actor: str, reason: str, now: datetime) -> bool:
    """Undo it: campaigns go on as far as they are not paused themselves.

    Returns False if nothing was paused. Raises `ValueError` without a name and a reason.
    """
    undone = db.execute(delete(_SETTING).where(_SETTING.c.name == _NAME)).rowcount == 1
    if undone:
        audit.append(db, actor=actor, verb="resume", subject=_SUBJECT, reason=reason, now=now)
    return undone


def paused(db: Connection, *, and_stays_so: bool = False) -> Pause | None:
    """Return who has stopped everything; None: nobody has.

    `and_stays_so`: nobody can before this transaction has ended.
    """
    if and_stays_so:
        _lock(db, "pg_advisory_xact_lock_shared")
    value = db.scalar(select(_SETTING.c.value).where(_SETTING.c.name == _NAME))
    if value is None:
        return None
    said = json.loads(value)
    return Pause(
        actor=said["actor"],
        reason=said["reason"],
        since=datetime.fromisoformat(said["since"]),
    )


def _lock(db: Connection, function: str) -> None:
    """On SQLite one transaction writes at a time anyway."""
    if db.dialect.name == "postgresql":
        db.execute(text(f"SELECT {function}(:number)"), {"number": _LOCK})
