"""What one check found, and what would mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from enum import StrEnum
from pathlib import Path

from nself.errors import NselfError
from nself.events import Emit
from nself.host import LocalHost
from nself.model.project import Project
from nself.records import dataclass


class State(StrEnum):
    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """The way out. `auto` says that `doctor --fix` may do it: it loses nothing and touches only this project."""

    command: str
    auto: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """`mend` does what an automatic fix promises; it is not part of what is printed."""

    __not_json__ = ("mend",)
    id: str
    category: str
    status: State
    message: str
    fix: Fix | None = None
    mend: Callable[[], object] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """Whom the checks look at. `project` is None where there is none, or none that can be read."""

    directory: Path
    environ: Mapping[str, str]
    host: LocalHost
    emit: Emit
    project: Project | None
    trouble: NselfError | None = None
    """Why there is no project."""


Checks = Callable[[Patient], Iterator[Check]]
"""One category: a module of this folder with a function `checks`."""


def passed(id: str, category: str, message: str) -> Check:
    return Check(id=id, category=category, status=State.PASS, message=message)


def failed(id: str, category: str, error: NselfError) -> Check:
    """An error of ours as a check; its first fix is the way out."""
    fix = Fix(command=error.fixes[0]) if error.fixes else None
    return Check(id=id, category=category, status=State.FAIL, message=error.message, fix=fix)
