"""Vogent: batch dial jobs that dial nobody before they are started, opaque cursors, no counters.

- Creating a job rings no telephone; `paused: false` by id starts it, and may be repeated.
- There is no cancel: a stopped job is a paused one, which somebody can resume in the dashboard.
- The dials of a job are its completed ones: a call in progress is in no list.
- A dial's `status` is in lower case with one l (`canceled`), its `systemResultType` and the job's
  status in upper case with two (`CANCELLED`); a finished job is `COMPLETE`.
- Values of `inputs` are text; `fromPhoneNumberIds` are ids, not numbers.
- Recordings, transcripts and extracted results come seconds to minutes after the dial.
- A dial quotes the whole configuration of its agent: only its id and name are kept.
"""

from providers.port import Provider
from providers.vogent.adapter import Vogent

__all__ = ["PROVIDER", "Vogent"]

PROVIDER: type[Provider] = Vogent
