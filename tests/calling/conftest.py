"""Empty ledgers, as for the proofs of the protocol."""

from tests.protocol.conftest import empty_ledger, sqlite_ledger

__all__ = ["empty_ledger", "sqlite_ledger"]
