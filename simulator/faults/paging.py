"""Faults of lists: rows twice or missing, cursors that expire, loop or are ignored, wrong total."""

from collections.abc import Callable
from typing import Literal

from pydantic import Field

from simulator.exchange import Answer, Exchange
from simulator.faults.fault import Fault, Incident, Instead, succeeded
from simulator.faults.json_path import Row, edited, edited_rows, value_at


class DuplicateRows(Fault):
    """Show rows twice: some of this page, or some that the page before it has shown."""

    kind: Literal["duplicate_rows"] = "duplicate_rows"
    rows: int = Field(default=1, ge=1)
    of: Literal["this_page", "page_before"] = "page_before"

    async def after(self, answer: Answer, incident: Incident) -> Answer:
        """Show them again."""
        path = incident.endpoint.shape.rows
        if path is None or not succeeded(answer):
            return answer
        asked = _list_asked(incident)

        def repeat(rows: list[Row]) -> list[Row]:
            before: list[Row] = incident.memory.get(asked, [])
            incident.memory[asked] = rows
            again = rows[-self.rows :] if self.of == "this_page" else before[-self.rows :]
            return [*again, *rows]

        return edited_rows(answer, path, repeat)


class DropRows(Fault):
    """Leave rows out of a page; they are there when it is asked for again without the fault."""

    kind: Literal["drop_rows"] = "drop_rows"
    share: float = Field(default=0.2, ge=0, le=1)

    async def after(self, answer: Answer, incident: Incident) -> Answer:
        """Leave them out."""

        def thin(rows: list[Row]) -> list[Row]:
            return [row for row in rows if incident.random.random() >= self.share]

        return _on_rows(answer, incident, thin)


class ShuffleRows(Fault):
    """Show the rows of a page in a random order other than their own."""

    kind: Literal["shuffle_rows"] = "shuffle_rows"

    async def after(self, answer: Answer, incident: Incident) -> Answer:
        """Shuffle them."""

        def shuffle(rows: list[Row]) -> list[Row]:
            shuffled = incident.random.sample(rows, len(rows))
            return shuffled if shuffled != rows else rows[::-1]

        return _on_rows(answer, incident, shuffle)


class MovingRows(Fault):
    """Let rows move on while somebody pages: the last of a page are the first of the next read.

    As in a list that grows at its head; after the last page they are missing until the next pass.
    """

    kind: Literal["moving_rows"] = "moving_rows"
    rows: int = Field(default=1, ge=1)

    async def after(self, answer: Answer, incident: Incident) -> Answer:
        """Keep the last back, and show what was kept back."""
        asked = _list_asked(incident)

        def move(rows: list[Row]) -> list[Row]:
            pushed: list[Row] = incident.memory.get(asked, [])
            incident.memory[asked] = rows[-self.rows :]
            return [*pushed, *rows[: -self.rows]]

        return _on_rows(answer, incident, move)


def _list_asked(incident: Incident) -> str:
    """Which list a page is of, as seen by who pages: no row moves from one to another."""
    exchange, place = incident.exchange, incident.endpoint.shape.cursor_param
    filters = sorted(each for each in exchange.query.multi_items() if each[0] != place)
    return f"{exchange.account} {exchange.path} {filters}"


class EmptyPage(Fault):
    """Show no rows, and a cursor as if nothing had happened."""

    kind: Literal["empty_page"] = "empty_page"

    async def after(self, answer: Answer, incident: Incident) -> Answer:
        """Take all rows away."""

        def clear(rows: list[Row]) -> list[Row]:
            return rows[:0]

        return _on_rows(answer, incident, clear)


class RowsWithoutId(Fault):
    """Leave the id out of rows, or set it to null."""

    kind: Literal["rows_without_id"] = "rows_without_id"
    rows: int = Field(default=1, ge=1)
    null: bool = False

    async def after(self, answer: Answer, incident: Incident) -> Answer:
        """Take the ids away."""
        name = incident.endpoint.shape.row_id

        def strip(rows: list[Row]) -> list[Row]:
            nameless = [{key: value for key, value in row.items() if key != name} for row in rows]
            bad = [row | {name: None} if self.null else row for row in nameless]
            return bad[: self.rows] + rows[self.rows :]

        return _on_rows(answer, incident, strip)


class CursorExpired(Fault):
    """Refuse a cursor (or page, or offset) that was given out a moment ago."""

    kind: Literal["cursor_expired"] = "cursor_expired"
    status: int = Field(default=400, ge=400, le=499)

    async def before(self, incident: Incident) -> None:
        """Refuse it."""
        name = incident.endpoint.shape.cursor_param
        if name is not None and name in incident.exchange.query:
            raise Instead(incident.dialect.refusal(self.status, f"{name} has expired."))


class CursorIgnored(Fault):
    """Answer every page with the first one."""

    kind: Literal["cursor_ignored"] = "cursor_ignored"

    def disguise(self, exchange: Exchange, incident: Incident) -> Exchange:
        """Forget the cursor."""
        return _without(exchange, incident.endpoint.shape.cursor_param)


class CursorLoops(Fault):
    """Give the cursor that was sent as the cursor of the next page."""

    kind: Literal["cursor_loops"] = "cursor_loops"

    async def after(self, answer: Answer, incident: Incident) -> Answer:
        """Give it back."""
        shape = incident.endpoint.shape
        sent = incident.exchange.query.get(shape.cursor_param or "")
        if shape.cursor is None or sent is None or not succeeded(answer):
            return answer
        return edited(answer, shape.cursor, lambda _: sent)


class LimitIgnored(Fault):
    """Choose the length of pages without regard to what was asked for."""

    kind: Literal["limit_ignored"] = "limit_ignored"
    limit: int | None = Field(default=None, ge=1)
    """The length instead; None: the provider's default."""

    def disguise(self, exchange: Exchange, incident: Incident) -> Exchange:
        """Ask for something else."""
        name = incident.endpoint.shape.limit_param
        if name is None or self.limit is None:
            return _without(exchange, name)
        return exchange.asking({**exchange.query, name: str(self.limit)})


class WrongTotal(Fault):
    """Tell a total that is off."""

    kind: Literal["wrong_total"] = "wrong_total"
    by: int = -1
    up_to: int | None = None
    """With it, another one each time, off by something between `by` and this."""

    async def after(self, answer: Answer, incident: Incident) -> Answer:
        """Falsify it."""
        path = incident.endpoint.shape.total
        if path is None or not succeeded(answer):
            return answer
        total = value_at(answer, path)
        off = self.by if self.up_to is None else incident.random.randint(self.by, self.up_to)
        wrong = max(0, total + off) if isinstance(total, int) else total
        return edited(answer, path, lambda _: wrong)


def _on_rows(answer: Answer, incident: Incident, edit: Callable[[list[Row]], list[Row]]) -> Answer:
    path = incident.endpoint.shape.rows
    return answer if path is None or not succeeded(answer) else edited_rows(answer, path, edit)


def _without(exchange: Exchange, name: str | None) -> Exchange:
    return exchange.asking({key: value for key, value in exchange.query.items() if key != name})
