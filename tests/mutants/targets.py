"""What is broken, and which tests must notice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Target:
    """Modules that are broken together, as the same quick tests judge them."""

    modules: Sequence[str]
    tests: Sequence[str]
    without: str = ""
    """Of these tests, those that are too slow or begin other processes, as `-k` has it."""


TARGETS = (
    Target(
        modules=["providers/http.py"],
        tests=[
            "tests/providers/test_http.py",
            "tests/providers/test_http_tls.py",
            "tests/providers/test_http_turns.py",
        ],
    ),
    Target(
        modules=["store/submissions/claiming.py"],
        tests=[
            "tests/store/test_claiming.py",
            "tests/store/test_submissions.py",
            "tests/store/test_placed.py",
        ],
        without="postgresql",
    ),
    Target(
        modules=["tasks/steps/sending.py"],
        tests=[
            "tests/protocol/test_waiting.py",
            "tests/protocol/test_guards.py",
            "tests/protocol/test_database_trouble.py",
        ],
        without="postgresql or server or went or hour or restored",
    ),
)

NOT_BROKEN = (r"^\s*raise ", r'^\s*f?"[^"]*",?$')
"""Lines that are left as they are: what an error says. Whether it is raised is broken."""

EQUIVALENT: Mapping[str, str] = {
    'return await self._repeatable("get", path, query=query)': "httpx writes methods in capitals",
    '"post", path, content=body, headers=_content_type(body), extensions={"trace": mark}': (
        "httpx writes methods in capitals"
    ),
    'self._throttle.heard(response.headers.get("date", None))': "no date is no date",
    'self._throttle.heard(response.headers.get("date", ))': "no date is no date",
    'self._throttle.heard(response.headers.get("date", "XXXX"))': "no date is no date",
    'self._throttle.heard(response.headers.get("DATE", ""))': "headers are found in either case",
    '"headers": {"user-agent": "outdial", **headers},': "headers are found in either case",
    '"headers": {"USER-AGENT": "outdial", **headers},': "headers are found in either case",
    'return {} if content is None else {"content-type": "application/json"}': (
        "headers are found in either case"
    ),
    'return {} if content is None else {"CONTENT-TYPE": "application/json"}': (
        "headers are found in either case"
    ),
    'now = moment_of(headers.get("date", None)) or datetime.now(UTC)': "no date is no date",
    'now = moment_of(headers.get("date", )) or datetime.now(UTC)': "no date is no date",
    'now = moment_of(headers.get("date", "XXXX")) or datetime.now(UTC)': "no date is no date",
    'text = headers.get("retry-after", "XXXX").strip()': "what makes no sense is as if not said",
    "self.passed = None": "both are no",
}
"""Changes that change nothing: the line as it becomes, and why."""
