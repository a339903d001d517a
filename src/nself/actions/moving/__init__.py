"""`nself migrate runtime`: take a project from one runtime to another, with everything it holds.

The source is only read, and stays as it was until the target was compared with it row by row count and file by file
size; whatever fails before that ends with the source as it was and the target emptied again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from nself.actions import active, history
from nself.actions import build as builds
from nself.actions import start as starting
from nself.actions import stop as stopping
from nself.actions.config import change as config_change
from nself.actions.moving import database, files
from nself.actions.stack import Stack, open_stack
from nself.errors import ConfigError, NselfError
from nself.events import Emit, Note, Warned
from nself.host import LocalHost
from nself.model.project import Project
from nself.model.spec import Runtime
from nself.records import dataclass
from nself.runtimes.outcome import Failure
from nself.services import postgres

LOCK_WAIT_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """`rows` and `files` are what was found at the target, equal to the source. `kept` is where the source's data still
    is."""

    project: str
    source: str
    target: str
    rows: Mapping[str, int]
    files: Mapping[str, files.Content]
    started: bool
    kept: str
    duration_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    source: str
    target: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One project, opened on both sides."""

    source: Stack
    target: Stack
    environ: Mapping[str, str]
    emit: Emit


def preview(project: Project, host: LocalHost, environ: Mapping[str, str], emit: Emit, target: Runtime) -> Planned:
    """What would be done. Nothing is touched."""
    move = _opened(project, host, environ, emit, target)
    volumes = files.names(move.source)
    return Planned(
        source=str(project.runtime),
        target=str(target),
        steps=(
            f"build the project for {target} and look whether it can run there",
            f"stop everything that runs on {project.runtime}, the database last",
            *(["dump the database, restore it there, compare the rows of every table"] if _has_database(move) else []),
            *(f"copy the files of {name}, compare their number and size" for name in volumes),
            f"write runtime: {target} to nself.yml and start it there",
            f"leave the data of {project.runtime} where it is",
        ),
    )


def move(project: Project, host: LocalHost, environ: Mapping[str, str], emit: Emit, target: Runtime) -> Moved:
    """Move the project; it is started there if it ran before."""
    began = host.monotonic()
    new = replace(project, runtime=target)
    if not project.layout.build(project.runtime).exists():
        builds.build(project, host, environ, emit)
    move = _opened(project, host, environ, emit, target)
    _refuse_data(move, target)
    # Where nobody can be asked what runs, the target's ports would be chosen beside those that the source has.
    ran = bool(move.source.runtime.observe())
    entry = history.Entry("migrations", f"migrate runtime {target}", {"source": str(project.runtime)})
    with history.recorded(project, host, emit, entry):
        # The target first: what it lacks is found out before anything is stopped.
        _ready(move)
        try:
            rows, content = _carry(move)
        except BaseException:
            if ran:
                emit(Note(f"starting it on {project.runtime} again"))
                starting.start(project, host, environ, emit, starting.Wishes())
            raise
        _declare(project, host, environ, emit, target)
        entry.details |= {"tables": len(rows), "rows": sum(rows.values())}
    started = _started(new, host, environ, emit) if ran else False
    return Moved(
        project=project.name,
        source=str(project.runtime),
        target=str(target),
        rows=rows,
        files=content,
        started=started,
        kept=f"nself stop --runtime {project.runtime} --volumes deletes what is left on {project.runtime}",
        duration_ms=int((host.monotonic() - began) * 1000),
    )


def refuse_same(project: Project, target: Runtime) -> None:
    """Before anybody is asked whether to move."""
    if target is project.runtime:
        raise ConfigError(f"this project is on the runtime {target} already", fixes=["nself status"])


def _opened(project: Project, host: LocalHost, environ: Mapping[str, str], emit: Emit, target: Runtime) -> Move:
    refuse_same(project, target)
    source = open_stack(project, host, environ, emit)
    return Move(
        source=source,
        target=open_stack(replace(project, runtime=target), host, environ, emit),
        environ=environ,
        emit=emit,
    )


def _refuse_data(move: Move, target: Runtime) -> None:
    """Two sets of data cannot become one, and which is worth more is not ours to say."""
    found = move.target.runtime.volume_names()
    if found:
        raise ConfigError(
            f"there is data on {target} already: {', '.join(found)}",
            fixes=[
                f"nself stop --runtime {target} --volumes deletes it",
                f"nself start --runtime {target} looks at it",
            ],
        )


def _ready(move: Move) -> None:
    """Build the target while the source runs: its ports are ours, and stay the same."""
    target = move.target
    builds.build(target.project, target.runtime.host, move.environ, move.emit)
    target.runtime.check_ready()
    # It has no data, as was looked at, and is about to get some.
    target.runtime.forget_volumes()


def _carry(move: Move) -> tuple[Mapping[str, int], Mapping[str, files.Content]]:
    source, target = move.source, move.target
    host, project = source.runtime.host, source.project
    host.make_folder(project.layout.run)
    with (
        tempfile.TemporaryDirectory(dir=project.layout.run, prefix="move-") as folder,
        source.runtime.locked("migrate", wait_s=LOCK_WAIT_S),
    ):
        rows: Mapping[str, int] = {}
        if _has_database(move):
            _only_database(source, move.emit)
            move.emit(Note("dumping the database"))
            rows = database.dump(source, Path(folder))
        stopping.take_down(source)
        try:
            if _has_database(move):
                _only_database(target, move.emit)
                move.emit(Note("restoring it"))
                database.restore(target, Path(folder), rows)
                stopping.take_down(target)
            content = files.copy(source, target, move.emit)
        except BaseException:
            move.emit(Warned(f"taking back what was made on {target.project.runtime}; the source is as it was"))
            stopping.take_down(target)
            target.runtime.remove_volumes()
            raise
    return rows, content


def _only_database(stack: Stack, emit: Emit) -> None:
    """Nothing but the database runs: nobody can write while it is read."""
    others = [name for name in stack.runtime.observe() if name != postgres.NAME]
    if others:
        stopping.take_down(stack, others)
    steps = stack.plan([postgres.NAME])
    outcome = starting.perform_steps(
        stack, [postgres.NAME], steps, settings=starting.StartSettings(), emit=emit, evolving=False
    )
    if outcome.failed:
        raise _not_started(outcome.failed[0])


def _not_started(failure: Failure) -> NselfError:
    return NselfError(
        f"{failure.service} does not start: {failure.reason}", fixes=["nself logs postgres", "nself doctor"]
    )


def _has_database(move: Move) -> bool:
    return any(spec.name == postgres.NAME for spec in move.source.runtime.specs)


def _declare(project: Project, host: LocalHost, environ: Mapping[str, str], emit: Emit, target: Runtime) -> None:
    """From now on every command means the new one."""
    where = config_change.Target(directory=project.root, environ=environ, host=host, emit=emit)
    edits = config_change.document_edits(where, {("runtime",): str(target)})
    config_change.apply(where, edits, "migrate runtime")
    active.forget(project, host)


def _started(project: Project, host: LocalHost, environ: Mapping[str, str], emit: Emit) -> bool:
    result = starting.start(project, host, environ, emit, starting.Wishes())
    if result.failed:
        raise starting.summary(result.failed)
    return True
