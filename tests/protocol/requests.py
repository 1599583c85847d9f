"""What must hold of every request that reached the provider, or left from here."""

from collections import defaultdict
from collections.abc import Iterator
from urllib.parse import parse_qsl

from tests.protocol.case import Case

STATE_FILTERS = frozenset({"status", "statuses", "state", "states", "completed", "stage"})
"""How providers name a filter by state; states flap, and whoever filters loses rows."""


def asked_once(case: Case) -> Iterator[str]:
    """The provider was asked to dial at most once for each mark, and after it.

    By body, whichever code sent it; a start, which has none of its own, by number.
    """
    marks: defaultdict[str, list[float]] = defaultdict(list)
    for body, at in case.marked_bodies():
        marks[body].append(at)
    starts = sorted(one.at.timestamp() for one in case.books.log if one.event == "start_wire")
    for request in case.provider.dialling_requests:
        left = starts if request.route == "start" else marks[request.body_sha256]
        if left and left[0] <= request.at:
            left.pop(0)
        else:
            yield f"{request.method} {request.template} (request {request.id}) has no mark"


def fenced_last(case: Case) -> Iterator[str]:
    """The last look is taken when the connection stands: nothing older lets a byte leave."""
    events = [one for one in case.books.log if one.event in {"wire", "start_wire"}]
    moments = [one.at.timestamp() for one in events]
    for crossing in case.crossings:
        if not any(crossing.connected_at <= at <= crossing.left_at for at in moments):
            yield "a submit left without a mark since its connection stood"


def nothing_filtered(case: Case) -> Iterator[str]:
    """No list of calls is filtered by state."""
    for request in case.provider.requests:
        names = {name.lower() for name, _ in parse_qsl(request.query)}
        if request.route == "page" and names & STATE_FILTERS:
            yield f"request {request.id} asked for {sorted(names & STATE_FILTERS)}"


def key_stays_home(case: Case) -> Iterator[str]:
    """No request came with a wrong key, and none went elsewhere."""
    for request in case.provider.requests:
        if request.unauthorized:
            yield f"request {request.id} came without the key"
    for place in case.strays:
        yield f"{place} was asked"
