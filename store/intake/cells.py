"""Cells that a spreadsheet program would take for a formula: harmless going out, plain coming in.

A dangerous cell, or line of a cell, gets a leading apostrophe; reading takes one away, so that a
round trip changes nothing.
"""

import re

# A formula begins so after blanks, in any line of the cell: some programs split cells at a newline.
# The full-width signs are taken for formulas by East Asian versions.
_SIGNS = "=+\\-@\t\r\uff1d\uff0b\uff0d\uff20"
_BLANKS = "[ \u00a0\u3000]*"
_START = r"(?:\A|(?<=[\r\n]))"
_DANGEROUS = re.compile(rf"{_START}(?='*{_BLANKS}[{_SIGNS}])")
_GUARDED = re.compile(rf"{_START}'(?='*{_BLANKS}[{_SIGNS}])")
_NUMBER = re.compile(r"\+[0-9]{7,15}")


def guard(text: str) -> str:
    """Make a cell text in every spreadsheet program.

    A plain E.164 number stays as it is: the worst that becomes of it is the loss of its plus sign.
    """
    if _NUMBER.fullmatch(text):
        return text
    return _DANGEROUS.sub("'", text)


def unguard(text: str) -> str:
    """Return the text that was guarded; also the number that somebody typed as `'+13125550101`."""
    return _GUARDED.sub("", text) if "'" in text else text
