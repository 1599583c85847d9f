"""`python -m tests.mutants --tool FOLDER`, which `make mutants` calls."""

import argparse
import tempfile
from importlib.metadata import distributions
from pathlib import Path

from tests.documents.pages import ROOT
from tests.mutants.breaking import Mutant, mutants_of
from tests.mutants.report import report
from tests.mutants.targets import TARGETS
from tests.protocol.outcomes import commit


def main() -> None:
    """Break every target, and write the report."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=main.__doc__)
    parser.add_argument("--tool", type=Path, required=True, help="where mutmut is installed")
    parser.add_argument("--only", default="", help="a word of the modules to break; all")
    parser.add_argument("--children", type=int, default=2, help="how many are tried at a time")
    parser.add_argument("--report", type=Path, default=ROOT / "docs" / "mutation-report.md")
    said = parser.parse_args()
    tried = commit()
    (version,) = {
        one.version for one in distributions(name="mutmut", path=[str(said.tool.resolve())])
    }
    found: list[Mutant] = []
    for target in TARGETS:
        if not any(said.only in module for module in target.modules):
            continue
        with tempfile.TemporaryDirectory(prefix="outdial-mutants-") as folder:
            found += mutants_of(target, said.tool.resolve(), Path(folder), said.children)
    said.report.write_text(report(found, tried, f"mutmut {version}"))


if __name__ == "__main__":
    main()
