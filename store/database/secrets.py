"""Secrets that this ledger made for itself, each behind one kind of hash."""

import hmac
import secrets

from sqlalchemy import Connection, select

from store.database import bulk
from store.database.columns import table_of
from store.tables import LedgerSetting

_SETTING = table_of(LedgerSetting)


class KeyedHash:
    """Turns text into this ledger's keyed hashes of one kind.

    The secret stays in the ledger: without it, hashes cannot be told apart by trying all texts.
    """

    def __init__(self, db: Connection, name: str) -> None:
        # Begun once, as the key takes longer than a number.
        self._begun = hmac.new(_secret(db, name), digestmod="sha256")

    def __call__(self, text: str) -> str:
        """Return 64 hexadecimal digits, always the same for a text."""
        keyed = self._begun.copy()
        keyed.update(text.encode())
        return keyed.hexdigest()


def _secret(db: Connection, name: str) -> bytes:
    query = select(_SETTING.c.value).where(_SETTING.c.name == name)
    known = db.scalar(query)
    if known is None:
        # Whoever else makes one at the same moment wins: the first row stays.
        made = (name, secrets.token_hex(32))
        bulk.insert(db, _SETTING, ("name", "value"), [made], skip_existing=True)
        known = db.scalars(query).one()
    return bytes.fromhex(known)
