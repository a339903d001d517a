"""The functions of a project, read from its files: nothing needs to run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from nself.actions.functions import schedule
from nself.errors import ConfigError, UnknownNameError
from nself.events import Emit, Warned
from nself.functions import catalog
from nself.functions.settings import FunctionsSettings
from nself.model.project import Project
from nself.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """`schedule` is the cron expression of the metadata's trigger that calls it, None when none does."""

    name: str
    language: str
    route: str
    schedule: str | None
    modified: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Functions:
    functions: tuple[Function, ...]


def functions(project: Project, emit: Emit) -> Functions:
    schedules = _schedules(project, emit)
    return Functions(
        functions=tuple(
            Function(
                name=found.name,
                language=found.language.value,
                route=found.route,
                schedule=schedules.get(found.name),
                modified=found.modified,
            )
            for found in catalog.functions(folder(project))
        )
    )


def folder(project: Project) -> Path:
    """Where the functions are."""
    return project.root / project.settings(FunctionsSettings, folder="functions").folder


def find(project: Project, name: str) -> catalog.Function:
    """The function of that name or route; UsageError with the nearest."""
    found = catalog.find(folder(project), f"/{name.strip('/')}")
    if found is not None:
        return found
    names = [each.name for each in catalog.functions(folder(project))]
    fixes = ["nself service functions list", "nself service functions create NAME"]
    raise UnknownNameError(f"there is no function {name!r}", name.strip("/"), names, fixes=fixes)


def _schedules(project: Project, emit: Emit) -> Mapping[str, str]:
    try:
        return schedule.schedules(project)
    except ConfigError as error:
        emit(Warned(f"schedules are not known: {error.message}", fix="nself db metadata validate"))
        return {}
