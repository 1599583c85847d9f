"""What may be overridden for one person or one campaign: the checks, and the merging."""

from typing import Annotated, Any, cast

import msgspec
from pydantic import AfterValidator

from simulator.dialects.vapi.complaints import complaint

_MOST_VARIABLES = 100_000
"""Characters of one contact's `variableValues`."""
_DEFAULT_SECONDS = 600
OVERRIDABLE = frozenset(
    [
        "transcriber",
        "model",
        "voice",
        "firstMessage",
        "firstMessageInterruptionsEnabled",
        "firstMessageMode",
        "voicemailDetection",
        "clientMessages",
        "serverMessages",
        "maxDurationSeconds",
        "backgroundSound",
        "modelOutputInMessagesEnabled",
        "transportConfigurations",
        "observabilityPlan",
        "credentials",
        "hooks",
        "tools:append",
        "variableValues",
        "name",
        "voicemailMessage",
        "endCallMessage",
        "endCallPhrases",
        "compliancePlan",
        "metadata",
        "backgroundSpeechDenoisingPlan",
        "analysisPlan",
        "artifactPlan",
        "startSpeakingPlan",
        "stopSpeakingPlan",
        "monitorPlan",
        "credentialIds",
        "server",
        "keypadInputPlan",
    ]
)
_SECONDS = range(10, 43_201)


def _checked(overrides: dict[str, Any]) -> dict[str, Any]:
    for name in overrides.keys() - OVERRIDABLE:
        raise complaint(f"{{name}}.property {name} should not exist")
    for name in ("variableValues", "metadata"):
        if not isinstance(overrides.get(name, {}), dict):
            raise complaint(f"{{name}}.{name} must be an object")
    if len(msgspec.json.encode(overrides.get("variableValues"))) > _MOST_VARIABLES:
        raise complaint(f"{{name}}.variableValues must be shorter than {_MOST_VARIABLES}")
    if overrides.get("maxDurationSeconds", _SECONDS[0]) not in _SECONDS:
        raise complaint("{name}.maxDurationSeconds must be between 10 and 43200")
    return overrides


Overrides = Annotated[dict[str, Any], AfterValidator(_checked)]


def merged(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """One person's overrides on top of the campaign's, however deep."""
    result = dict(under)
    for name, value in over.items():
        below: object = result.get(name)
        if isinstance(below, dict) and isinstance(value, dict):
            result[name] = merged(cast("dict[str, Any]", below), cast("dict[str, Any]", value))
        else:
            result[name] = value
    return result


def sayings(*overrides: dict[str, Any]) -> list[Any]:
    """Where a client may have put ids of its own."""
    return [each.get(name) for each in overrides for name in ("variableValues", "metadata")]


def longest_call(*overrides: dict[str, Any]) -> float:
    """Seconds after which a call is ended."""
    given = (each["maxDurationSeconds"] for each in overrides if "maxDurationSeconds" in each)
    return min(given, default=_DEFAULT_SECONDS)
