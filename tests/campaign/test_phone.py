import random
import re

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneMetadata

from campaign.rules.phone import (
    Kind,
    Phone,
    Reason,
    Rejected,
    fictional_range,
    is_fictional,
    read_phone,
)

CHICAGO = Phone("+13125550101", "US", Kind.LANDLINE_OR_MOBILE)
LONDON = Phone("+447700900123", "GB", Kind.MOBILE)


def by_the_library(text: str, country: str | None) -> str | None:
    """What the library makes of a number, without any memo; None: not valid."""
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@pytest.mark.parametrize(
    "text, country",
    [
        ("+13125550101", None),
        ("+1 (312) 555-0101", None),
        ("+1.312.555.0101", None),
        ("(312) 555-0101", "US"),
        ("312/555-0101", "US"),
        ("1 312 555 0101", "CA"),
        ("3125550101", "US"),
        ("tel:+1-312-555-0101", None),
        ("TEL:+13125550101", None),
        ("=+13125550101", None),
        ('="+13125550101"', None),
        ("'+13125550101", None),
        ("  +13125550101\t", None),
        ("+1312555\uff10\uff11\uff10\uff11", None),
        ("312555\uff10\uff11\uff10\uff11", "US"),
        ("+١٣١٢٥٥٥٠١٠١", None),
        ("\u202a+1 312\u2011555\u20110101\u202c", None),
        ("+1\u00a0312\u00a0555\u00a00101", None),
        ("0013125550101", "GB"),
        ("01113125550101", "US"),
    ],
)
def test_a_number_is_read_however_people_write_it(text: str, country: str | None) -> None:
    assert read_phone(text, country) == CHICAGO


@pytest.mark.parametrize("text", ["07700 900123", "+44 7700 900123", "0044 7700 900123"])
def test_the_country_of_the_campaign_is_that_of_numbers_without_one(text: str) -> None:
    assert read_phone(text, "GB") == LONDON


@pytest.mark.parametrize(
    "text, country, reason",
    [
        ("", None, Reason.EMPTY),
        (" \t", "US", Reason.EMPTY),
        ("'", "US", Reason.EMPTY),
        ("1-800-FLOWERS", "US", Reason.LETTERS),
        ("312555010I", "US", Reason.LETTERS),
        ("n/a", "US", Reason.LETTERS),
        ("+", None, Reason.LETTERS),
        ("+13125550101/+13125550102", None, Reason.LETTERS),
        ("+13125550101 +13125550102", None, Reason.LETTERS),
        ("tel:555-0101;phone-context=+1-312", None, Reason.LETTERS),
        ("3.12555E+09", "US", Reason.SPREADSHEET),
        ("3125550101.0", "US", Reason.SPREADSHEET),
        ("+13125550101 x5", None, Reason.EXTENSION),
        ("+13125550101 ext. 7", None, Reason.EXTENSION),
        ("+13125550101#7", None, Reason.EXTENSION),
        ("+13125550101,,7", None, Reason.EXTENSION),
        ("tel:+1-312-555-0101;ext=5", None, Reason.EXTENSION),
        ("312-555-0101", None, Reason.NO_COUNTRY),
        ("13125550101", None, Reason.NO_COUNTRY),
        ("+999 1234567", None, Reason.NO_SUCH_COUNTRY),
        ("555-0101", "US", Reason.IMPOSSIBLE),
        ("+1 312 555 01011", None, Reason.IMPOSSIBLE),
        ("+44 7700 9001234", None, Reason.IMPOSSIBLE),
        ("+1 211 555 0101", None, Reason.INVALID),
        ("+44 7700 901123", None, Reason.INVALID),
        ("911", "US", Reason.EMERGENCY),
        ("112", "US", Reason.EMERGENCY),
        ("988", "US", Reason.EMERGENCY),
        ("999", "GB", Reason.EMERGENCY),
        ("+1 911", None, Reason.EMERGENCY),
        ("+1 800 555 0100", None, Reason.TOLL_FREE),
        ("844-555-0100", "US", Reason.TOLL_FREE),
        ("+1 900 555 0100", None, Reason.PREMIUM),
        ("+1 500 555 0100", None, Reason.PERSONAL),
        ("+1 312 555 1212", None, Reason.SERVICE),
        ("+1 787 555 1212", None, Reason.SERVICE),
        ("+870 773 111 632", None, Reason.NOWHERE),
    ],
)
def test_what_cannot_be_called_is_rejected_with_its_reason(
    text: str, country: str | None, reason: Reason
) -> None:
    assert read_phone(text, country) == Rejected(reason)


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_words_and_they_name_no_number(reason: Reason) -> None:
    why = Rejected(reason).why

    assert why
    assert re.search(r"\d{3}", why) is None


@given(st.text(max_size=40), st.sampled_from([None, "US", "GB", "DE"]))
@settings(max_examples=300, deadline=None)
def test_whatever_is_written_is_read_or_rejected(text: str, country: str | None) -> None:
    found = read_phone(text, country)

    if isinstance(found, Phone):
        assert re.fullmatch(r"\+[1-9]\d{6,14}", found.e164, re.ASCII)
        assert re.fullmatch(r"[A-Z]{2}", found.region)
        assert read_phone(found.e164) == found


@given(
    st.integers(200, 999),
    st.integers(200, 999),
    st.integers(0, 99),
    st.sampled_from(
        ["+1{0}{1}{2}", "+1 ({0}) {1}-{2}", "({0}) {1}-{2}", "1-{0}-{1}-{2}", "{0}.{1}.{2}"]
    ),
)
@settings(max_examples=500, deadline=None)
def test_the_memo_of_north_america_says_what_the_library_says(
    area: int, exchange: int, last: int, form: str
) -> None:
    text = form.format(area, exchange, f"01{last:02}")
    found = read_phone(text, "US")
    valid = by_the_library(text, "US")

    if isinstance(found, Phone):
        number = phonenumbers.parse(text, "US")
        assert found.e164 == valid
        assert found.region == phonenumbers.region_code_for_number(number)
    else:
        callable_reasons = {
            Reason.INVALID,
            Reason.TOLL_FREE,
            Reason.PREMIUM,
            Reason.PERSONAL,
            Reason.SERVICE,
        }
        assert found.reason in callable_reasons
        assert (valid is None) == (found.reason is Reason.INVALID)


def test_fictional_numbers_of_every_area_code_are_read_as_the_library_reads_them() -> None:
    for area in range(200, 1000):
        text = f"+1{area}5550101"
        number = phonenumbers.parse(text)
        person = phonenumbers.number_type(number) in {0, 1, 2, 6}

        found = read_phone(text)

        assert isinstance(found, Phone) == person, area
        if isinstance(found, Phone):
            region = phonenumbers.region_code_for_number(number)
            assert (found.e164, found.region) == (text, region)
            assert is_fictional(found.e164)


@pytest.mark.parametrize("region", ["US", "CA"])
def test_the_numbering_plan_of_the_memo_does_not_look_at_the_last_four_digits(region: str) -> None:
    # What the memo rests on. A release of the library that breaks it must fail here.
    metadata = PhoneMetadata.metadata_for_region(region)
    assert metadata is not None
    patterns = [
        re.compile(description.national_number_pattern)
        for name in (
            "fixed_line",
            "mobile",
            "toll_free",
            "premium_rate",
            "personal_number",
            "voip",
            "uan",
        )
        if (description := getattr(metadata, name)) and description.national_number_pattern
    ]
    dice = random.Random(5)

    for _ in range(4000):
        six = f"{dice.randrange(200, 1000)}{dice.randrange(200, 1000)}"
        lasts = ["0000", "0100", "9999", f"{dice.randrange(10_000):04}"]
        for pattern in patterns:
            assert len({bool(pattern.fullmatch(six + last)) for last in lasts}) == 1


def test_directory_assistance_is_rejected_by_the_memo_and_without_it() -> None:
    assert read_phone("+1 403 555 1212") == Rejected(Reason.SERVICE)
    assert read_phone("+1 876 555 1212") in {Rejected(Reason.SERVICE), Rejected(Reason.INVALID)}


@pytest.mark.parametrize("text", ["+447700900000", "+447700900999", "+441632960999"])
def test_ranges_for_films_are_accepted_although_the_library_calls_them_invalid(text: str) -> None:
    assert not phonenumbers.is_valid_number(phonenumbers.parse(text))
    assert isinstance(read_phone(text), Phone)
    assert fictional_range(text) is not None
    assert is_fictional(text)


@pytest.mark.parametrize(
    "text", ["+447700901000", "+4477009001", "+44770090012", "+441632959999", "+441632961000"]
)
def test_nothing_beside_the_ranges_for_films_is_accepted(text: str) -> None:
    assert isinstance(read_phone(text), Rejected)
    assert not is_fictional(text)


@pytest.mark.parametrize("text", ["+13125550100", "+13125550199"])
def test_555_01xx_is_fictional_and_555_02xx_is_not(text: str) -> None:
    assert is_fictional(text)
    assert not is_fictional(text.replace("55501", "55502"))
