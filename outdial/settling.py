"""What a person means by the name of something held, and whether it may be decided."""

from dataclasses import dataclass
from typing import NoReturn

from sqlalchemy import Connection

from campaign.errors import BadInput, Fault
from campaign.states import SubmissionState
from store.decisions import people
from store.decisions.people import Attempted
from store.submissions import views as submissions

_LIST = "`outdial held list` shows what is held."


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """What is to be decided: a submission in doubt, or people held within one that was accepted."""

    name: str
    """The tag or key that was typed."""
    tag: str
    keys: tuple[str, ...] = ()
    """Of the people; empty: it is the submission as a whole."""

    @property
    def person(self) -> str | None:
        """The key, if it is one person's."""
        return self.keys[0] if len(self.keys) == 1 else None


def matter_of(db: Connection, name: str, key: str | None = None) -> Matter:
    """Return what is held by this name: a tag, a tag and the key of one person in it, or a key.

    Raises `BadInput` if there is none, or nothing of it is held.
    """
    submission = submissions.get(db, name)
    if key is not None:
        return _one_of(db, name, key)
    if submission is None:
        known = people.get(db, name)
        if known is None:
            message = "there is no submission of this tag, and no attempt of this key"
            raise BadInput(message, [Fault(message, _LIST, value=name)])
        return _person(known, name)
    if submission.state is SubmissionState.HELD:
        return Matter(name=name, tag=name)
    keys = people.held_in(db, name)
    if not keys:
        _not_held(name, submission.state)
    return Matter(name=name, tag=name, keys=keys)


def refuse_stale(matter: Matter) -> NoReturn:
    """Say that somebody else was faster. Raises `BadInput`."""
    message = f"{matter.name} was settled meanwhile, by a look-up or by somebody else"
    raise BadInput(message, [Fault(message, f"Nothing was changed. {_LIST}")])


def _one_of(db: Connection, tag: str, key: str) -> Matter:
    known = people.get(db, key)
    if known is None or known.tag != tag:
        message = f"{tag} has no attempt of this key"
        raise BadInput(message, [Fault(message, _LIST, "--key", value=key)])
    return _person(known, key)


def _person(known: Attempted, name: str) -> Matter:
    if known.submission_state in {SubmissionState.HELD, SubmissionState.UNKNOWN}:
        message = f"{name} is in doubt with its whole submission, {known.tag}"
        remedy = "Settle that: whether it was placed is one question for everybody in it."
        raise BadInput(message, [Fault(message, remedy)])
    if not known.is_held:
        message = f"{name} is {known.state.value}, not held: there is nothing to decide"
        raise BadInput(message, [Fault(message)])
    return Matter(name=name, tag=known.tag, keys=(known.key,))


def _not_held(tag: str, state: SubmissionState) -> NoReturn:
    nobody = ", and nobody in it is held" if state is SubmissionState.ACCEPTED else ", not held"
    message = f"{tag} is {state.value}{nobody}: there is nothing to decide"
    remedy = "It is still being asked after." if state is SubmissionState.UNKNOWN else ""
    raise BadInput(message, [Fault(message, remedy)])
