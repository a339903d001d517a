"""Remove what a project no longer needs: old logs, stale files, images and containers. Data only when asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from nself.actions import history
from nself.actions.guard import refuse_in_production
from nself.actions.leftovers import Engine, Gone
from nself.actions.leftovers import Kind as Kind
from nself.actions.stack import Stack, open_stack
from nself.actions.stop import take_down
from nself.events import Emit
from nself.host import LocalHost
from nself.model.project import Project
from nself.model.spec import Runtime
from nself.records import dataclass

LOCK_WAIT_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    images: int = 0
    containers: int = 0
    volumes: int = 0
    networks: int = 0
    builders: int = 0
    files: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    removed: Removed
    reclaimed_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """`kinds` are what to remove from the Docker engine; none named means what the runtime has by itself.

    `volumes` deletes the data, and `everything` the current logs, the build and all that Docker has of this project;
    both stop the stack first."""

    kinds: Collection[Kind] = ()
    volumes: bool = False
    everything: bool = False


def clean(project: Project, host: LocalHost, environ: Mapping[str, str], emit: Emit, wishes: Wishes) -> Cleaned:
    if wishes.volumes:
        refuse_in_production(project, "deleting its data")
    opened = open_stack(project, host, environ, emit)
    entry = history.Entry("clean", "clean", {"volumes": wishes.volumes, "everything": wishes.everything})
    with opened.runtime.locked("clean", wait_s=LOCK_WAIT_S), history.recorded(project, host, emit, entry):
        engine = Engine(project, host, environ, kinds(opened.runtime.kind, wishes))
        if wishes.volumes or wishes.everything:
            take_down(opened)
        found = [path for path in candidates(opened, wishes) if host.exists(path)]
        reclaimed = sum(_size(path) for path in found)
        files = sum(_count(path) for path in found)
        for path in found:
            host.remove(path)
        gone = engine.clean(every=wishes.everything)
        if wishes.volumes and opened.runtime.kind is Runtime.NATIVE:
            sizes = opened.runtime.volumes()
            gone[Kind.VOLUMES] = Gone(opened.runtime.remove_volumes(), sum(sizes.values()))
        if wishes.volumes:
            opened.runtime.forget_volumes()
        reclaimed += sum(each.reclaimed_bytes for each in gone.values())
        removed = Removed(files=files, **{kind.value: each.count for kind, each in gone.items()})
        entry.details["reclaimed_bytes"] = reclaimed
    return Cleaned(removed=removed, reclaimed_bytes=reclaimed)


def kinds(runtime: Runtime, wishes: Wishes) -> list[Kind]:
    """What to look for on the engine; `everything` leaves alone what projects share. A native project has nothing
    there, unless it ran in containers once: then who wants that gone says so."""
    wanted = set(wishes.kinds)
    if runtime is Runtime.COMPOSE:
        wanted |= {Kind.CONTAINERS, Kind.IMAGES, Kind.NETWORKS} if wishes.everything else set()
        wanted |= {Kind.VOLUMES} if wishes.volumes else set()
        wanted = wanted or {Kind.IMAGES}
    return [kind for kind in Kind if kind in wanted]


def candidates(opened: Stack, wishes: Wishes) -> list[Path]:
    """What may go. Never data, certificates, backups, history or chosen ports; nothing outside `.nself`."""
    layout, host = opened.project.layout, opened.runtime.host
    programs = {unit.unit for unit in opened.runtime.known()} | {"supervisord"}
    rotated = host.glob(layout.logs, "*.log.[0-9]*")
    strangers = [path for path in host.glob(layout.logs, "*.log") if path.stem not in programs]
    unfinished = host.glob(layout.state / "data", ".initdb-*")
    stale = [] if opened.runtime.observe() else _runtime_files(layout.run)
    own = [layout.state / "build", *host.glob(layout.logs, "*")] if wishes.everything else []
    return list(dict.fromkeys([*rotated, *strangers, *unfinished, *stale, *own]))


def _runtime_files(run: Path) -> list[Path]:
    """Sockets and pid files of what no longer runs; the lock stays, we hold it."""
    return [path for path in run.glob("*") if not path.name.endswith("lock")] if run.is_dir() else []


def _size(path: Path) -> int:
    """Bytes on disk of a file or of all below a folder."""
    return sum(each.lstat().st_size for each in [path, *path.rglob("*")] if each.is_file() or each.is_symlink())


def _count(path: Path) -> int:
    return sum(1 for each in [path, *path.rglob("*")] if not each.is_dir())
