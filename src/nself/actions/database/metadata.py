"""The project's metadata directory and the metadata its GraphQL service runs on: compared, and one made the other."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nself.actions import history
from nself.actions.database import hasura
from nself.actions.differences import Difference
from nself.actions.stack import Stack
from nself.errors import ConfigError, DatabaseError
from nself.events import Emit
from nself.host import Host
from nself.model.project import Project
from nself.model.spec import ServiceSpec
from nself.records import dataclass
from nself.services import graphql, postgres

if TYPE_CHECKING:
    from nself.graphql.metadata.model import Metadata

FOLDER = "metadata"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing wrong (`serious`) or without an effect here. `file` is relative to the metadata directory."""

    message: str
    serious: bool
    file: str | None = None
    line: int | None = None

    @property
    def where(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Validated:
    """`against_database` is whether tables, columns and functions were looked up; else only the files were read."""

    folder: Path
    tables: int
    against_database: bool
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        return not any(finding.serious for finding in self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """`changed` is whether the service ran on other metadata before. Serious findings are objects it leaves out."""

    folder: Path
    changed: bool
    resource_version: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """Names of files below `folder`. Files that said the same already are untouched, comments and all."""

    folder: Path
    resource_version: int
    written: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """From what the service runs on (`-`) to what the directory says (`+`), file by file; empty when they agree."""

    folder: Path
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reloaded:
    resource_version: int
    findings: tuple[Finding, ...]


def folder_of(project: Project, given: str | None) -> Path:
    """The metadata directory: the one given, or the project's own."""
    return (project.root / (given or FOLDER)).resolve()


def validate(opened: Stack, folder: Path) -> Validated:
    """Read the directory and, when the database answers, look up everything it names. Nothing is changed."""
    document, wanted = _read(folder)
    try:
        found = _inconsistencies(opened, wanted)
        reached = True
    except (ConfigError, DatabaseError):
        found, reached = [], False
    return Validated(
        folder=folder,
        tables=sum(len(source.tables) for source in wanted.sources.values()),
        against_database=reached,
        findings=(*_inconsistent(document, found), *_remarks(document)),
    )


def apply(opened: Stack, emit: Emit, folder: Path, *, allow_inconsistent: bool) -> Applied:
    """Make the directory what the service runs on: all of it, or nothing when something in it cannot be."""
    from nself.graphql.metadata import service_tables

    document, wanted = _read(folder)
    entry = history.Entry("metadata", "db metadata apply")
    with history.recorded(opened.project, opened.runtime.host, emit, entry):
        before = _exported(opened)
        wanted = service_tables.keeping(wanted, _parsed(before["metadata"]))
        if not allow_inconsistent:
            _refuse_inconsistent(opened, document, wanted)
        answer = _replace(opened, wanted)
        after = _exported(opened)
        entry.details["resource_version"] = after["resource_version"]
    return Applied(
        folder=folder,
        changed=_parsed(before["metadata"]) != _parsed(after["metadata"]),
        resource_version=after["resource_version"],
        findings=(*_inconsistent(document, answer["inconsistent_objects"]), *_remarks(document)),
    )


def export(opened: Stack, host: Host, folder: Path) -> Exported:
    """Write what the service runs on into the directory. Of the files there, only those of tables and functions that
    are gone are removed."""
    from nself.graphql.metadata import directory

    answer = _exported(opened)
    texts = directory.render(_parsed(answer["metadata"]))
    changed = [name for name, text in texts.items() if not _says(folder / name, text)]
    for name in changed:
        host.write(folder / name, texts[name])
    there = {str(path.relative_to(folder)) for path in host.glob(folder, "databases/*/*/*.yaml")}
    gone = sorted(there - set(texts))
    for name in gone:
        host.remove(folder / name)
    return Exported(
        folder=folder,
        resource_version=answer["resource_version"],
        written=tuple(changed),
        removed=tuple(gone),
        unchanged=len(texts) - len(changed),
    )


def diff(opened: Stack, folder: Path) -> Compared:
    """What `apply` would change. Layout and comments of the files do not count."""
    from nself.graphql.metadata import directory, service_tables

    running = _parsed(_exported(opened)["metadata"])
    there = directory.render(running)
    here = directory.render(service_tables.keeping(_read(folder)[1], running))
    names = sorted(name for name in {*here, *there} if here.get(name) != there.get(name))
    return Compared(
        folder=folder,
        differences=tuple(Difference(name, _unified(name, there.get(name, ""), here.get(name, ""))) for name in names),
    )


def reload(opened: Stack, folder: Path) -> Reloaded:
    """Have the service read the database's catalog again, after changes that were made behind its back."""
    answer = hasura.metadata(opened, {"type": "reload_metadata", "args": {"reload_sources": True}})
    document = _read(folder)[0] if (folder / "version.yaml").is_file() else {}
    return Reloaded(
        resource_version=_exported(opened)["resource_version"],
        findings=_inconsistent(document, answer.get("inconsistent_objects", ())),
    )


def _read(folder: Path) -> tuple[dict[str, Any], Metadata]:
    """The document with its lines, and what it means. ConfigError names the line that cannot be read."""
    from nself.graphql.errors import ApiError
    from nself.graphql.metadata import directory, files, parse

    document = directory.read_json(folder)
    try:
        return document, parse.metadata(document)
    except ApiError as error:
        place = files.place(document, files.steps(error.path))
        where = f"{folder / place.file}:{place.line}" if place else str(folder)
        raise ConfigError(f"{where}: {error.message}", fixes=["correct the line above"]) from error


def _refuse_inconsistent(opened: Stack, document: Mapping[str, Any], wanted: Metadata) -> None:
    """Looked up in the database before anything is changed."""
    found = _inconsistencies(opened, wanted)
    findings = _inconsistent(document, found)
    if findings:
        lines = "\n".join(f"  {finding.where}: {finding.message}" for finding in findings)
        raise ConfigError(
            f"nothing was applied, {len(findings)} of the metadata's objects cannot be served:\n{lines}",
            fixes=["correct the lines above", "nself db metadata apply --allow-inconsistent leaves them out"],
        )


def _inconsistencies(opened: Stack, wanted: Metadata) -> Sequence[Mapping[str, Any]]:
    """What the service would leave out, asked of the database and with the environment that the service has."""
    from nself.graphql import check

    environ = {name: text for spec in opened.runtime.specs if spec.name == graphql.NAME for name, text in _of(spec)}
    dsn = postgres.database_url(opened.project, opened.runtime.network)
    return asyncio.run(check.inconsistencies(dsn, wanted, environ))


def _of(spec: ServiceSpec) -> list[tuple[str, str]]:
    return [*spec.env.items(), *spec.secrets.items()]


def _replace(opened: Stack, wanted: Metadata) -> Any:
    from nself.graphql.metadata import export as out

    arguments = {"metadata": out.metadata(wanted), "allow_inconsistent_metadata": True}
    return hasura.metadata(opened, {"type": "replace_metadata", "version": 2, "args": arguments})


def _exported(opened: Stack) -> Any:
    return hasura.metadata(opened, {"type": "export_metadata", "version": 2, "args": {}})


def _parsed(metadata: Mapping[str, Any]) -> Metadata:
    from nself.graphql.metadata import parse

    return parse.metadata(metadata)


def _says(file: Path, text: str) -> bool:
    """Whether the file holds this already, however it is laid out."""
    from nself.graphql.metadata import files

    if not file.is_file():
        return False
    there = file.read_text(encoding="utf-8", errors="replace")
    return there == text or (file.suffix == ".yaml" and files.same(there, text))


def _inconsistent(document: Mapping[str, Any], found: Iterable[Mapping[str, Any]]) -> tuple[Finding, ...]:
    from nself.graphql.metadata import locate

    return tuple(
        _finding(document, locate.steps_to(document, entry), f"{entry['name']}: {entry['reason']}", serious=True)
        for entry in found
    )


def _remarks(document: Mapping[str, Any]) -> tuple[Finding, ...]:
    from nself.graphql.metadata import served

    return tuple(_finding(document, remark.steps, remark.message, serious=False) for remark in served.remarks(document))


def _finding(document: Mapping[str, Any], steps: Sequence[str | int], message: str, *, serious: bool) -> Finding:
    from nself.graphql.metadata import files

    place = files.place(document, steps)
    return Finding(
        message=message, serious=serious, file=place.file if place else None, line=place.line if place else None
    )


def _unified(name: str, before: str, after: str) -> str:
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), f"running/{name}", f"files/{name}", lineterm=""
    )
    return "\n".join(lines)
