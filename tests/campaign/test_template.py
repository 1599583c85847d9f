import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign import template
from campaign.errors import BadInput

COLUMN = st.text(st.characters(blacklist_characters="{}", blacklist_categories=["Cs"]), min_size=1)


def test_columns_are_filled_in() -> None:
    row = {"first_name": "Ada", "last_name": "Lovelace"}

    assert template.fill("{first_name} {last_name}!", row) == "Ada Lovelace!"


def test_a_doubled_brace_stands_for_itself() -> None:
    assert template.fill("{{{name}}}", {"name": "x"}) == "{x}"


def test_columns_are_told_once_in_their_order() -> None:
    assert template.columns("{b} {a} {b}") == ("b", "a")


def test_blanks_within_braces_do_not_count() -> None:
    assert template.fill("{ First Name }", {"First Name": "Ada"}) == "Ada"


@pytest.mark.parametrize("name", ["name.upper", "name!r", "name:>9", "name[0]", "__class__"])
def test_what_is_between_braces_is_the_name_of_a_column_and_never_code(name: str) -> None:
    assert template.fill(f"{{{name}}}", {name: "Ada"}) == "Ada"
    with pytest.raises(KeyError):
        template.fill(f"{{{name}}}", {"name": "Ada"})


@pytest.mark.parametrize(
    "text, place", [("ab {name", 4), ("name}", 5), ("{}", 1), ("x { }", 3), ("{a{b}}", 1)]
)
def test_a_brace_without_partner_or_column_is_a_fault_at_its_place(text: str, place: int) -> None:
    with pytest.raises(BadInput) as raised:
        template.parse(text)

    (fault,) = raised.value.faults
    assert (fault.column, fault.value) == (place, text)
    assert "twice" in fault.remedy


@given(st.text(st.characters(blacklist_categories=["Cs"])))
def test_any_text_survives_with_its_braces_doubled(text: str) -> None:
    doubled = text.replace("{", "{{").replace("}", "}}")

    assert template.fill(doubled, {}) == text
    assert template.columns(doubled) == ()


@given(COLUMN.filter(str.strip), st.text(), st.text(alphabet="abc "))
def test_a_value_is_put_in_as_it_is(column: str, value: str, around: str) -> None:
    filled = template.fill(f"{around}{{{column}}}{around}", {column.strip(): value})

    assert filled == around + value + around
