"""A Markdown page: the parts between markers, and its blocks of code."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

_PART = re.compile(
    r"(?P<begin><!-- generated: (?P<name>[a-z -]+) -->)"
    r"(?P<text>(?:\n(?!<!-- /generated -->).*)*)"
    r"(?P<end>\n<!-- /generated -->)"
)
_BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code, and the heading that it stands under."""

    language: str
    text: str
    heading: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link to a file of ours; both parts may be empty."""

    file: str
    anchor: str


class Page:
    """One page as it is on the disk."""

    def __init__(self, name: str) -> None:
        self.path = ROOT / name
        self.text = self.path.read_text("utf-8")

    def parts(self) -> Mapping[str, str]:
        """The generated parts by name."""
        return {found["name"]: found["text"][1:] for found in _PART.finditer(self.text)}

    def with_parts(self, parts: Mapping[str, str]) -> str:
        """The page with other generated parts."""
        return _PART.sub(lambda at: f"{at['begin']}\n{parts[at['name']]}{at['end']}", self.text)

    def blocks(self, language: str) -> Iterator[Block]:
        """Yield the blocks of code in one language."""
        for found in _BLOCK.finditer(self.text):
            if found["language"] == language:
                above = _HEADING.findall(self.text, 0, found.start())
                yield Block(language, found["text"], above[-1] if above else "")

    def links(self) -> Iterator[Link]:
        """Yield the links that lead to files of ours."""
        for file, anchor in _LINK.findall(_BLOCK.sub("", self.text)):
            yield Link(file, anchor)

    def anchors(self) -> frozenset[str]:
        """The names by which its headings can be linked to."""
        return frozenset(map(_anchor, _HEADING.findall(_BLOCK.sub("", self.text))))


def _anchor(heading: str) -> str:
    """GitHub's rule: small letters, hyphens for blanks, everything else dropped."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
