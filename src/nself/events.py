"""What can happen on the way to a result, as data. Actions emit, `cli/output.py` decides how to say it."""

from __future__ import annotations

from collections.abc import Callable

from nself.records import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """Base of everything an action may emit. `service` is empty when the whole project is meant."""


@dataclass(frozen=True, slots=True)
class Note(Event):
    """Something the user should know, at no particular step."""

    text: str


@dataclass(frozen=True, slots=True)
class Warned(Event):
    """Something that works but should be mended; `fix` is the command or edit that mends it."""

    text: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class StepStarted(Event):
    """Step `index` of `total` began; `why` is the plan's own reason."""

    index: int
    total: int
    text: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class StepDone(Event):
    index: int
    total: int
    text: str
    after_ms: int


@dataclass(frozen=True, slots=True)
class Healthy(Event):
    service: str
    after_ms: int


@dataclass(frozen=True, slots=True)
class Waiting(Event):
    """Still waiting for these services; sent about once a second."""

    services: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProgramRan(Event):
    """An external command that was run, shown under --debug. `argv` never holds a secret."""

    argv: tuple[str, ...]
    exit_code: int
    after_ms: int


Emit = Callable[[Event], None]


def ignore(event: Event) -> None:
    """An Emit for callers that do not care."""
