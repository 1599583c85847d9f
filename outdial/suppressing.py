"""Numbers as people type them, and lists of them."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import click

from campaign.errors import BadInput, Fault
from campaign.rules.phone import Reason, Rejected
from campaign.spec import RecipientSource
from store.intake.numbers import read_number
from store.intake.opening import open_source
from store.intake.rows import Reject, Source, SourceRow

_PHONE = "phone_number"
_CHUNK = 10_000
_LOOKS_LIKE_A_NUMBER = re.compile(r"\d{7}")


country_option = click.option(
    "--country", metavar="CODE", help="Of numbers without country code, such as US. Never guessed."
)


def numbers_of(texts: Sequence[str], country: str | None) -> list[str]:
    """Return all of them in E.164, or raise `BadInput` with everything that is wrong."""
    found = [number_of(text, checked_country(country)) for text in texts]
    faults = [one for one in found if isinstance(one, Fault)]
    if faults:
        raise BadInput("some of these are no numbers; nothing was changed", faults)
    return [one for one in found if isinstance(one, str)]


def checked_country(country: str | None) -> str | None:
    """Return it in capitals. Raises `BadInput` if it is not two letters."""
    if country is None or (len(country) == 2 and country.isalpha()):  # noqa: PLR2004 - ISO 3166 alpha-2
        return country and country.upper()
    message = "a country is two letters, such as US"
    raise BadInput(message, [Fault(message, "See ISO 3166 alpha-2.", "--country", value=country)])


def number_of(text: str, country: str | None) -> str | Fault:
    """Read one number in E.164, or say what is wrong with it."""
    found = read_number(text, country)
    return _fault(found, value=text) if isinstance(found, Rejected) else found.e164


def _fault(found: Rejected, *, value: str, source: str = "", line: int | None = None) -> Fault:
    message, remedy = found.why, ""
    if found.reason is Reason.NO_COUNTRY:
        message, remedy = "it has no country code", "Write it as +1..., or say --country."
    return Fault(message, remedy, source, line, value=value)


class NumberList:
    """A file with a column of numbers, read once in chunks of any length of file."""

    def __init__(self, file: Path, column: str | None, country: str | None) -> None:
        self._file = file
        self._column = column
        self._country = country
        self.read = 0
        """Good numbers so far, each time that one occurs."""
        self.faults: list[Fault] = []
        """Rows without a good number so far."""

    def chunks(self) -> Iterator[list[str]]:
        """Yield the good numbers in E.164. Raises `BadInput` if the list cannot be read."""
        with open_source(RecipientSource(source=str(self._file)), Path.cwd()) as source:
            column = self._column_of(source)
            numbers = self._numbers(source, column)
            while chunk := list(islice(numbers, _CHUNK)):
                yield chunk

    def _numbers(self, source: Source, column: str) -> Iterator[str]:
        for row in source.rows([column]):
            found = self._read(row, column)
            if isinstance(found, Fault):
                self.faults.append(found)
            else:
                self.read += 1
                yield found

    def _read(self, row: SourceRow | Reject, column: str) -> str | Fault:
        if isinstance(row, Reject):
            return Fault(row.reason, "", self._file.name, row.row_no, value=row.value)
        text = row.values[column]
        found = read_number(text, self._country)
        if isinstance(found, Rejected):
            return _fault(found, value=text, source=self._file.name, line=row.row_no)
        return found.e164

    def _column_of(self, source: Source) -> str:
        """Return the column that is named, or is plainly meant."""
        wanted = self._column or _PHONE
        if wanted in source.columns:
            return wanted
        if any(_LOOKS_LIKE_A_NUMBER.search(name) for name in source.columns):
            message = "its first row looks like a number"
            raise self._bad(message, "Put the name of the column above the numbers.")
        if self._column is None and len(source.columns) == 1:
            return source.columns[0]
        raise self._bad(
            f"there is no column {wanted!r}",
            f"It has {', '.join(source.columns)}: name one by --phone.",
        )

    def _bad(self, message: str, remedy: str) -> BadInput:
        return BadInput(message, [Fault(message, remedy, self._file.name)])
