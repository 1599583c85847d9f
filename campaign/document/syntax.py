"""YAML's own complaints in plain words, each with a remedy."""

import re

import yaml

from campaign.errors import Fault

_MAX_SHOWN = 60
_BRACES = 'Put a text with braces in quotes: "{first_name} {last_name}".'
_PLAIN_WORDS: tuple[tuple[str, str, str], ...] = (
    (
        r"character '\\t' that cannot start",
        "a tab stands where YAML wants blanks",
        "Indent with blanks.",
    ),
    (
        r"character '(.)' that cannot start",
        "a text may not begin with this character",
        "Put the text in quotes.",
    ),
    (
        r"mapping values are not allowed",
        "a colon stands where none may be",
        "Check the indentation here and above, and put a text with a colon in quotes.",
    ),
    (r"could not find expected ':'", "a key has no colon", "Write it as `key: value`."),
    (r"unexpected end of stream", "a quote is opened and never closed", "Close it."),
    (r"expected <block end>, but found '\{'", "text goes on after a brace", _BRACES),
    (
        r"expected <block end>",
        "the indentation does not fit the lines above",
        "Line the keys up.",
    ),
    (r"expected ',' or '\]'", "a list is opened with [ and never closed", "Add the ]."),
    (r"expected ',' or '\}'", "a brace is opened with { and never closed", _BRACES),
    (r"undefined alias", "an alias (*) stands for nothing", "Put the text in quotes."),
    (
        r"unknown escape character",
        "a backslash in double quotes has a meaning of its own",
        "Use single quotes.",
    ),
    (
        r"found another document",
        "the file holds two documents (---)",
        "Put each campaign into a file of its own.",
    ),
)


def syntax_fault(error: yaml.YAMLError, text: str) -> Fault:
    """Say where the text stops being YAML, and what to do about it."""
    if isinstance(error, yaml.reader.ReaderError):
        return _unprintable(error, text)
    if not isinstance(error, yaml.MarkedYAMLError):
        return Fault("this is not YAML", line=1, column=1)
    mark = error.problem_mark or error.context_mark
    message, remedy = _plainly(error.problem or "")
    if "never closed" in message and error.context_mark is not None:
        mark = error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    return Fault(message, remedy=remedy, line=line, column=column, value=_line(text, line))


def _plainly(problem: str) -> tuple[str, str]:
    for form, message, remedy in _PLAIN_WORDS:
        if re.search(form, problem):
            return message, remedy
    return f"this is not YAML: {problem}", ""


def _unprintable(error: yaml.reader.ReaderError, text: str) -> Fault:
    before = text[: error.position]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    message = "the file holds a character that is no text"
    return Fault(
        message, remedy="Remove it.", line=line, column=column, value=f"U+{error.character:04X}"
    )


def _line(text: str, line: int) -> str:
    lines = text.splitlines()
    return lines[line - 1].strip()[:_MAX_SHOWN] if line <= len(lines) else ""
