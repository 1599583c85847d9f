"""What was broken and who noticed, to be read."""

from collections import Counter
from collections.abc import Iterator, Sequence

from tests.mutants.breaking import Mutant
from tests.mutants.targets import EQUIVALENT

_TOP = """# Mutation report

`make mutants` breaks the submit path in small ways, one at a time: a condition turned round, an
argument left out, a constant changed. Each time the quick tests that judge it are run. A change
that no test notices has *survived*: either it changes nothing, or a test is missing.

What an error *says* is not broken, nor are decorated functions, which mutmut leaves alone. The
protocol as a whole is broken by hand: [Tests of the tests](reliability.md#tests-of-the-tests).
"""
_HEAD = ("module", "tried", "noticed", "hung", "survived", "equivalent", "score")


def report(mutants: Sequence[Mutant], commit: str, tool: str) -> str:
    """Return the page."""
    said = [_TOP, f"Commit {commit}, {tool}. No chance is involved: there is no seed.", ""]
    return "\n".join([*said, *_figures(mutants), "", *_survivors(mutants), ""])


def _figures(mutants: Sequence[Mutant]) -> Iterator[str]:
    yield f"| {' | '.join(_HEAD)} |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    for module in dict.fromkeys(one.module for one in mutants):
        own = [one for one in mutants if one.module == module]
        count = Counter(one.verdict for one in own)
        same = sum(one.becomes in EQUIVALENT for one in own)
        score = (len(own) - count["survived"]) / max(len(own) - same, 1)
        figures = [len(own), count["noticed"], count["hung"], count["survived"], same]
        cells = [f"`{module}`", *map(str, figures), f"{score:.1%}"]
        yield f"| {' | '.join(cells)} |"
    yield ""
    yield "What hung was noticed. The score is what was noticed of all that changes something."


def _survivors(mutants: Sequence[Mutant]) -> Iterator[str]:
    yield "## What survived"
    yield ""
    yield "| module | was | becomes | why |"
    yield "| --- | --- | --- | --- |"
    for one in mutants:
        if one.verdict == "survived":
            why = EQUIVALENT.get(one.becomes, "**no test notices**")
            cells = [f"`{one.module}`", _code(one.was), _code(one.becomes), why]
            yield f"| {' | '.join(cells)} |"


def _code(line: str) -> str:
    return f"`{line.replace('|', chr(92) + '|')}`" if line else "(nothing)"
