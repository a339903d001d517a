"""Custom services from templates: which there are, and their files laid into `services/<name>/`, once.

What is in that folder is the user's from then on. Nothing here ever writes into one that holds anything.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from nself.actions import history
from nself.errors import ConfigError
from nself.events import Emit, Note
from nself.host import LocalHost
from nself.model import template
from nself.model.project import CustomService, Project
from nself.model.template import Template
from nself.records import dataclass
from nself.runtimes.native import identity

Tokens = Mapping[str, str]
"""{placeholder: what stands for it}, in files and in their names."""
LEFT_BEHIND = frozenset({template.FILE, "__pycache__", ".venv", ".pytest_cache", "node_modules", "dist", "target"})
"""Not scaffolded: our own description, and what trying a template out in its own folder leaves there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    name: str
    language: str
    framework: str
    summary: str
    needs: tuple[str, ...]
    """Programs it needs natively."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    templates: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaffolded:
    """`files` are relative to `folder`, which is relative to the project."""

    service: str
    template: str
    folder: str
    files: tuple[str, ...]


def listing() -> Listing:
    return Listing(templates=tuple(_entry(template.get(name)) for name in template.names()))


def _entry(found: Template) -> Entry:
    return Entry(
        name=found.name,
        language=found.language,
        framework=found.framework,
        summary=found.summary,
        needs=tuple(program.name for program in found.preparation.programs),
    )


def missing(project: Project, host: LocalHost) -> list[CustomService]:
    """Services that would be scaffolded: from a template, into a folder of this project that is absent or empty."""
    return [
        service
        for service in project.custom
        if not _brings_its_own(service)
        and template.get(service.template).folder.is_dir()
        and is_free(project, service, host)
    ]


def _brings_its_own(service: CustomService) -> bool:
    """An image, or a command for no template in particular: that runs what is elsewhere."""
    return bool(service.image) or (service.template == template.CUSTOM and bool(service.command))


def is_free(project: Project, service: CustomService, host: LocalHost) -> bool:
    """Whether its folder holds nothing yet. Folders outside of the project are the user's own business."""
    folder = service.workdir
    inside = folder.resolve().is_relative_to(project.root.resolve()) and folder.resolve() != project.root.resolve()
    return inside and (not host.exists(folder) or (folder.is_dir() and not host.glob(folder, "*")))


def scaffold(project: Project, service: CustomService, host: LocalHost, emit: Emit) -> Scaffolded:
    """Its template's files in its folder, which must be free."""
    if not is_free(project, service, host):
        raise ConfigError(
            f"{service.workdir} is not an empty folder: nothing was written into it",
            fixes=[
                "choose another name for the service",
                f"move it away first: mv {service.workdir} {service.name}.old",
            ],
        )
    found = template.get(service.template)
    entry = history.Entry("service", f"scaffold {service.name} from {found.name}", {"template": found.name})
    with history.recorded(project, host, emit, entry):
        above = [each for each in service.workdir.parents if not host.exists(each)]
        files = _lay(found, service.workdir, tokens(project, service), host)
        _hand_over(project, service.workdir, above)
    folder = service.workdir.relative_to(project.root).as_posix()
    emit(Note(f"{folder}: created from the template {found.name}, yours from now on"))
    return Scaffolded(service=service.name, template=found.name, folder=folder, files=files)


def tokens(project: Project, service: CustomService) -> Tokens:
    port = str(service.port)
    return {
        "{{SERVICE_NAME}}": service.name,
        "{{SERVICE_PORT}}": port,
        "{{PORT}}": port,
        "{{PROJECT_NAME}}": project.name,
        "{{BASE_DOMAIN}}": project.base_domain,
    }


def filled(text: str, with_: Tokens) -> str:
    """Braces that are no placeholder of ours belong to the file."""
    for token, value in with_.items():
        text = text.replace(token, value)
    return text


def sources(found: Template) -> Iterable[tuple[Path, Path]]:
    """Every file of a template: where it is, and its path below the service's folder, placeholders included."""
    for path in sorted(found.folder.rglob("*")):
        relative = path.relative_to(found.folder)
        if path.is_file() and LEFT_BEHIND.isdisjoint(relative.parts):
            yield path, relative


def _lay(found: Template, folder: Path, with_: Tokens, host: LocalHost) -> tuple[str, ...]:
    """Everything into a folder beside it that then takes its place at once. The kernel moves none onto one that holds
    something, whoever put it there meanwhile."""
    beside = folder.with_name(f".{folder.name}.new")
    host.remove(beside)
    try:
        files = [
            _put(path, beside, filled(relative.as_posix(), with_), with_, host) for path, relative in sources(found)
        ]
        host.make_folder(beside)
        host.move(beside, folder)
    finally:
        host.remove(beside)
    return tuple(files)


def _put(path: Path, folder: Path, relative: str, with_: Tokens, host: LocalHost) -> str:
    data = path.read_bytes()
    host.copy(path, folder / relative)
    if b"\0" not in data:
        host.write(folder / relative, filled(data.decode("utf-8"), with_), mode=_mode(path))
    return relative


def _mode(path: Path) -> int:
    return 0o755 if path.stat().st_mode & 0o100 else 0o644


def _hand_over(project: Project, folder: Path, above: Iterable[Path]) -> None:
    """With root at work, the project's owner gets the files they are to edit, and the folders made on the way."""
    account = identity.known(project.root)
    if account.dropped and project.root.stat().st_uid == account.uid:
        identity.give([folder], account)
        for each in above:
            os.chown(each, account.uid, account.gid, follow_symlinks=False)
