"""Where we are in one of Vogent's lists: cursors are opaque, and nothing says that they end."""

from typing import Self

import msgspec

from campaign.errors import Unreadable

# docs.vogent.ai/api-reference/list-agents: 100 is the default of the lists that document one.
PAGE_LIMIT = 100


class Rows(msgspec.Struct):
    """One page of any list; both fields are required by the OpenAPI document."""

    data: list[msgspec.Raw] | None
    cursor: str | None = None


class Place(msgspec.Struct, frozen=True):
    """A page to be read. The trail of cursors stays with it, so that a circle is noticed."""

    cursor: str | None = None
    seen: tuple[str, ...] = ()
    after_empty: bool = False

    @property
    def query(self) -> dict[str, str | int | None]:
        """The parameters that ask for this page."""
        return {"limit": PAGE_LIMIT, "cursor": self.cursor}

    def onward(self, rows: Rows) -> Self | None:
        """Return the next place; None at the end. Raises `Unreadable` if we were there before.

        Whether an empty page is the last is not documented: one is passed over, two are the end.
        """
        empty = not rows.data
        if not rows.cursor or (empty and self.after_empty):
            return None
        if rows.cursor in self.seen:
            if empty:
                return None
            raise Unreadable("the provider's pages go round in a circle")
        return type(self)(rows.cursor, (*self.seen, rows.cursor), after_empty=empty)
