"""Who may do what. Every call that changes something asks `require`; no page decides it.

Alone on a computer, and on the command line, everything is allowed. A server with a classroom (`access.classroom`) knows
viewers, students and teachers; whom a call acts for is its `actor`, or else the visitor whose page makes the call.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import IntEnum

from gan_core.config import strict_object

VARIABLE = "GANVAS_ACTOR"  # for a process that works for a visitor; see `environment`


class Role(IntEnum):
    """What somebody is; the later ones may do all that the earlier ones may."""

    VIEWER = 0
    STUDENT = 1
    TEACHER = 2


@dataclass(frozen=True)
class Actor:
    """On whose behalf something is done.

    Attributes:
        id: owns runs, data sets and directions; "" owns nothing in particular.
        name: for people.
        role: what they may do.
    """

    id: str
    name: str
    role: Role


ALONE = Actor("", "", Role.TEACHER)  # no classroom: whoever sits at this computer
VIEWER = Actor("", "", Role.VIEWER)

ACTIONS = {
    "train": (Role.STUDENT, "start training or computing"),
    "own": (Role.STUDENT, "change or delete what is yours"),
    "others": (Role.TEACHER, "change or delete what belongs to others"),
    "hub": (Role.TEACHER, "use the Hub"),
    "folder": (Role.TEACHER, "use a folder of this server's disk"),
}
"""Action -> who may at least, and what it is called in a refusal."""


class Refused(ValueError):
    """Somebody may not do this; the message says who may, for people."""


_sources: list[Callable[[], Actor | None]] = []


def set_source(source: Callable[[], Actor | None]) -> None:
    """Says who the present visitor is in this server; None for the server's own threads, which may do all."""
    _sources[:] = [source]


def current() -> Actor:
    """On whose behalf this thread, or this process, works.

    Raises:
        ValueError: GANVAS_ACTOR is set and is nobody.
    """
    told = os.environ.get(VARIABLE)
    if told:
        try:
            values = strict_object(told)
            return Actor(str(values["id"]), str(values["name"]), Role(values["role"]))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"The environment variable {VARIABLE} is not a known person. Remove it.") from error
    found = _sources[0]() if _sources else None
    return ALONE if found is None else found


def for_owner(owner: str) -> Actor:
    """Whom the program acts for when it goes on by itself with what belongs to somebody."""
    return Actor(owner, "", Role.STUDENT) if owner else ALONE


def environment(actor: Actor | None = None) -> dict[str, str]:
    """What the environment of a process needs so that it may do what its actor may, and no more."""
    actor = actor or current()
    return {} if actor == ALONE else {VARIABLE: json.dumps(asdict(actor))}


def may(action: str, actor: Actor | None = None, owner: str | None = None) -> bool:
    """Whether an actor may do something; arguments as of `require`."""
    actor = actor or current()
    return actor.role >= ACTIONS[_action(action, actor, owner)][0]


def require(action: str, actor: Actor | None = None, owner: str | None = None) -> Actor:
    """Refuses what an actor may not do.

    Args:
        action: one of ACTIONS; "own" becomes "others" where the thing is not the actor's.
        actor: on whose behalf; None for `current`.
        owner: id of whom the thing belongs to; "" belongs to nobody; None where nothing is owned yet.

    Returns:
        The actor.

    Raises:
        Refused: with who may do it.
    """
    actor = actor or current()
    action = _action(action, actor, owner)
    at_least, words = ACTIONS[action]
    if actor.role < at_least:
        who = "Only students and teachers of this class" if at_least == Role.STUDENT else "Only teachers"
        way_out = "Sign in first, in the sidebar." if actor.role == Role.VIEWER else "Ask your teacher."
        raise Refused(f"{who} may {words}. {way_out}")
    return actor


def _action(action: str, actor: Actor, owner: str | None) -> str:
    return "others" if action == "own" and owner is not None and (not actor.id or owner != actor.id) else action
