"""Secrets and the folders that images are built from: what a builder is given can end up in a layer for good."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from nself.errors import ConfigProblemsError, Problem
from nself.events import Emit, Warned
from nself.host import LocalHost
from nself.model.project import Project
from nself.model.spec import ServiceSpec
from nself.runtimes.compose import dockerignore

ENV = ".env*"
PUBLIC = (".example", ".sample", ".template")
"""Endings of env files that are there to be read by all."""


def check(
    specs: Mapping[str, ServiceSpec], names: Iterable[str], project: Project, host: LocalHost, emit: Emit
) -> None:
    """Refuse a build that is given the project's own secrets or data; warn of env files that are the service's own."""
    problems = []
    for name in names:
        folder = specs[name].build if name in specs else None
        if folder is None or not folder.is_dir():
            continue
        given = list(_given(folder, project, host))
        if project.root.is_relative_to(folder) and given:
            problems.append(_refusal(name, given, folder))
        elif given:
            emit(_warning(name, given, folder))
    if problems:
        raise ConfigProblemsError(problems)


def _given(folder: Path, project: Project, host: LocalHost) -> Iterable[str]:
    """Paths below `folder` that hold secrets and that its .dockerignore does not keep out."""
    ignore = folder / dockerignore.NAME
    rules = host.read(ignore) if host.exists(ignore) else ""
    places = [folder]
    held: list[Path] = []
    if project.root.is_relative_to(folder):
        places = list(dict.fromkeys([folder, project.root]))
        held = [project.layout.state]
    held += [file for place in places for file in host.glob(place, ENV) if file.suffix not in PUBLIC]
    paths = sorted(file.relative_to(folder).as_posix() for file in held)
    return (path for path in paths if not dockerignore.keeps_out(rules, path))


def _refusal(name: str, given: list[str], folder: Path) -> Problem:
    return Problem(
        path=f"services.{name}",
        message=f"its image would be built with {', '.join(given)}, where the project's secrets and data are",
        hint=f"keep them out by lines in {folder / dockerignore.NAME}, or give it a folder of its own",
    )


def _warning(name: str, given: list[str], folder: Path) -> Warned:
    return Warned(
        f"the image of {name} is built with {', '.join(given)}: a COPY of the whole folder leaves it readable in there",
        fix=f"echo '{ENV}' >> {folder / dockerignore.NAME}",
    )
