import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers import dialogue


@pytest.mark.parametrize(
    "text,lines",
    [
        ("AI: Hello.\nUser: Hi.\n", "agent: Hello.\nperson: Hi."),
        ("BOT: Hi\nHUMAN: Hello,\nwho is it?", "agent: Hi\nperson: Hello, who is it?"),
        ("  assistant : one\n\nCustomer:two  three", "agent: one\nperson: two three"),
        ("User:\nAI: still there?", "agent: still there?"),
        ("Note: the user: said hi", "Note: the user: said hi"),
        ("\u2028\nAI: Hello.", "agent: Hello."),
        ("AI\u2028: Hello.", "AI\u2028: Hello."),
        ("   ", None),
        ("AI:", None),
    ],
)
def test_text_with_speakers_becomes_one_line_per_turn(text: str, lines: str | None) -> None:
    assert dialogue.from_text(text) == lines


@given(st.text(st.sampled_from("AI:User \n\r\t\v\f\x1c\x85\u2028\u2029\u00a0\0")))
def test_every_text_becomes_lines_of_speakers_or_stays(text: str) -> None:
    read = dialogue.from_text(text)

    spoken = [line.startswith(("agent: ", "person: ")) for line in (read or "").splitlines()]
    assert read is None or all(spoken) or read == text.strip()


def test_only_agent_and_person_are_told() -> None:
    turns = [("system", "be kind"), ("assistant", "Hello\nthere"), ("tool", "42"), ("user", " ")]

    assert dialogue.from_turns(turns) == "agent: Hello there"
    assert dialogue.from_turns([]) is None
