from collections import Counter
from pathlib import Path

import pytest

from campaign.words import Outcome
from providers.vapi.words import CONTACTS_OVER, STATES, outcome_of

_LINES = (Path(__file__).parent / "vapi_ended_reasons.txt").read_text().splitlines()
REASONS = [line for line in _LINES if not line.startswith("#")]

# The single values that the campaign's books depend on.
KNOWN = {
    "voicemail": Outcome.VOICEMAIL,
    "customer-did-not-answer": Outcome.NO_ANSWER,
    "call.in-progress.error-providerfault-outbound-sip-408-request-timeout": Outcome.NO_ANSWER,
    "call.in-progress.error-providerfault-outbound-sip-480-temporarily-unavailable": (
        Outcome.NO_ANSWER
    ),
    "customer-busy": Outcome.BUSY,
    "manually-canceled": Outcome.CANCELLED,
    "scheduled-call-deleted": Outcome.CANCELLED,
    "call-deleted": Outcome.CANCELLED,
    "assistant-forwarded-call": Outcome.TRANSFERRED,
    "call.ringing.hook-executed-transfer": Outcome.TRANSFERRED,
    "call.ending.hook-executed-transfer": Outcome.TRANSFERRED,
    "customer-ended-call": Outcome.ANSWERED,
    "customer-ended-call-after-warm-transfer-attempt": Outcome.ANSWERED,
    "assistant-ended-call": Outcome.ANSWERED,
    "assistant-ended-call-with-hangup-task": Outcome.ANSWERED,
    "assistant-said-end-call-phrase": Outcome.ANSWERED,
    "silence-timed-out": Outcome.ANSWERED,
    "exceeded-max-duration": Outcome.ANSWERED,
    "call.in-progress.twilio-completed-call": Outcome.UNKNOWN,
    "twilio-reported-customer-misdialed": Outcome.INVALID_NUMBER,
    "sip-outbound-unallocated-number": Outcome.INVALID_NUMBER,
    "twilio-failed-to-connect-call": Outcome.FAILED,
    "sip-outbound-carrier-released-call": Outcome.FAILED,
    "call.in-progress.error-sip-outbound-call-failed-to-connect": Outcome.FAILED,
    "call.in-progress.error-providerfault-outbound-sip-503-service-unavailable": Outcome.FAILED,
    "call.start.error-subscription-concurrency-limit-reached": Outcome.FAILED,
    "call.start.error-subscription-frozen": Outcome.FAILED,
    "call.start.error-vapifault-worker-not-available": Outcome.FAILED,
    "call-start-error-neither-assistant-nor-server-set": Outcome.FAILED,
    "assistant-not-found": Outcome.FAILED,
    "assistant-request-failed": Outcome.FAILED,
    "pipeline-error-openai-llm-failed": Outcome.FAILED,
    "worker-shutdown": Outcome.FAILED,
    "phone-call-provider-closed-websocket": Outcome.FAILED,
    "call.in-progress.error-transfer-failed": Outcome.FAILED,
}


def test_every_documented_reason_has_an_outcome() -> None:
    counted = Counter(outcome_of(reason) for reason in REASONS)

    assert counted == {
        Outcome.VOICEMAIL: 1,
        Outcome.NO_ANSWER: 3,
        Outcome.BUSY: 1,
        Outcome.CANCELLED: 3,
        Outcome.TRANSFERRED: 3,
        Outcome.ANSWERED: 10,
        Outcome.INVALID_NUMBER: 2,
        # The carrier closed the line: only what was said tells whether it was a person.
        Outcome.UNKNOWN: 4,
        Outcome.FAILED: 577,
    }
    assert len(REASONS) == len(set(REASONS)) == 604


@pytest.mark.parametrize("reason", KNOWN)
def test_the_well_known_reasons_are_what_they_say(reason: str) -> None:
    assert outcome_of(reason) is KNOWN[reason]


def test_the_well_known_reasons_are_documented() -> None:
    assert KNOWN.keys() - set(REASONS) <= {"pipeline-error-openai-llm-failed"}


@pytest.mark.parametrize("reason", ["", "customer-vanished", "call.ringing.carrier-diverted", "🐦"])
def test_a_reason_that_nobody_documented_is_unknown(reason: str) -> None:
    assert outcome_of(reason) is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "reason", ["call.in-progress.sip-completed-call", "vonage-completed", "vonage-disconnected"]
)
def test_a_line_closed_by_the_carrier_was_answered_if_the_person_spoke(reason: str) -> None:
    assert outcome_of(reason, person_spoke=True) is Outcome.ANSWERED
    assert outcome_of(reason, person_spoke=False) is Outcome.UNKNOWN


def test_a_transfer_counts_more_than_who_hung_up_and_less_than_a_mailbox() -> None:
    assert outcome_of("customer-ended-call", transferred=True) is Outcome.TRANSFERRED
    assert outcome_of("customer-vanished", transferred=True) is Outcome.TRANSFERRED
    assert outcome_of("voicemail", transferred=True) is Outcome.VOICEMAIL
    assert outcome_of("customer-busy", transferred=True) is Outcome.BUSY


def test_every_documented_state_and_contact_status_is_known() -> None:
    assert set(STATES) == {"scheduled", "in-progress", "ended", "cancelled", "archived"}
    assert set(CONTACTS_OVER) == {
        "contact.completed",
        "contact.failed",
        "contact.skipped",
        "contact.predial-failed",
    }
