"""`nself service init`: an entry for a service of the user's in nself.yml, and its template's files in its folder."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from difflib import get_close_matches
from itertools import count

from nself.actions.config import change as config_change
from nself.actions.config.change import Target
from nself.actions.service import templates
from nself.errors import ConfigError, UsageError
from nself.model import custom, template
from nself.model.load import Loaded
from nself.model.project import CustomService, Project
from nself.records import dataclass

ROUTE = re.compile(r"[A-Za-z0-9.-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the user wants; None leaves a choice to us."""

    name: str
    template: str | None = None
    port: int | None = None
    route: str | None = None
    command: str | None = None
    """Instead of the template's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """`file` is where the service is written; `added` is false when it was there before. `files` are those that were
    scaffolded, none when the folder held something already."""

    service: str
    template: str
    port: int
    host: str | None
    file: str
    added: bool
    folder: str
    files: tuple[str, ...]


def init(target: Target, wish: Wish) -> Added:
    """Write what is missing of the two: the entry first, then the files. What is there already stays as it is."""
    with target.host.hold(target.root, wait_s=5):
        before = target.inspect()
        project = before.checked()
        there = next((service for service in project.custom if service.name == wish.name), None)
        if there is None:
            file, project = _add(target, before, project, wish)
        else:
            _check_same(there, wish)
            file = _file_of(before, wish.name)
    service = next(service for service in project.custom if service.name == wish.name)
    with target.host.lock(project.layout.run / "build.lock", wait_s=60, holder="nself service init"):
        files = _scaffolded(target, project, service)
    return Added(
        service=service.name,
        template=service.template,
        port=service.port,
        host=service.host,
        file=file,
        added=there is None,
        folder=_shown(project, service),
        files=files,
    )


def _add(target: Target, before: Loaded, project: Project, wish: Wish) -> tuple[str, Project]:
    file, after = config_change.insert_entry(
        target, before, "services", wish.name, _fields(project, wish), f"service init {wish.name}"
    )
    return file, after.checked()


def _fields(project: Project, wish: Wish) -> Mapping[str, str]:
    name = _template(wish)
    if not custom.NAME.fullmatch(wish.name):
        raise UsageError(
            f"{wish.name!r} cannot be a service's name: at most 50 lower-case letters, digits, - and _, a letter first",
            fixes=["nself service init my-service --template custom"],
        )
    if wish.route is not None and not ROUTE.fullmatch(wish.route):
        raise UsageError(f"{wish.route!r} cannot be a host", fixes=[f"--route {wish.name.replace('_', '-')}"])
    taken = {service.port for service in project.custom}
    port = wish.port or next(port for port in count(custom.FIRST_PORT + 1) if port not in taken)
    # A string of JSON is one of YAML, whatever stands in it.
    command = wish.command and json.dumps(wish.command, ensure_ascii=False)
    fields = {"template": name, "port": str(port), "route": wish.route, "command": command}
    return {key: text for key, text in fields.items() if text}


def _template(wish: Wish) -> str:
    known = template.names()
    if wish.template in known:
        return wish.template
    if wish.template is None:
        message, near = "which template? There is no service of that name yet", []
    else:
        message = f"there is no template {wish.template!r}"
        near = get_close_matches(wish.template, known, n=1, cutoff=0.6)
    fixes = [f"nself service init {wish.name} --template {each}" for each in near or known[:1]]
    raise UsageError(message, fixes=[*fixes, "nself service templates"])


def _check_same(there: CustomService, wish: Wish) -> None:
    """A service that is there is not changed by being asked for again in another way."""
    asked = {"template": (wish.template, there.template), "port": (wish.port, there.port)}
    for field, (wanted, has) in asked.items():
        if wanted is not None and wanted != has:
            raise ConfigError(
                f"{there.name} is there already, with {field} {has}",
                fixes=["choose another name", "change its entry: nself config show"],
            )


def _scaffolded(target: Target, project: Project, service: CustomService) -> tuple[str, ...]:
    if service not in templates.missing(project, target.host):
        if templates.is_free(project, service, target.host):
            # Its command is the user's own: a place for the program to run in, and nothing in it.
            target.host.make_folder(service.workdir)
        return ()
    return templates.scaffold(project, service, target.host, target.emit).files


def _file_of(loaded: Loaded, name: str) -> str:
    listed = any(each.name == name for each in loaded.document.services)
    return (loaded.document.file if listed else None) or ".env"


def _shown(project: Project, service: CustomService) -> str:
    folder = service.workdir
    return str(folder.relative_to(project.root) if folder.is_relative_to(project.root) else folder)
