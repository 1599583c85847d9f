from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.document import read, read_campaign
from campaign.errors import BadInput, Fault

GOOD = """\
name: spring-renewals
provider: vogent
agent: {agent_id: 0d6f7a52}
from_numbers: [9a4be2b7]
recipients: {source: people.csv, phone: phone_number, country: US, timezone: tz}
variables: {customer_name: "{first_name}", due: "{due_date}"}
policy:
  calling_windows: {default: {days: mon-fri, hours: "09:00-20:00"}, jurisdiction: US}
  max_attempts: 3
  min_gap: 4h
  retry_on: [no_answer, busy, voicemail]
limits: {concurrency: 20, batch_size: 200, max_calls: 5000, budget_usd: 250}
polling: {min: 5s, max: 5m}
"""


def faults_of(text: str) -> tuple[Fault, ...]:
    with pytest.raises(BadInput) as raised:
        read_campaign(text, "c.yaml")
    return raised.value.faults


def only(text: str) -> Fault:
    (fault,) = faults_of(text)
    return fault


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


def test_the_example_of_the_design_is_understood() -> None:
    spec = read_campaign(GOOD)

    assert spec.name == "spring-renewals"
    assert spec.policy.min_gap == timedelta(hours=4)
    assert spec.variables["due"] == "{due_date}"


@pytest.mark.parametrize(
    "word, said",
    [
        ("NO", "NO"),
        ("+13125550101", "+13125550101"),
        ("10:30", "10:30"),
        ("0123", "0123"),
        ("2026-11-30", "2026-11-30"),
        ("on", "on"),
        ("1e3", "1e3"),
        ("0x1F", "0x1F"),
    ],
)
def test_words_that_older_yaml_takes_for_something_else_stay_text(word: str, said: str) -> None:
    spec = read_campaign(changed("[9a4be2b7]", f"[{word}]"))

    assert spec.from_numbers == [said]


def test_a_byte_order_mark_is_passed_over() -> None:
    assert read_campaign(f"\ufeff{GOOD}") == read_campaign(GOOD)


def test_every_fault_of_a_file_is_told_at_once_in_the_order_of_the_file() -> None:
    text = changed("max_attempts: 3", "max_attempts: many").replace("country: US", "country: usa")

    found = faults_of(text.replace("batch_size: 200", "batch_size: 0"))

    assert [(fault.line, fault.column) for fault in found] == [(5, 64), (9, 17), (12, 39)]


def test_a_fault_has_file_place_value_and_remedy() -> None:
    fault = only(changed("max_attempts: 3", "max_attempts: many"))

    assert str(fault) == (
        "c.yaml:9:17: policy.max_attempts must be a whole number (got 'many')."
        " Write digits only, such as 20."
    )


@pytest.mark.parametrize(
    "old, new, remedy",
    [
        ("max_attempts", "max_atempts", "Was 'max_attempts' meant?"),
        ("batch_size", "batchSize", "Was 'batch_size' meant?"),
        ("recipients: {source", "recipients: {file: x, source", "Known here: source,"),
        ("name: spring", "max_attempts: 3\nname: spring", "It belongs in policy.max_attempts."),
        ("polling: {", "polling: {concurrency: 3, ", "It belongs in limits.concurrency."),
        ("limits: {", "limits: {hours: x, ", "calling_windows.default.hours"),
        ("max_attempts: 3", "callingwindow: {}", "Was 'calling_windows' meant?"),
    ],
)
def test_an_unknown_key_names_the_nearest_or_its_place(old: str, new: str, remedy: str) -> None:
    unknown = [fault for fault in faults_of(changed(old, new)) if "there is no key" in str(fault)]

    assert remedy in unknown[0].remedy


@pytest.mark.parametrize("name", ["api_key", "vogent_api_key", "token", "Authorization"])
def test_a_secret_in_the_file_is_refused_and_not_shown(name: str) -> None:
    fault = only(f"{GOOD}{name}: sk-verysecret\n")

    assert "no place in a campaign file" in fault.message
    assert "environment" in fault.remedy
    assert "sk-verysecret" not in str(fault)


def test_a_key_that_is_there_twice_is_refused_with_both_places() -> None:
    fault = only(f"{GOOD}name: again\n")

    assert (fault.line, fault.column) == (14, 1)
    assert "first on line 1" in fault.message


def test_an_unquoted_template_is_told_to_be_quoted() -> None:
    fault = only(changed('"{first_name}"', "{first_name}"))

    assert fault.value == "{first_name}"
    assert "quotes" in fault.remedy


@pytest.mark.parametrize("quote", ["'", '"'])
def test_a_template_that_is_broken_is_shown_at_the_brace(quote: str) -> None:
    fault = only(changed('"{first_name}"', f"{quote}Hi {{first_name{quote}"))

    assert (fault.line, fault.column) == (6, 32)


@pytest.mark.parametrize(
    "text, line, column, words",
    [
        ("", 1, 1, "empty"),
        ("# only a comment\n", 1, 1, "empty"),
        ("- a\n- b\n", 1, 1, "block of keys"),
        ("just words", 1, 1, "block of keys"),
        ("name: x\n\tprovider: y", 2, 1, "tab"),
        ("name: a: b", 1, 8, "colon"),
        ("name: 'x", 1, 7, "never closed"),
        ("name: [a, b", 1, 7, "never closed"),
        ("name: {a b", 1, 7, "never closed"),
        ("name: @x", 1, 7, "may not begin"),
        ("name: *x", 1, 7, "alias"),
        ("name: x\n---\nname: y", 2, 1, "two documents"),
        ("name: {first} {last}", 1, 15, "after a brace"),
        ('name: "\\d"', 1, 9, "backslash"),
        ("name: x\x00y", 1, 8, "no text"),
        ("- a\nname: b", 2, 1, "indentation"),
    ],
)
def test_what_is_no_yaml_is_told_in_plain_words(
    text: str, line: int, column: int, words: str
) -> None:
    fault = faults_of(text)[0]

    assert (fault.line, fault.column) == (line, column)
    assert words in fault.message


def test_a_list_that_is_given_by_mistake_is_not_quoted() -> None:
    fault = only("phone_number,name\n+13125550120,Ann\n")

    assert "block of keys" in fault.message
    assert "555" not in str(fault)


@pytest.mark.parametrize(
    "text", ["name: &a [*a]", "a: &a {b: *a}", "x: !!python/object:os.system rm", "name: !x y"]
)
def test_aliases_without_end_and_tags_are_refused(text: str) -> None:
    assert any("alias" in str(fault) or "tags" in str(fault) for fault in faults_of(text))


def test_aliases_that_multiply_are_refused_before_they_fill_the_memory() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]

    assert "alias" in only("\n".join(lines)).message


def test_an_alias_of_the_users_own_is_welcome() -> None:
    text = changed("{default: {days", "{weekends: &w {days: sat}, default: {days")

    assert read(text.replace("mon-fri, hours", "daily, hours")).faults == ()


def test_the_shares_of_a_split_must_add_up() -> None:
    fault = only(changed("provider: vogent", "provider: [{provider: vapi, share: 0.5}]"))

    assert (fault.line, fault.column) == (2, 11)
    assert "add up to 1" in fault.message


def test_a_wrong_share_is_not_drowned_in_complaints_about_names() -> None:
    fault = only(changed("provider: vogent", "provider: [{provider: vapi, share: half}]"))

    assert fault.value == "half"
    assert "must be a number" in fault.message


def test_hours_and_days_are_judged_where_they_stand() -> None:
    text = changed("days: mon-fri", "days: weekdays").replace("09:00-20:00", "9am-8pm")

    assert [(fault.line, fault.value) for fault in faults_of(text)] == [
        (8, "weekdays"),
        (8, '"9am-8pm"'),
    ]


def test_a_file_that_breaks_the_model_still_tells_what_else_is_wrong() -> None:
    draft = read("name: X\nvariables: {a: '{b'}\n", "c.yaml")

    assert draft.spec is None
    assert len(draft.faults) == 4
    assert {fault.source for fault in draft.faults} == {"c.yaml"}


def test_no_message_shows_a_machine_talking() -> None:
    words = " ".join(map(str, faults_of(GOOD.replace("3", "three").replace("[9a4be2b7]", "{}"))))

    assert "pydantic" not in words
    assert "http" not in words
    assert "Input should" not in words


@given(st.text(st.characters(blacklist_categories=["Cs"]), max_size=80))
def test_whatever_is_in_the_file_there_is_an_answer_with_a_place(text: str) -> None:
    draft = read(text, "c.yaml")

    assert draft.spec is None
    assert all(fault.line and fault.column for fault in draft.faults)


@given(st.data())
def test_a_file_that_was_cut_or_spoilt_is_refused_or_understood_and_never_breaks_us(
    data: st.DataObject,
) -> None:
    at = data.draw(st.integers(0, len(GOOD)))
    rest = data.draw(st.integers(at, len(GOOD)))
    spoilt = GOOD[:at] + data.draw(st.text(alphabet="{}[]:-'\"\t\n &*!|>%@`x1")) + GOOD[rest:]

    draft = read(spoilt, "c.yaml")

    assert (draft.spec is None) <= bool(draft.faults)
