"""Numbers as people write them: made E.164, or rejected with a reason, never guessed."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache

import phonenumbers
from phonenumbers import (
    NumberParseException,
    PhoneNumber,
    PhoneNumberDesc,
    PhoneNumberType,
    ValidationResult,
)

from campaign.rules.tables import table


class Kind(StrEnum):
    """What a number is good for, as far as the numbering plan tells."""

    LANDLINE = "landline"
    MOBILE = "mobile"
    LANDLINE_OR_MOBILE = "landline_or_mobile"
    """North America keeps no difference."""
    VOIP = "voip"


class Reason(StrEnum):
    """Why a number is rejected, in a word; `Rejected.why` says it in a sentence."""

    EMPTY = "empty"
    LETTERS = "letters"
    SPREADSHEET = "spreadsheet"
    EXTENSION = "extension"
    NO_COUNTRY = "no_country"
    NO_SUCH_COUNTRY = "no_such_country"
    IMPOSSIBLE = "impossible"
    INVALID = "invalid"
    EMERGENCY = "emergency"
    TOLL_FREE = "toll_free"
    PREMIUM = "premium"
    PERSONAL = "personal"
    SERVICE = "service"
    NOWHERE = "nowhere"


_WHY = {
    Reason.EMPTY: "there is no number",
    Reason.LETTERS: "it has letters or signs that do not belong in a number: write digits only",
    Reason.SPREADSHEET: "a spreadsheet made it a decimal number: format the column as text",
    Reason.EXTENSION: "it has an extension, which cannot be dialled: write the main line alone",
    Reason.NO_COUNTRY: "it has no country code: write it as +1..., or set recipients.country",
    Reason.NO_SUCH_COUNTRY: "no country has its country code",
    Reason.IMPOSSIBLE: "it has too few or too many digits for its country",
    Reason.INVALID: "the numbering plan of its country has no such number",
    Reason.EMERGENCY: "it is an emergency or other short number",
    Reason.TOLL_FREE: "it is toll-free: such numbers belong to companies and may ring anywhere",
    Reason.PREMIUM: "it is a premium-rate or shared-cost number",
    Reason.PERSONAL: "it is a follow-me number, which may ring anywhere",
    Reason.SERVICE: "it is a service number, not a person's",
    Reason.NOWHERE: "it belongs to a satellite or international network, not to a country",
}

_KINDS = {
    PhoneNumberType.FIXED_LINE: Kind.LANDLINE,
    PhoneNumberType.MOBILE: Kind.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: Kind.LANDLINE_OR_MOBILE,
    PhoneNumberType.VOIP: Kind.VOIP,
}

_NOT_PEOPLE = {
    PhoneNumberType.TOLL_FREE: Reason.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE: Reason.PREMIUM,
    PhoneNumberType.SHARED_COST: Reason.PREMIUM,
    PhoneNumberType.PERSONAL_NUMBER: Reason.PERSONAL,
    PhoneNumberType.PAGER: Reason.SERVICE,
    PhoneNumberType.UAN: Reason.SERVICE,
    PhoneNumberType.VOICEMAIL: Reason.SERVICE,
}


@dataclass(frozen=True, slots=True)
class Phone:
    """A number that can be dialled."""

    e164: str
    region: str
    """ISO 3166 alpha-2; `US` and `CA` share +1, `GG`, `JE` and `IM` share +44 with `GB`."""
    kind: Kind


@dataclass(frozen=True, slots=True)
class Rejected:
    """Not a number that can be dialled. Holds nothing of what was written."""

    reason: Reason

    @property
    def why(self) -> str:
        """The reason in words, with the remedy where there is one."""
        return _WHY[self.reason]


def read_phone(text: str, country: str | None = None) -> Phone | Rejected:
    """Read a number; `country` (ISO 3166 alpha-2) is that of numbers without country code."""
    cleaned = _clean(text)
    if not cleaned:
        return Rejected(Reason.EMPTY)
    digits = _nanp_digits(cleaned, country)
    if digits is not None and (memo := exchange(digits[:6])) is not None:
        return _nanp_service(digits) or Phone(f"+1{digits}", *memo)
    return _read(cleaned, country)


_PLUS_ONE = frozenset({"US", "CA"})
_TEN_DIGITS = re.compile(r"[2-9]\d{2}[2-9]\d{6}", re.ASCII)


def _nanp_digits(cleaned: str, country: str | None) -> str | None:
    """The ten digits of a number written for North America; None: it is not clearly one."""
    if not _PLAIN.fullmatch(cleaned):
        return None
    digits = _NO_DIGIT.sub("", cleaned)
    if cleaned.startswith("+") or (country in _PLUS_ONE and len(digits) == 11):  # noqa: PLR2004 - 1 and ten
        if not digits.startswith("1"):
            return None
        digits = digits[1:]
    elif country not in _PLUS_ONE:
        return None
    return digits if _TEN_DIGITS.fullmatch(digits) else None


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the numbering plan of one country says about its national numbers."""

    region: str
    people: re.Pattern[str]
    others: re.Pattern[str]
    """Toll-free, premium and the like."""


@cache
def _plans() -> tuple[_Plan, ...]:
    """Those of the US and Canada, where nobody tells mobiles from landlines.

    Read off the library's own data, as asking the library takes a hundred times as long.
    """
    plans: list[_Plan] = []
    others: list[str] = []
    for region in ("US", "CA"):
        data = phonenumbers.PhoneMetadata.metadata_for_region(region, None)
        people = _pattern(data.fixed_line) if data is not None else ""
        if data is None or not data.same_mobile_and_fixed_line_pattern or data.leading_digits:
            return ()
        kinds = [
            data.toll_free,
            data.premium_rate,
            data.shared_cost,
            data.personal_number,
            data.voip,
            data.pager,
            data.uan,
            data.voicemail,
        ]
        others += filter(None, map(_pattern, kinds))
        plans.append(_Plan(region, re.compile(people), re.compile("|".join(others))))
    return tuple(plans)


def _pattern(kind: PhoneNumberDesc | None) -> str:
    return (kind.national_number_pattern or "") if kind is not None else ""


@lru_cache(maxsize=1 << 19)
def exchange(first_six: str) -> tuple[str, Kind] | None:
    """Region and kind of the numbers of an American or Canadian exchange.

    None: ask the library about each number. Of these two countries the numbering plan never looks
    at the last four digits; of other countries in +1 it does.
    """
    example = f"{first_six}0100"
    for plan in _plans():
        if plan.people.fullmatch(example) and not plan.others.fullmatch(example):
            return plan.region, Kind.LANDLINE_OR_MOBILE
    return _asked(example)


def _asked(example: str) -> tuple[str, Kind] | None:
    """The same from the library."""
    number = PhoneNumber(country_code=1, national_number=int(example))
    region = phonenumbers.region_code_for_number(number)
    kind = _KINDS.get(phonenumbers.number_type(number))
    return None if region not in _PLUS_ONE or kind is None else (region, kind)


def _nanp_service(digits: str) -> Rejected | None:
    """Directory assistance is a valid number in every area code."""
    return Rejected(Reason.SERVICE) if digits.endswith("5551212") else None


def _read(cleaned: str, country: str | None) -> Phone | Rejected:
    if _DECIMAL.fullmatch(cleaned):
        return Rejected(Reason.SPREADSHEET)
    try:
        number = phonenumbers.parse(cleaned, country)
    except NumberParseException as error:
        return _unparsed(cleaned, country, error.error_type)
    if number.extension:
        return Rejected(Reason.EXTENSION)
    if not _PLAIN.fullmatch(cleaned):
        return Rejected(Reason.LETTERS)
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        short = phonenumbers.is_possible_short_number(number)
        return Rejected(Reason.EMERGENCY if short else Reason.IMPOSSIBLE)
    return _judge(number)


def _unparsed(cleaned: str, country: str | None, error: int) -> Rejected:
    if not _PLAIN.fullmatch(cleaned):
        return Rejected(Reason.LETTERS)
    if error == NumberParseException.INVALID_COUNTRY_CODE:
        written = cleaned.startswith("+") or country is not None
        return Rejected(Reason.NO_SUCH_COUNTRY if written else Reason.NO_COUNTRY)
    return Rejected(Reason.IMPOSSIBLE)


def _judge(number: PhoneNumber) -> Phone | Rejected:
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    fictional = fictional_range(e164)
    if fictional is not None:
        return Phone(e164, fictional.region, fictional.kind)
    number_type = phonenumbers.number_type(number)
    region = phonenumbers.region_code_for_number(number)
    kind = _KINDS.get(number_type)
    if kind is None:
        return Rejected(_NOT_PEOPLE.get(number_type, Reason.INVALID))
    if region is None or not region.isalpha():
        return Rejected(Reason.NOWHERE)
    if e164.startswith("+1") and _nanp_service(e164):
        return Rejected(Reason.SERVICE)
    return Phone(e164, region, kind)


# What is left of a number once the parts that people use to make it readable are allowed for.
_PLAIN = re.compile(r"\+?[\d\s().\-/]+")
_NO_DIGIT = re.compile(r"\D")
_DECIMAL = re.compile(r"\+?\d+(\.\d+)?[eE]\+?\d+|\+?\d{6,}\.0+")
_LINK = re.compile(r"^tel:", re.IGNORECASE)
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−"), "-")  # noqa: RUF001 - the dashes that documents hold


def _clean(text: str) -> str:
    """Undo what documents, spreadsheets and links do to a number; its digits stay."""
    plain = unicodedata.normalize("NFKC", text).translate(_DASHES)
    plain = "".join(char for char in plain if unicodedata.category(char) != "Cf").strip()
    return _LINK.sub("", plain.strip("='\" \t")).strip()


@dataclass(frozen=True, slots=True)
class FictionalRange:
    """Numbers that a regulator keeps for films, and that the numbering plan calls invalid."""

    prefix: str
    """With the leading plus."""
    length: int
    """Of the whole number, plus included."""
    region: str
    kind: Kind
    zones: tuple[str, ...]


@cache
def _fictional_ranges() -> tuple[FictionalRange, ...]:
    return tuple(
        FictionalRange(
            prefix=f"+{row['prefix']}",
            length=int(row["digits"]) + 1,
            region=row["region"],
            kind=Kind(row["kind"]),
            zones=tuple(row["zones"].split("|")),
        )
        for row in table("fictional_ranges")
    )


def fictional_range(e164: str) -> FictionalRange | None:
    """The range of a fictional number that the numbering plan does not know; else None."""
    for known in _fictional_ranges():
        if e164.startswith(known.prefix) and len(e164) == known.length:
            return known
    return None


_FICTIONAL_555 = re.compile(r"\+1[2-9]\d{2}55501\d{2}", re.ASCII)


def is_fictional(e164: str) -> bool:
    """Nobody's number: +1 NPA 555 0100 to 0199, or a range of `fictional_ranges.csv`."""
    return bool(_FICTIONAL_555.fullmatch(e164)) or fictional_range(e164) is not None
