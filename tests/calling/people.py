"""Fictional people at every place of the rule table.

Numbers are those that regulators keep for films and books. +1: NPA 555-0100 to 0199 (NANPA, CNA).
+44: Ofcom, "Numbers for drama". +61: ACMA, "Phone numbers for use in TV shows, films and creative
works". +33: ARCEP, decision 2018-0881, numbers for audiovisual works. +49: Bundesnetzagentur,
notice 148/2021, numbers for media productions. +46: PTS, numbers for books and films.
"""

from collections.abc import Mapping, Sequence

from hypothesis import strategies as st

from tests.campaign.oracle import rows

Row = dict[str, str]
"""A row of a list, column by column."""

COLUMNS = (
    "phone_number",
    "first_name",
    "timezone",
    "state",
    "postcode",
    "country",
    "consent",
    "consent_date",
)

ABROAD: Mapping[str, Sequence[str]] = {
    "GB": ("+447700900{:03}", "+441632960{:03}"),
    "AU": ("+6125550{:04}", "+6185550{:04}"),
    "AU mobile": ("+61491570006", "+61491570156", "+61491570157", "+61491570158", "+61491570159"),
    "FR": ("+33199000{:03}", "+33465710{:03}"),
    "DE": ("+493023125{:03}", "+492214710{:03}"),
    "SE": ("+467017406{:02}",),
}
"""Their place in it counts up; for mobiles in Australia ACMA names single numbers."""

AREAS: Mapping[str, Sequence[str]] = {
    state: [
        code
        for row in rows("area_codes")
        if row["states"] == state
        for code in row["area_codes"].split()
    ]
    for state in sorted({row["states"] for row in rows("area_codes")})
}
"""Area codes by state or province (`US-FL`), as the table groups them."""


def american(area_code: str, last: int) -> str:
    """A fictional number in the United States or Canada."""
    return f"+1{area_code}55501{last:02}"


def abroad(place: str, no: int) -> str:
    """A fictional number elsewhere."""
    forms = ABROAD[place]
    return forms[no % len(forms)].format(5 + no)


_OWN_ZONES = st.sampled_from(
    ["America/New_York", "America/Los_Angeles", "Pacific/Honolulu", "America/Phoenix"]
)
_STATES = st.sampled_from(sorted({row["state"] for row in rows("states") if row["zones"]}))
POSTCODES: Mapping[str, tuple[str, ...]] = {
    "33101": ("US-FL",),
    "10001": ("US-NY",),
    "83801": ("US-ID",),
    "47906": ("US-IN",),
    "02903": ("US-RI",),
    "79901": ("US-TX",),
    "M5V": ("CA-ON",),
}
"""Miami, Manhattan, Athol, West Lafayette, Providence, El Paso and Toronto, looked up by hand."""
_UNREADABLE = st.sampled_from(["Eastern", "EST", "America/Nowhere", "-5"])


@st.composite
def people(draw: st.DrawFn, *, most: int = 12) -> list[Row]:
    """Some people with different numbers, and what the list tells about where they are."""
    chosen: dict[str, Row] = {}
    for no in range(draw(st.integers(4, most))):
        row = _american(draw, no) if draw(st.integers(0, 3)) else _from_abroad(draw, no)
        chosen[row["phone_number"]] = row | {"first_name": f"Person {no}"}
    return list(chosen.values())


def _american(draw: st.DrawFn, no: int) -> Row:
    state = draw(st.sampled_from(sorted(AREAS)))
    number = american(draw(st.sampled_from(AREAS[state])), no)
    clue = draw(st.sampled_from(["", "", "zone", "state", "postcode", "unreadable", "elsewhere"]))
    told = {
        "zone": {"timezone": draw(_OWN_ZONES)},
        "state": {"state": draw(_STATES)},
        "postcode": {"postcode": draw(st.sampled_from(sorted(POSTCODES)))},
        "unreadable": {"timezone": draw(_UNREADABLE)},
        "elsewhere": {"country": draw(st.sampled_from(["GB", "DE", "CA", "US", "IN", "SE"]))},
    }.get(clue, {})
    return _row(number, **told)


def _from_abroad(draw: st.DrawFn, no: int) -> Row:
    place = draw(st.sampled_from(sorted(ABROAD)))
    if place == "AU mobile" and no >= len(ABROAD[place]):
        place = "AU"
    return _row(abroad(place, no))


def _row(number: str, **told: str) -> Row:
    said = dict.fromkeys(COLUMNS, "") | {"phone_number": number}
    return said | {"consent": "written", "consent_date": "2026-05-04"} | told
