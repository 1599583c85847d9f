"""From a row of a list to a recipient, as the campaign file says."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from operator import itemgetter
from zoneinfo import ZoneInfo

from campaign import template
from campaign.document.keys import nearest
from campaign.errors import BadInput, Fault
from campaign.rules.phone import Rejected
from campaign.rules.zonedata import zones_of_country
from campaign.spec import CampaignSpec
from campaign.split import splitter
from campaign.template import Template
from store.intake.numbers import read_number
from store.intake.rows import Reject, SourceRow
from store.recipients import NewRecipient

_COLUMN_KEYS = (
    "phone",
    "timezone",
    "state",
    "postcode",
    "country_column",
    "external_id",
    "consent",
    "consent_date",
    "consent_source",
)
"""Keys of `recipients` whose value is the name of a column."""
_CONSENTS = ("express", "written", "none")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class MissingColumn:
    """A column that the campaign file names and the list does not have."""

    path: tuple[str, ...]
    """The key of the campaign file that names it."""
    message: str
    remedy: str


def columns_of(spec: CampaignSpec) -> Mapping[str, tuple[str, ...]]:
    """Every column that a campaign needs, and the key of the campaign file that asks for it."""
    asked: dict[str, tuple[str, ...]] = {}
    for key in _COLUMN_KEYS:
        column = getattr(spec.recipients, key)
        if column is not None:
            asked.setdefault(column, ("recipients", key))
    for name, text in spec.variables.items():
        for column in template.columns(text):
            asked.setdefault(column, ("variables", name))
    return asked


def missing_columns(
    spec: CampaignSpec, columns: Sequence[str], list_name: str
) -> list[MissingColumn]:
    """Compare what a campaign needs with what its list has."""
    missing: list[MissingColumn] = []
    for column, path in columns_of(spec).items():
        if column in columns:
            continue
        near = nearest(column, columns)
        remedy = f"Was {near!r} meant?" if near else f"It has {_named(columns)}."
        if any(re.search(r"\d{7}", name) for name in columns):
            remedy = "Its first row looks like a person: put the names of the columns above."
        missing.append(MissingColumn(path, f"{list_name} has no column {column!r}", remedy))
    return missing


class Recipe:
    """Reads the rows of one list for one campaign. Raises `BadInput` if the list lacks a column."""

    def __init__(self, spec: CampaignSpec, columns: Sequence[str], list_name: str) -> None:
        missing = missing_columns(spec, columns, list_name)
        if missing:
            faults = [Fault(one.message, one.remedy, list_name, 1) for one in missing]
            raise BadInput(missing[0].message, faults)
        self.columns = tuple(columns_of(spec))
        self._source = spec.recipients
        self._provider_of = splitter(spec.name, spec.shares)
        templates = {name: template.parse(text) for name, text in spec.variables.items()}
        self._fill = [(name, _filler(text)) for name, text in templates.items()]
        self._needed = {column: name for name, text in templates.items() for column in text.columns}
        self._extras = _extras(spec)

    def read(self, row: SourceRow | Reject) -> NewRecipient | Reject:
        """Turn a row into a recipient, or say why not."""
        if isinstance(row, Reject):
            return row
        row_no, values = row
        column = self._source.phone
        number = read_number(values[column], self._source.country)
        if isinstance(number, Rejected):
            return Reject(row_no, column, values[column], number.why)
        wrong = self._wrong(values)
        if wrong is not None:
            return Reject(row_no, *wrong)
        return NewRecipient(
            phone_number=number.e164,
            provider=self._provider_of(number.e164),
            variables={name: fill(values) for name, fill in self._fill},
            source_row=row_no,
            region=number.region,
            **{field: values[column] or None for field, column, _ in self._extras},
        )

    def _wrong(self, values: Mapping[str, str]) -> tuple[str, str, str] | None:
        """Return column, value and reason of the first thing that is wrong beside the number."""
        for column, name in self._needed.items():
            if not values[column]:
                return column, "", f"it is empty, and the variable {name!r} needs it"
        for _, column, judge in self._extras:
            said = values[column]
            reason = judge(said) if said and judge is not None else None
            if reason is not None:
                return column, said, reason
        if "\0" in "".join(values.values()):
            column = next(name for name, value in values.items() if "\0" in value)
            return column, "", "it holds a NUL character"
        return None


Judge = Callable[[str], str | None]
"""Says what is wrong with a value; None: nothing is."""


def _extras(spec: CampaignSpec) -> list[tuple[str, str, Judge | None]]:
    """Return field, column and judge of what the list tells beside the number."""
    source = spec.recipients
    told: list[tuple[str, str | None, Judge | None]] = [
        ("timezone", source.timezone, _zone_fault),
        ("jurisdiction", source.state, None),
        ("postcode", source.postcode, None),
        ("country", source.country_column, _country_fault),
        ("external_id", source.external_id, None),
        ("consent", source.consent, _consent_fault),
        ("consent_date", source.consent_date, _date_fault),
        ("consent_source", source.consent_source, None),
    ]
    return [(field, column, judge) for field, column, judge in told if column]


def _filler(text: Template) -> Callable[[Mapping[str, str]], str]:
    """Return `fill`, or what does the same faster where the text is one column and nothing else."""
    only = text.columns[0] if len(text.columns) == 1 else None
    alone = text.pieces == (("", only), ("", None))
    return itemgetter(only) if only is not None and alone else text.fill


@lru_cache(maxsize=1024)
def _zone_fault(said: str) -> str | None:
    try:
        ZoneInfo(said)
    except (KeyError, ValueError, OSError):  # Not found is a `KeyError`.
        return "it is no IANA time zone, such as America/Chicago"
    return None


def _country_fault(said: str) -> str | None:
    known = zones_of_country(said.strip().upper())
    return None if known else "a country is written with two letters, such as DE"


def _consent_fault(said: str) -> str | None:
    return None if said.lower() in _CONSENTS else f"consent is one of {', '.join(_CONSENTS)}"


def _date_fault(said: str) -> str | None:
    try:
        good = _DATE.match(said) is not None and date.fromisoformat(said[:10])
    except ValueError:
        good = False
    return None if good else "a date is written 2026-11-30"


def _named(columns: Sequence[str]) -> str:
    shown = ", ".join(map(repr, columns[:8]))
    return f"{shown}, ..." if len(columns) > 8 else shown  # noqa: PLR2004 - enough for a line
