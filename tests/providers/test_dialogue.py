import pytest

from providers import dialogue


@pytest.mark.parametrize(
    "text,lines",
    [
        ("AI: Hello.\nUser: Hi.\n", "agent: Hello.\nperson: Hi."),
        ("BOT: Hi\nHUMAN: Hello,\nwho is it?", "agent: Hi\nperson: Hello, who is it?"),
        ("  assistant : one\n\nCustomer:two  three", "agent: one\nperson: two three"),
        ("User:\nAI: still there?", "agent: still there?"),
        ("Note: the user: said hi", "Note: the user: said hi"),
        ("   ", None),
        ("AI:", None),
    ],
)
def test_text_with_speakers_becomes_one_line_per_turn(text: str, lines: str | None) -> None:
    assert dialogue.from_text(text) == lines


def test_only_agent_and_person_are_told() -> None:
    turns = [("system", "be kind"), ("assistant", "Hello\nthere"), ("tool", "42"), ("user", " ")]

    assert dialogue.from_turns(turns) == "agent: Hello there"
    assert dialogue.from_turns([]) is None
