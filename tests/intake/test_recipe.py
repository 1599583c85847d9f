import pytest

from campaign.errors import BadInput
from store.intake.recipe import Recipe, columns_of
from store.intake.rows import Reject, SourceRow
from store.recipients import NewRecipient
from tests.intake.lists import spec_of

FULL = {
    "phone": "tel",
    "timezone": "tz",
    "state": "state",
    "postcode": "zip",
    "country_column": "land",
    "external_id": "id",
    "consent": "consent",
    "consent_date": "on",
    "consent_source": "where",
}
ROW = {
    "tel": "(312) 555-0101",
    "tz": "America/Chicago",
    "state": "IL",
    "zip": "60601",
    "land": "US",
    "id": "c-17",
    "consent": "written",
    "on": "2026-01-31",
    "where": "web form",
    "first_name": "Ada",
    "due": "2026-11-30",
}


def recipe(**block: object) -> Recipe:
    return Recipe(spec_of(**block), list(ROW), "people.csv")


def read(change: dict[str, str], **block: object) -> NewRecipient | Reject:
    reading = recipe(**(FULL | {"variables": {"who": "Hi {first_name}", "due": "{due}"}} | block))
    values = {column: (ROW | change)[column] for column in reading.columns}
    return reading.read(SourceRow(7, values))


def rejected(change: dict[str, str], **block: object) -> Reject:
    result = read(change, **block)
    assert isinstance(result, Reject)
    return result


def test_a_row_becomes_a_recipient() -> None:
    assert read({}) == NewRecipient(
        phone_number="+13125550101",
        provider="vogent",
        variables={"who": "Hi Ada", "due": "2026-11-30"},
        external_id="c-17",
        source_row=7,
        region="US",
        timezone="America/Chicago",
        jurisdiction="IL",
        postcode="60601",
        country="US",
        consent="written",
        consent_date="2026-01-31",
        consent_source="web form",
    )


def test_what_the_list_leaves_empty_is_unknown_and_no_fault() -> None:
    result = read(dict.fromkeys(["tz", "state", "zip", "id", "consent", "on", "where"], ""))

    assert isinstance(result, NewRecipient)
    assert (result.timezone, result.consent, result.consent_date) == (None, None, None)


@pytest.mark.parametrize(
    "column, value, words",
    [
        ("tel", "", "there is no number"),
        ("tel", "312 555 01", "digits"),
        ("tel", "CALL ME", "letters"),
        ("tel", "1.31256E+10", "spreadsheet"),
        ("tel", "+1 312 555 0101 ext 5", "extension"),
        ("tel", "911", "emergency"),
        ("tz", "Mars/Olympus", "no IANA time zone"),
        ("tz", "../../etc/passwd", "no IANA time zone"),
        ("land", "Germany", "two letters"),
        ("consent", "yes", "express, written, none"),
        ("on", "31/01/2026", "2026-11-30"),
        ("on", "2026-02-30", "2026-11-30"),
        ("first_name", "", "the variable 'who' needs it"),
        ("due", "", "the variable 'due' needs it"),
        ("where", "a\0b", "NUL"),
    ],
)
def test_what_is_wrong_with_a_row_is_told_with_its_column(
    column: str, value: str, words: str
) -> None:
    reject = rejected({column: value})

    assert (reject.row_no, reject.column) == (7, column)
    assert words in reject.reason


@pytest.mark.parametrize(
    "written", ["13125550101.0", "1.3125550101E+10", "+1-312-555-0101", "\u200e312.555.0101"]
)
def test_a_number_that_lost_nothing_is_read_however_it_is_written(written: str) -> None:
    result = read({"tel": written})

    assert isinstance(result, NewRecipient)
    assert result.phone_number == "+13125550101"


def test_without_a_country_a_number_needs_its_code() -> None:
    assert "recipients.country" in rejected({}, country=None).reason
    assert isinstance(read({"tel": "+13125550101"}, country=None), NewRecipient)


def test_a_reject_of_the_reader_goes_through() -> None:
    reject = Reject(3, "", "", "the row has 2 columns and the header 5")

    assert recipe(phone="tel").read(reject) is reject


def test_only_the_columns_that_matter_are_asked_for() -> None:
    spec = spec_of(phone="tel", timezone="tz", variables={"a": "{x} {y}", "b": "{x} {tel}"})

    assert list(columns_of(spec)) == ["tel", "tz", "x", "y"]


def test_every_column_that_is_missing_is_told_with_the_nearest() -> None:
    with pytest.raises(BadInput) as raised:
        recipe(phone="phone", timezone="tzz", variables={"who": "{frist_name}"})

    assert [(fault.message, fault.remedy) for fault in raised.value.faults][1:] == [
        ("people.csv has no column 'tzz'", "Was 'tz' meant?"),
        ("people.csv has no column 'frist_name'", "Was 'first_name' meant?"),
    ]


def test_a_list_without_a_header_is_recognised() -> None:
    with pytest.raises(BadInput) as raised:
        Recipe(spec_of(), ["Ada", "+13125550101"], "people.csv")

    assert "looks like a person" in raised.value.faults[0].remedy
