"""Who may reach which rows: the permissions as a matrix, and each of them tried out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nself.actions.database import connection as database
from nself.errors import ConfigError
from nself.events import Emit, StepStarted
from nself.host import Host, LocalHost
from nself.model.project import Project
from nself.records import dataclass

if TYPE_CHECKING:
    from nself.graphql.metadata.model import Metadata
    from nself.graphql.rehearsal.report import Report

ACCEPTED = Path("db") / "permissions.yml"
_HEAD = """\
# Rows that one person may reach although they are another one's, and that is meant. Review changes of this file like
# code: `nself db permissions test` blocks whatever is not listed here.
"""


class Reach(StrEnum):
    """How many of a table's rows a role gets at."""

    NONE = "none"
    SOME = "some"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    role: str
    select: Reach
    insert: Reach
    update: Reach
    delete: Reach


@dataclass(frozen=True, slots=True, kw_only=True)
class TableAccess:
    table: str
    access: tuple[Access, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """`access` of every table is in the order of `roles`. Admin, who may do everything, is not among them."""

    roles: tuple[str, ...]
    tables: tuple[TableAccess, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One role, table and verb. `verdict` is refused, own, everyones, shared, leak or untested; `accepted` is whether
    db/permissions.yml lists it."""

    role: str
    table: str
    verb: str
    verdict: str
    detail: str
    accepted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """`blocking` says whether a deploy must not go on. `stale` are accepted entries that are not shared any more."""

    attacks: int
    tried: tuple[Tried, ...]
    stale: tuple[str, ...] = ()
    blocking: bool = False


def matrix(folder: Path) -> Matrix:
    """Who may do what, as the metadata directory says."""
    from nself.graphql.metadata import directory

    source = directory.read(folder).sources.get("default")
    tables = source.tables if source else {}
    granted = {
        (str(name), permission.role, kind): permission
        for name, tracked in tables.items()
        for kind in ("select", "insert", "update", "delete")
        for permission in getattr(tracked, f"{kind}_permissions")
    }
    roles = sorted({role for _, role, _ in granted} - {"admin"})

    def reach(table: str, role: str, kind: str) -> Reach:
        permission = granted.get((table, role, kind))
        if permission is None:
            return Reach.NONE
        condition = permission.check if kind == "insert" else permission.filter
        return Reach.SOME if condition else Reach.ALL

    return Matrix(
        roles=tuple(roles),
        tables=tuple(
            TableAccess(
                table=str(name),
                access=tuple(
                    Access(
                        role=role,
                        select=reach(str(name), role, "select"),
                        insert=reach(str(name), role, "insert"),
                        update=reach(str(name), role, "update"),
                        delete=reach(str(name), role, "delete"),
                    )
                    for role in roles
                ),
            )
            for name in sorted(tables)
        ),
    )


def test(project: Project, host: LocalHost, environ: Mapping[str, str], emit: Emit, folder: Path | None) -> Tested:
    """Try every permission on the project's database. `folder` None means the metadata that GraphQL runs on.
    Everything happens in one transaction that is taken back: no row is changed for good."""
    report = asyncio.run(_rehearsed(database.url(project, host, environ), folder, emit))
    tried = tuple(
        Tried(role=cell.role, table=cell.table, verb=str(cell.verb), verdict=str(cell.verdict), detail=cell.detail)
        for cell in report.cells
    )
    return judged(project, host, Tested(attacks=report.attacks, tried=tried))


def judged(project: Project, host: Host, tested: Tested) -> Tested:
    """The same, held against what db/permissions.yml says is meant."""
    accepted = _accepted(project, host)
    tried = tuple(replace(one, accepted=_key(one) in accepted) for one in tested.tried)
    shared = {_key(one) for one in tried if one.verdict == "shared"}
    return Tested(
        attacks=tested.attacks,
        tried=tried,
        stale=tuple(" ".join(entry) for entry in sorted(accepted - shared)),
        blocking=any(one.verdict == "leak" or (one.verdict == "shared" and not one.accepted) for one in tried),
    )


def accept(project: Project, host: Host, tested: Tested) -> Path:
    """Write down everything shared as meant."""
    import yaml

    entries = [
        {"role": one.role, "table": one.table, "verb": one.verb} for one in tested.tried if one.verdict == "shared"
    ]
    path = project.root / ACCEPTED
    host.write(path, _HEAD + yaml.safe_dump({"accepted": entries}, sort_keys=False, default_flow_style=None, width=200))
    return path


async def _rehearsed(dsn: str, folder: Path | None, emit: Emit) -> Report:
    from nself.graphql import check
    from nself.graphql.metadata import directory, service_tables
    from nself.graphql.rehearsal.rehearse import rehearse

    stored = await check.stored(dsn)
    wanted: Metadata = stored if folder is None else service_tables.keeping(directory.read(folder), stored)
    if "default" not in wanted.sources:
        raise ConfigError("the metadata has no source named default", fixes=["nself db metadata validate"])

    def progress(role: str, number: int, count: int) -> None:
        emit(StepStarted(number, count, f"as {role}"))

    return await rehearse(dsn, wanted, progress)


def _key(one: Tried) -> tuple[str, str, str]:
    return one.role, one.table, one.verb


def _accepted(project: Project, host: Host) -> set[tuple[str, str, str]]:
    path = project.root / ACCEPTED
    if not host.exists(path):
        return set()
    import yaml

    try:
        document = yaml.safe_load(host.read(path))
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    entries = document.get("accepted") if isinstance(document, Mapping) else None
    return {_entry(entry, path) for entry in _list(entries, path)}


def _list(entries: Any, path: Path) -> Sequence[Any]:
    if not isinstance(entries, list | None):
        raise ConfigError(f"{path}: `accepted` must be a list of role, table and verb")
    return entries or ()


def _entry(entry: Any, path: Path) -> tuple[str, str, str]:
    keys = ("role", "table", "verb")
    if not isinstance(entry, Mapping) or set(entry) != set(keys):
        raise ConfigError(f"{path}: an accepted entry has role, table and verb, and nothing else: {entry!r}")
    role, table, verb = (str(entry[key]) for key in keys)
    return role, table, verb
