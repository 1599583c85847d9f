"""Whether the providers' keys work, asked of the providers without any effect."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from campaign.errors import BadInput, OutdialError, Unauthorized, Unsupported
from providers.connecting import check

Verdict = Literal["works", "missing", "refused", "unreachable"]


@dataclass(frozen=True, slots=True)
class KeyCheck:
    """What became of one provider's check."""

    provider: str
    verdict: Verdict
    detail: str
    """For a person: the plan, or what is wrong and how to mend it."""
    warnings: tuple[str, ...] = ()


def check_keys(names: Sequence[str]) -> list[KeyCheck]:
    """Ask all of these providers at the same time."""
    return asyncio.run(_check_all(names))


async def _check_all(names: Sequence[str]) -> list[KeyCheck]:
    return list(await asyncio.gather(*map(_check, names)))


async def _check(name: str) -> KeyCheck:
    try:
        account = await check(name)
    except BadInput as error:
        return KeyCheck(name, "missing", " ".join(map(str, error.faults)))
    except (Unauthorized, Unsupported) as error:
        return KeyCheck(name, "refused", f"{error}. Set the right key in the environment.")
    except OutdialError as error:
        return KeyCheck(name, "unreachable", f"{error}. Try again, or check the base URL.")
    return KeyCheck(name, "works", account.detail, account.warnings)
