"""What must hold of rows: each that was delivered in a page that was taken is kept."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.protocol.case import Case
from tests.protocol.pages import TakenPage

ROWS: Mapping[str, str] = {
    "vogent": "data",
    "bland": "calls",
    "bland-v1": "call_data",
    "happyrobot": "calls",
    "vapi": "results",
    "vapi-call": "",
    "vocode": "items",
}
"""The field in which an API's pages have their rows; empty: the page is a bare list."""
READS_SINGLY = frozenset({"vocode"})
"""A few calls are read one by one instead of a page."""
NOT_YET_A_CALL: Mapping[str, Mapping[str, str]] = {"vapi": {"status": "contact.pending"}}
"""Rows of people whom the provider has not come to: they have no call, and may get one."""
_SECRETS = frozenset(
    {"Authorization", "api_key", "auth_token", "authorization", "credentials", "encrypted_key"}
    | {"headers", "hook", "hooks", "monitor", "secret", "server", "telephony_account_connection"}
    | {"agent", "use_case"}
)
"""Fields of which the ledger keeps nothing, or of the configuration that they quote not all."""


def every_row_kept(case: Case) -> Iterator[str]:
    """Every row of every page that was taken is kept: as it came, and byte for byte."""
    batches = {one.key: one.batch_id for one in case.books.attempts}
    kept = {_canonical(_read(raw)) for raw in case.books.raws}
    for page in case.pages:
        ours = [raw for raw in page.rows if _ours(raw.decode(errors="replace"), page, batches)]
        if not case.books.raws.issuperset(ours):
            yield f"rows of a page of {page.batch_id} are not kept byte for byte"
        for row in _delivered(case.api, page):
            said = _canonical(row)
            if said not in kept and _ours(said, page, batches):
                yield f"a row that was delivered for {page.batch_id} is kept nowhere"


def _delivered(api: str, page: TakenPage) -> Iterator[Any]:
    """The rows as they came over the wire, whatever the adapter made of them."""
    for answer in page.answers:
        content = _read(answer)
        if not ROWS[api]:
            yield from content
        elif ROWS[api] in content:
            yield from (row for row in content[ROWS[api]] or () if not _waits(api, row))
        elif api in READS_SINGLY:
            yield content


def _waits(api: str, row: Any) -> bool:
    expected = NOT_YET_A_CALL.get(api)
    return expected is not None and not row.get("callId") and expected.items() <= row.items()


def _ours(said: str, page: TakenPage, batches: Mapping[str, str]) -> bool:
    """In a list of the whole account: what another batch's sweep will take in is not lost."""
    return all(batch_id == page.batch_id for key, batch_id in batches.items() if key in said)


def _canonical(row: Any) -> str:
    """The row as text; of half an emoji, which no strict JSON can hold, a question mark."""
    text = json.dumps(row, sort_keys=True, ensure_ascii=False)
    return text.encode(errors="replace").decode()


def _read(raw: bytes) -> Any:
    """Read JSON, be it strict or not, without the secrets of others."""
    text = raw.decode("utf-8-sig", errors="replace")
    return json.loads(text, strict=False, parse_constant=lambda _: None, object_hook=_less_secrets)


def _less_secrets(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in _SECRETS}
