"""Back to a project that was never started: data and generated files go, the user's stay. A backup comes first."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from nself.actions import history
from nself.actions.guard import refuse_in_production
from nself.actions.stack import Stack, open_stack
from nself.actions.stop import take_down
from nself.errors import NselfError
from nself.events import Emit, Note
from nself.host import LocalHost
from nself.model.project import Project
from nself.records import dataclass

LOCK_WAIT_S = 120.0
GENERATED = ("build", "run", "logs", "certs", "ports.json")
"""Of `.nself`; `build` and `start` make them again."""
CONFIGURATION = ("nself.yml", "nself.yaml", ".env*", "metadata", "db", "functions", "email-templates")
"""What the backup holds beside the data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    containers: int = 0
    volumes: int = 0
    networks: int = 0
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WasReset:
    backup: Path | None
    removed: Removed
    kept: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    backup: bool = True


def reset(project: Project, host: LocalHost, environ: Mapping[str, str], emit: Emit, wishes: Wishes) -> WasReset:
    """Stop everything, back up, remove. Without a whole backup nothing is removed."""
    check(project)
    opened = open_stack(project, host, environ, emit)
    entry = history.Entry("reset", "reset")
    with opened.runtime.locked("reset", wait_s=LOCK_WAIT_S), history.recorded(project, host, emit, entry):
        opened.runtime.check_volumes()
        take_down(opened)
        backup = back_up(opened, emit) if wishes.backup else None
        gone = [project.layout.state / name for name in GENERATED]
        gone = [path for path in gone if host.exists(path)]
        volumes = opened.runtime.remove_volumes()
        for path in gone:
            if path != project.layout.run:
                host.remove(path)
        _empty_run(project.layout.run, host)
        entry.details["backup"] = str(backup) if backup else None
    return WasReset(
        backup=backup,
        removed=Removed(volumes=volumes, files=tuple(str(path.relative_to(project.root)) for path in gone)),
        kept=kept(project),
    )


def check(project: Project) -> None:
    """Before anybody is asked."""
    refuse_in_production(project, "a reset")


def kept(project: Project) -> tuple[str, ...]:
    """The user's own files, which a reset never touches."""
    own = [path for path in project.root.iterdir() if path.name not in {".nself", ".git"}]
    return tuple(sorted(path.name + ("/" if path.is_dir() else "") for path in own))


def back_up(opened: Stack, emit: Emit) -> Path:
    """Data and configuration in one archive only its owner may read; it has its name once it is whole."""
    project, host = opened.project, opened.runtime.host
    name = f"{project.name}_{host.now():%Y%m%d_%H%M%S}.tar.gz"
    folder = project.layout.backups
    host.make_folder(folder, mode=0o700)
    unfinished = folder / f".{name}"
    emit(Note(f"backing up data and configuration to {folder.name}/{name}"))
    try:
        with unfinished.open("xb") as file:
            unfinished.chmod(0o600)
            with tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as archive:
                for path in _configuration(project):
                    archive.add(path, arcname=str(path.relative_to(project.root)))
                for volume in opened.runtime.volume_names():
                    with opened.runtime.volume(volume) as files:
                        archive.add(files, arcname=str(project.layout.data(volume).relative_to(project.root)))
        unfinished.rename(folder / name)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise NselfError(
            f"the backup could not be written, so nothing was removed: {error.strerror or error}",
            fixes=["df -h . to see whether the disk is full", "nself reset --no-backup, if the data may go"],
        ) from error
    return folder / name


def _configuration(project: Project) -> Iterator[Path]:
    return (path for pattern in CONFIGURATION for path in project.root.glob(pattern))


def _empty_run(run: Path, host: LocalHost) -> None:
    """All but the lock, which we hold."""
    for path in run.glob("*") if run.is_dir() else ():
        if not path.name.endswith("lock"):
            host.remove(path)
