"""The hash of a plan: equal if the same people would be called, through the same providers.

It covers the campaign's content, the data behind the rules, and of each person the number, the
provider, what the agent is told, and whether the person is called or why not. It does not cover the
instant: who is called later is in the plan as who is called now. The order of the list does not
count either, so that the list and the ledger that it was read into have one hash.
"""

import hashlib
import re
from functools import cache
from importlib.metadata import version
from importlib.resources import files

from campaign.errors import BadInput, Fault
from campaign.rules.zonedata import EDITION
from campaign.spec import CampaignSpec

_BITS = 512
_DIGITS = 16
_WRITTEN = re.compile(rf"[0-9a-f]{{{_DIGITS}}}")


class PeopleHash:
    """A hash over people in any order: the sum of the hashes of each, each number met once.

    So wide that no other people with the same sum can be found.
    """

    def __init__(self) -> None:
        self._sum = 0

    def add(self, phone_number: str, provider: str, variables: str, decision: str) -> None:
        """Add a person; `decision` is empty for those who are called."""
        line = f"{phone_number}\0{provider}\0{decision}\0{variables}"
        self._sum += int.from_bytes(hashlib.blake2b(line.encode()).digest())

    def digest(self) -> bytes:
        """The hash of all who were added."""
        return (self._sum % (1 << _BITS)).to_bytes(_BITS // 8)


def content_hash(spec: CampaignSpec) -> str:
    """The hash of a campaign file's content; its blanks, comments and order do not count."""
    return hashlib.sha256(spec.model_dump_json().encode()).hexdigest()


@cache
def edition() -> str:
    """The version of everything that the rules are judged by besides the campaign file."""
    tables = hashlib.sha256()
    folder = files("campaign.rules").joinpath("data")
    for table in sorted(folder.iterdir(), key=lambda one: one.name):
        if table.name.endswith(".csv"):
            tables.update(table.read_bytes())
    packages = ", ".join(f"{name} {version(name)}" for name in ("holidays", "phonenumbers"))
    return f"rules {tables.hexdigest()[:12]}, tzdata {EDITION}, {packages}"


def plan_hash(content: str, people: PeopleHash) -> str:
    """The hash of a whole plan, as it is kept: sixteen hexadecimal digits."""
    whole = hashlib.sha256(f"{content}\0{edition()}".encode() + people.digest())
    return whole.hexdigest()[:_DIGITS]


def written(plan: str) -> str:
    """A plan's hash as people read it: `7f3a-09bc-11de-42aa`."""
    return "-".join(plan[start : start + 4] for start in range(0, len(plan), 4))


def read_hash(text: str) -> str:
    """A plan's hash as people write it, with its dashes or without. Raises `BadInput`."""
    digits = text.strip().lower().removeprefix("plan ").replace("-", "").replace(" ", "")
    if not _WRITTEN.fullmatch(digits):
        message = "a plan is named by its hash, as `outdial plan` shows it"
        raise BadInput(message, [Fault(message, "Such as 7f3a-09bc-11de-42aa.", value=text)])
    return digits
