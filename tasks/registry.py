"""The task module of each provider, found by the provider's name."""

from importlib import import_module
from typing import Any, Protocol, cast

from prefect import Task

from campaign.errors import Unsupported
from providers import names
from tasks.steps.policy import Policy

Step = Task[[str], Any]


class ProviderTasks(Protocol):
    """What the task module of a provider offers; each task takes a batch id."""

    POLICY: Policy
    submit: Step
    find: Step
    start: Step
    collect: Step
    watch: Step
    stop: Step


def policy_of(provider: str) -> Policy:
    """Return how a provider is treated. Raises `Unsupported`."""
    return tasks_of(provider).POLICY


def tasks_of(provider: str) -> ProviderTasks:
    """Return the provider's task module. Raises `Unsupported`."""
    if provider not in names():
        raise Unsupported(f"there is no provider {provider!r}")
    return cast("ProviderTasks", import_module(f"tasks.{provider}"))
