"""The empty ledger of the proof."""

from tests.protocol.conftest import empty_ledger

__all__ = ["empty_ledger"]
