"""Make and remove functions. What is the user's own is never written over, and a copy of what goes is kept."""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import StrEnum
from pathlib import Path

from nself import templates
from nself.actions import history
from nself.actions import project as projects
from nself.actions.config import change as config_change
from nself.actions.config.change import Target
from nself.actions.functions import listing, schedule
from nself.errors import UsageError
from nself.functions import catalog
from nself.model.project import Project
from nself.records import dataclass

TEMPLATES = Path(templates.__file__).parent / "functions"
SECRET = "NHOST_WEBHOOK_SECRET"
FIRST = "hello"
_TAKEN = frozenset({"healthz", "_functions"})
"""Paths at which the server itself answers."""


class Kind(StrEnum):
    BASIC = "basic"
    WEBHOOK = "webhook"
    API = "api"
    SCHEDULED = "scheduled"


CALLED_BY_US = frozenset({Kind.WEBHOOK, Kind.SCHEDULED})
"""Their callers show a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """`files` are relative to the project; `generated` are names of secrets, never their values."""

    name: str
    route: str
    files: tuple[str, ...]
    generated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """`created` is None when there were functions already."""

    created: Created | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """`still_called_by` is a trigger of the metadata that calls what is no longer there."""

    name: str
    file: str
    backup: str
    still_called_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    name: str
    kind: Kind = Kind.BASIC
    typescript: bool = False
    cron: str = "0 * * * *"


def init(target: Target, *, typescript: bool = False) -> Begun:
    """A folder with a first function, unless there are functions."""
    if catalog.functions(listing.folder(_project(target))):
        return Begun(created=None)
    return Begun(created=create(target, Wish(name=FIRST, typescript=typescript)))


def create(target: Target, wish: Wish) -> Created:
    """Write a function from its template, and for a scheduled one the trigger that calls it."""
    project = _project(target)
    name = _checked(project, wish.name)
    suffix = ".ts" if wish.typescript else ".py"
    text = target.host.read(TEMPLATES / f"{wish.kind}{suffix}").replace("__ROUTE__", f"/{name}")
    file = listing.folder(project) / f"{name}{suffix}"
    entry = history.Entry("functions", f"create {name}", {"template": wish.kind.value})
    with history.recorded(project, target.host, target.emit, entry):
        scheduled = [schedule.add(project, target.host, name, wish.cron)] if wish.kind is Kind.SCHEDULED else []
        target.host.write(file, text)
        generated = _secrets(target, {SECRET}) if wish.kind in CALLED_BY_US else ()
    files = tuple(str(each.relative_to(project.root)) for each in (file, *scheduled))
    return Created(name=name, route=f"/{name}", files=files, generated=generated)


def delete(target: Target, name: str) -> Deleted:
    """Remove a function's file; a copy is kept among the project's backups."""
    project = _project(target)
    found = listing.find(project, name)
    stamp = target.host.now().strftime("%Y%m%dT%H%M%S%fZ")
    kept = f".nself/backups/functions-{stamp}/{found.file.relative_to(listing.folder(project))}"
    entry = history.Entry("functions", f"delete {found.name}", {"backup": kept})
    with history.recorded(project, target.host, target.emit, entry):
        target.host.write(project.root / kept, target.host.read(found.file), mode=0o600)
        target.host.remove(found.file)
    return Deleted(
        name=found.name,
        file=str(found.file.relative_to(project.root)),
        backup=kept,
        still_called_by=schedule.caller(project, found.name),
    )


def _project(target: Target) -> Project:
    return projects.load(target.directory, target.environ, env=target.env, host=target.host)


def _checked(project: Project, given: str) -> str:
    name = given.strip("/")
    segment = r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}"
    if not re.fullmatch(rf"{segment}(/{segment}){{0,15}}", name) or name.split("/")[0] in _TAKEN:
        raise UsageError(
            f"{given!r} cannot be a function's name",
            fixes=["letters, digits, - and _; folders are parts of the route: users/active"],
        )
    taken = catalog.find(listing.folder(project), f"/{name}")
    if taken is not None:
        raise UsageError(
            f"/{name} is answered by {taken.file.relative_to(project.root)} already",
            fixes=["choose another name", f"nself service functions delete {name}"],
        )
    return name


def _secrets(target: Target, names: Collection[str]) -> tuple[str, ...]:
    return config_change.generate_secrets(target, only=names).generated
