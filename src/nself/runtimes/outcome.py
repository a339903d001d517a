"""What became of a plan that was performed, and how patiently."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field

from nself.errors import NselfError
from nself.events import Emit
from nself.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A service that did not come up: what was asked, what it answered, what it said last."""

    service: str
    reason: str
    probe: str = ""
    answer: str = ""
    log: tuple[str, ...] = ()
    timed_out: bool = False
    blocked: bool = False
    """Never tried, because something it needs failed."""


@dataclass(kw_only=True)
class Outcome:
    healthy: list[str] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait for health; `probe=False` returns as soon as the processes were started."""

    timeout_s: float = 120.0
    probe: bool = True


class NotTakenUpError(NselfError):
    """A running program was told of its new files and goes on with the old ones. Nothing is gained by ending it: what
    it refused now it would refuse at its start, and then nobody would answer."""

    kind = "reload"


After = Mapping[str, Callable[[Emit], None]]
"""What to do once a service is healthy, before anything that needs it is started."""
