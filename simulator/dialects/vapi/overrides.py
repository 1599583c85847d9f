"""What may be overridden for one person or one campaign: the checks, and the merging."""

from typing import Annotated, Any, cast

import msgspec
from pydantic import AfterValidator

from simulator.dialects.vapi.complaints import complaint

_MOST_VARIABLES = 100_000
"""Characters of one contact's `variableValues`."""
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
