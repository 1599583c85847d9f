"""The tables of the ledger. All times are UTC, durations seconds, money USD.

Names and columns are a contract: users query them with SQL of their own. Ids are natural where
there is a natural one: a batch is `<campaign>-<no>`, a submission is its tag, an attempt is
(recipient, no), a call is (provider, provider's id).
"""

from sqlmodel import SQLModel

from store.tables.accounts import Account
from store.tables.batches import Attempt, Batch, Submission, SubmitLog, Surplus
from store.tables.calls import Call, CallVersion, UnreadRow
from store.tables.campaigns import Campaign, Import, Recipient
from store.tables.control import Audit, Incident, KeptPlan, LedgerSetting, Suppression

METADATA = SQLModel.metadata
"""All of them."""

__all__ = [
    "METADATA",
    "Account",
    "Attempt",
    "Audit",
    "Batch",
    "Call",
    "CallVersion",
    "Campaign",
    "Import",
    "Incident",
    "KeptPlan",
    "LedgerSetting",
    "Recipient",
    "Submission",
    "SubmitLog",
    "Suppression",
    "Surplus",
    "UnreadRow",
]
