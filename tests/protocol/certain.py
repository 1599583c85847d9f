"""What a trial must come to: under some circumstances nothing may be left in doubt."""

from collections.abc import Sequence

from tests.protocol.crashes import CRASH_TABLE, PLAIN, Story

MEND_THEMSELVES = frozenset({"", "submit: close after", "submit: 429, retry after seconds"})
"""Scenarios after which every submit is known in the end: it is found, or may be sent again."""
CREATED_ANEW = frozenset({"submit: close before"})
"""Scenarios in which nothing is found; whoever may create anew what rings nobody, does."""
LEAVE_A_DOUBT = frozenset(
    {
        "c6b after the wire mark, before the first byte",
        "c7 the head is written",
        "c7 the request is written",
    }
)
"""Points of which nobody can know from the ledger whether the provider was asked."""
ONE_CALL_A_REQUEST = frozenset({"vapi-call", "vocode"})
"""Several requests are under way at a time: whoever is killed over one may have sent another."""
WITH_OTHERS_UNDER_WAY = frozenset(
    {
        "c8 the answer is in memory",
        "c8b inside the yes",
        "c8b inside the release",
        "c8b inside the doubt",
        "c8c after the yes",
        "c8c after the release",
        "c9 after the doubt",
    }
)

OF_A_REFUSAL = frozenset({"c8 the answer is in memory", "c8b inside the release"})
"""Points at which the word that nothing was done is lost: nothing is found, either."""

assert set(CRASH_TABLE) >= LEAVE_A_DOUBT | WITH_OTHERS_UNDER_WAY | OF_A_REFUSAL, (
    "points have other names now"
)


def sure(api: str, fault: str, kills: Sequence[str]) -> bool:
    """Whether everybody must be rung exactly once in the end, and nothing be held.

    True does not depend on whether the kills land: without them it holds all the more.
    """
    if api == "vogent":
        return fault in MEND_THEMSELVES | CREATED_ANEW
    leaving = LEAVE_A_DOUBT
    if api in ONE_CALL_A_REQUEST:
        leaving |= WITH_OTHERS_UNDER_WAY
    if fault == PLAIN[Story.THROTTLED]:
        leaving |= OF_A_REFUSAL
    return fault in MEND_THEMSELVES and not leaving.intersection(kills)
