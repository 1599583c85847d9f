"""An example campaign over all five providers, with people who do not exist."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

PEOPLE = 300
"""As many as there are numbers below."""

_CAMPAIGN = """\
# An example of outdial: some people, all five providers, one list of results.
name: {name}

# Each person is given to one of the providers at random, by these shares, and stays with it. The
# agents and the caller number are those of your accounts; the simulator takes any.
provider:
  - provider: vogent
    share: 0.3
    agent: {{agent_id: 0d6f7a52-4b0c-4f6e-9a53-2b1d8c7e6f10}}
    from_numbers: [9a4be2b7-7c1d-4f0a-8a2e-5d3c6b7a8f90]
  - provider: bland
    share: 0.25
    agent: {{task: "Remind {{{{first_name}}}} that the policy is due, and offer to renew it."}}
  - provider: vapi
    share: 0.25
    agent: {{assistant_id: 5c1f2a3b-9d8e-4c7f-8b6a-1e2d3c4b5a69}}
    from_numbers: [3e4d5c6b-7a89-4b0c-9d1e-2f3a4b5c6d7e]
  - provider: happyrobot
    share: 0.12
    agent: {{use_case_id: 665f1c2a9b8d7e6f5a4b3c2d}}
    from_numbers: [665f1c2a9b8d7e6f5a4b3c2e]
  - provider: vocode
    share: 0.08
    agent: {{agent_id: 7b8a9c0d-1e2f-4a3b-8c4d-5e6f7a8b9c0d}}
    from_numbers: ["+13125550199"]

recipients: {{source: people.csv, phone: phone_number, country: US, external_id: customer_no}}

# What the agent is told about each person.
variables:
  first_name: "{{first_name}}"
  due_date: "{{due_date}}"

# Nobody here is real, so everybody is called at any hour, and again after ten seconds. Leave
# `calling_windows` out and people are called on weekdays, by day, as the law of their place allows.
policy:
  calling_windows: any_hour
  max_attempts: 2
  min_gap: 10s
  retry_on: [no_answer, busy]

# Where a provider knows a start time, a batch is normally made to start minutes later, so that a
# doubt is settled before a telephone rings. A demonstration does not want to wait.
limits: {{concurrency: 30, batch_size: 50, open_batches: 8, start_guard: 0s}}
polling: {{min: 200ms, max: 2s, settle: 3s}}
"""
_NAMES = ("Ada", "Alan", "Barbara", "Dennis", "Donald", "Edsger", "Grace", "Katherine", "Margaret")
_AREAS = ("212", "312", "415")
"""With 555-0100 to 0199: numbers that are kept for fiction."""


def write_example(folder: Path, name: str, people: int = PEOPLE) -> Path:
    """Write a campaign file and its list into a folder; returns the campaign file's path."""
    campaign = folder / "campaign.yaml"
    campaign.write_text(_CAMPAIGN.format(name=name), encoding="utf-8")
    lines = ["customer_no,first_name,phone_number,due_date", *_people(people)]
    (folder / "people.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return campaign


def _people(count: int) -> Iterator[str]:
    random = Random(1)  # noqa: S311 - names for an example
    for number in range(count):
        area, last = _AREAS[number // 100], number % 100
        day = 1 + number % 28
        name = random.choice(_NAMES)
        yield f"C{1001 + number},{name},({area}) 555-01{last:02},2026-12-{day:02}"
