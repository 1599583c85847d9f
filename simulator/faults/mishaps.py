"""Faults of single calls: the provider loses one, dials it again, or never ends it."""

from typing import Literal

from simulator.faults.fault import Mishap


class Drop(Mishap):
    """The provider accepts a call and loses it: it never rings and no list shows it."""

    kind: Literal["drop_call"] = "drop_call"


class Redial(Mishap):
    """After an unanswered call the provider rings again by itself."""

    kind: Literal["redial"] = "redial"


class Stick(Mishap):
    """The call is answered and never ends."""

    kind: Literal["stuck_call"] = "stuck_call"


class Strange(Mishap):
    """The call ends with a word that the provider never documented."""

    kind: Literal["strange_end"] = "strange_end"
