"""Which encoding a text file is written in, proven over the whole file before a row is used."""

import codecs
from pathlib import Path

from campaign.errors import BadInput, Fault

_CHUNK = 1 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def encoding_of(path: Path) -> str:
    """Return `utf-8`, `utf-8-sig`, `utf-16`, `utf-16-le`, `utf-16-be`, `utf-32` or `cp1252`.

    Raises `BadInput` with the line of the first byte that fits none of them.
    """
    with path.open("rb") as file:
        start = file.read(4096)
    marked = next((name for mark, name in _MARKS if start.startswith(mark)), None)
    guess = marked or _unmarked(start)
    wrong: tuple[int, int] | None = None
    for encoding in (guess, "cp1252") if guess == "utf-8" else (guess,):
        wrong = _undecodable(path, encoding)
        if wrong is None:
            return encoding
    line, byte = wrong or (1, 0)
    fits = "neither UTF-8 nor Windows-1252" if guess == "utf-8" else f"not {guess.upper()}"
    message = f"byte 0x{byte:02x} on line {line} is {fits}"
    raise BadInput(message, [Fault(message, "Save the list as UTF-8.", path.name, line)])


def _unmarked(start: bytes) -> str:
    """UTF-16 without a mark has a zero byte beside nearly every Latin letter."""
    even, odd = start[0::2].count(0), start[1::2].count(0)
    most = len(start) // 4
    if odd > most > even:
        return "utf-16-le"
    return "utf-16-be" if even > most > odd else "utf-8"


def _undecodable(path: Path, encoding: str) -> tuple[int, int] | None:
    """Return line and value of the first byte that is not of this encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = 1
    with path.open("rb") as file:
        while True:
            chunk = file.read(_CHUNK)
            try:
                lines += decoder.decode(chunk, final=not chunk).count("\n")
            except UnicodeDecodeError as error:
                good = error.object[: error.start].decode(encoding, errors="ignore")
                return lines + good.count("\n"), error.object[error.start]
            if not chunk:
                return None
