"""The report of a torture says what was tried, what came of it, and of which commit it tells."""

from pathlib import Path

from tests.protocol.outcomes import Outcome
from tests.protocol.report import write_report
from tests.protocol.trials import Trial

POINT, LATER = "c5 after the claim, before connecting", "c7 the head is written"


def outcome(trial: Trial, commit: str = "abc", landed: int = 0, held: int = 0) -> Outcome:
    doubts = ("no byte arrived",) * held
    return Outcome(
        trial=trial, commit=commit, landed=landed, submissions=2, held=doubts, effects=(3,)
    )


def report(folder: Path, *outcomes: Outcome) -> str:
    file = folder / "report.md"
    write_report(file, outcomes, planned=[one.trial for one in outcomes], seed=1)
    return file.read_text()


def test_what_is_held_is_told_by_api_and_fault(tmp_path: Path) -> None:
    fault = "submit: 503 before"
    text = report(
        tmp_path,
        outcome(Trial(api="bland", fault=fault), held=1),
        outcome(Trial(api="bland", fault=fault, seed=2)),
        outcome(Trial(api="vogent", fault=fault)),
    )

    assert f"| {fault} | 0 / 2 | 1 / 4 |  |  |  |  |  | 1 no byte arrived |" in text
    assert "faults changed 9 answers" in text


def test_kills_are_told_by_point_and_api(tmp_path: Path) -> None:
    text = report(
        tmp_path,
        outcome(Trial(api="vogent", fault="", kills=(POINT,)), landed=1),
        outcome(Trial(api="vogent", fault="", kills=(POINT, LATER)), landed=2),
    )

    assert f"| {POINT} | 1 / 1 |  |  |  |  |  |  | 0 / 0 |" in text
    assert f"| {LATER} |  |  |  |  |  |  |  | 1 / 1 |" in text


def test_results_of_another_commit_are_called_so(tmp_path: Path) -> None:
    ones = [outcome(Trial(api="vogent", fault="", seed=seed), f"commit{seed}") for seed in (1, 2)]

    assert "not repeated for a later commit" in report(tmp_path, *ones)
    assert "not repeated for a later commit" not in report(tmp_path, ones[0])
