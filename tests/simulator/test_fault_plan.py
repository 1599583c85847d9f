import json

import pytest
from pydantic import ValidationError

from simulator.faults.board import Board
from simulator.faults.rules import FaultPlan, mixes, parse_plan
from tests.simulator.conftest import Client, Simulate

RULE = """
seed: 5
rules:
  - name: create lost
    providers: [vogent, bland]
    routes: [submit]
    {when}
    fault: {{kind: close, when: after}}
"""


def happenings(board: Board, count: int, provider: str = "vogent", route: str = "submit") -> str:
    return "".join("x" if board.hits(provider, route) else "." for _ in range(count))


@pytest.mark.parametrize(
    "when,expected",
    [
        ("probability: 1", "xxxxxx"),
        ("probability: 0", "......"),
        ("nth: [2, 5]", ".x..x."),
        ("count: 2", "xx...."),
    ],
)
def test_a_rule_says_how_often_a_fault_happens(when: str, expected: str) -> None:
    board = Board(parse_plan(RULE.format(when=when)))

    assert happenings(board, 6) == expected


def test_a_rule_concerns_only_its_providers_and_routes() -> None:
    board = Board(parse_plan(RULE.format(when="probability: 1")))

    assert happenings(board, 1, provider="vapi") == "."
    assert happenings(board, 1, route="page") == "."
    assert happenings(board, 1, provider="bland") == "x"


def test_chance_is_repeated_by_the_same_seed() -> None:
    plan = parse_plan(RULE.format(when="probability: 0.5"))
    other = plan.model_copy(update={"seed": 6})

    first, again = happenings(Board(plan), 60), happenings(Board(plan), 60)

    assert first == again != happenings(Board(other), 60)
    assert 15 < first.count("x") < 45


def test_requests_that_a_rule_does_not_concern_do_not_disturb_its_chance() -> None:
    plan = parse_plan(RULE.format(when="probability: 0.5"))
    alone, disturbed = Board(plan), Board(plan)
    expected = happenings(alone, 20)

    found = ""
    for _ in range(20):
        happenings(disturbed, 3, route="page")
        found += happenings(disturbed, 1)

    assert found == expected


@pytest.mark.parametrize(
    "text,said",
    [
        ("rules: [{fault: {kind: closed}}]", "does not match any of the expected tags"),
        ("rules: [{fault: {kind: close, wen: after}}]", "Extra inputs are not permitted"),
        ("rules: [{rout: [page], fault: {kind: close}}]", "Extra inputs are not permitted"),
        ("rules: [{routes: [pages], fault: {kind: close}}]", "Input should be 'submit', 'start'"),
        ("rules: [{probability: 2, fault: {kind: close}}]", "less than or equal to 1"),
        ("mixes: [cosy]", "there are calm, hell, rough, submit-doubt"),
    ],
)
def test_a_mistake_in_a_faults_file_is_named(text: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        parse_plan(text)


def test_an_empty_faults_file_is_a_good_day() -> None:
    assert parse_plan("") == FaultPlan()


def test_the_ready_made_mixes_can_be_read_and_combined() -> None:
    plan = parse_plan("mixes: [calm, rough]")

    assert len(plan.all_rules) == len(mixes()["calm"]) + len(mixes()["rough"])
    assert set(mixes()) == {"calm", "rough", "hell", "submit-doubt"}


@pytest.mark.parametrize("mix", ["hell", "submit-doubt", "rough", "calm"])
def test_every_rule_of_a_mix_can_happen(mix: str) -> None:
    board = Board(FaultPlan(mixes=[mix]))
    for rule in mixes()[mix]:
        for route in rule.routes or ("submit",):
            for _ in range(600):
                board.hits("vogent", route)

    assert all(rule["happened"] for rule in board.report()["rules"])


def test_faults_are_shown_changed_and_cleared_while_it_runs(
    simulate: Simulate, client: Client
) -> None:
    stand = simulate()
    vogent = client(stand, "vogent")
    control = stand.control
    control.put("/__faults", content="rules: [{count: 1, fault: {kind: status, status: 500}}]")

    statuses = [vogent.get("/agents").status_code for _ in range(2)]
    [rule] = control.get("/__faults").json()["rules"]

    assert statuses == [500, 200]
    assert (rule["matched"], rule["happened"]) == (2, 1)
    assert control.delete("/__faults").json()["rules"] == []


def test_what_is_shown_can_be_put_back(simulate: Simulate) -> None:
    control = simulate().control
    control.put("/__faults", json={"seed": 3, "rules": [{"nth": [2], "fault": {"kind": "hang"}}]})
    shown = control.get("/__faults").json()
    counts = {"matched", "happened", "took_effect"}
    rules = [
        {name: value for name, value in rule.items() if name not in counts}
        for rule in shown["rules"]
    ]

    answer = control.put("/__faults", content=json.dumps({"seed": shown["seed"], "rules": rules}))

    assert answer.json() == shown


def test_bad_faults_are_refused_and_leave_the_old_ones_in_force(simulate: Simulate) -> None:
    control = simulate().control
    control.put("/__faults", content="rules: [{fault: {kind: hang}}]")

    unknown = control.put("/__faults", content="rules: [{fault: {kind: cosy}}]")
    unreadable = control.put("/__faults", content="rules: [")

    assert (unknown.status_code, unreadable.status_code) == (422, 400)
    assert len(control.get("/__faults").json()["rules"]) == 1
