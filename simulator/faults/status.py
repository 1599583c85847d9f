"""Faults of the status line: an error, or an odd success, before or after the effect."""

from dataclasses import replace
from email.utils import formatdate
from typing import Literal

from pydantic import Field

from simulator.exchange import Answer
from simulator.faults.fault import Fault, Incident, Instead

_HTML = b"<html><head><title>%d</title></head><body><h1>%d</h1><hr>nginx</body></html>"

RetryAfter = Literal["none", "seconds", "zero", "date", "past", "huge", "garbage"]


class Status(Fault):
    """Answer with a status of your choice, before or after doing what was asked."""

    kind: Literal["status"] = "status"
    status: int = Field(default=503, ge=200, le=599)
    when: Literal["before", "after"] = "before"
    body: Literal["provider", "html", "empty", "echo", "answer"] = "provider"
    """`provider`: its own error shape; `echo`: an error that repeats the request's body, people's
    data and all; `answer`: what it would have answered, under another status (only `after`).
    """
    retry_after: RetryAfter = "none"
    retry_after_seconds: int = 2
    location: str = ""
    """Of a redirect."""

    async def before(self, incident: Incident) -> None:
        """Nothing was done."""
        if self.when == "before":
            raise Instead(self._answer(incident))

    async def after(self, answer: Answer, incident: Incident) -> Answer:
        """It was done."""
        if self.when == "after" and self.body == "answer":
            return replace(answer, status=self.status).with_headers(self._headers(incident))
        return self._answer(incident) if self.when == "after" else answer

    def _answer(self, incident: Incident) -> Answer:
        answer = incident.dialect.refusal(
            self.status, "The simulator was told to answer like this."
        )
        if self.body == "html":
            page = _HTML % (self.status, self.status)
            answer = Answer(status=self.status, body=page, content_type="text/html")
        elif self.body == "empty":
            answer = Answer(status=self.status, body=b"")
        elif self.body == "echo":
            text = incident.exchange.body.decode(errors="replace")
            answer = incident.dialect.refusal(self.status, f"Could not process: {text}")
        return answer.with_headers(self._headers(incident))

    def _headers(self, incident: Incident) -> dict[str, str]:
        now, seconds = incident.network.now, self.retry_after_seconds
        said = {
            "seconds": str(seconds),
            "zero": "0",
            "date": formatdate(now + seconds, usegmt=True),
            "past": formatdate(now - 3600, usegmt=True),
            "huge": "1000000000",
            "garbage": "soon",
        }
        headers = {"location": self.location} if self.location else {}
        if self.retry_after != "none":
            headers["retry-after"] = said[self.retry_after]
        return headers


class DateHeader(Fault):
    """Let the clock of the `Date` header be wrong, or leave the header out."""

    kind: Literal["date_header"] = "date_header"
    seconds: float = 600.0
    """How far it is ahead; negative: behind."""
    missing: bool = False

    async def after(self, answer: Answer, incident: Incident) -> Answer:
        """Set it wrong."""
        wrong = formatdate(incident.network.now + self.seconds, usegmt=True)
        return answer.with_headers({"date": "" if self.missing else wrong})
