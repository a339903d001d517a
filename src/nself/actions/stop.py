"""Take the stack down, or a few services of it: what needs others first. Data stays unless its loss was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nself.actions import active, history
from nself.actions.guard import refuse_in_production
from nself.actions.stack import Stack, open_stack
from nself.errors import UsageError
from nself.events import Emit, Note
from nself.host import LocalHost
from nself.model.project import Project
from nself.model.replicas import service_of
from nself.model.spec import Runtime
from nself.records import dataclass
from nself.runtimes import plan
from nself.settings import env, from_env

LOCK_WAIT_S = 120.0
STARTS = ("start", "restart")
"""What the end of the whole stack does not wait for: whatever they would come to is stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopSettings:
    """Variables of the process that runs `nself stop`; its options win over them."""

    grace_s: int | None = env(
        "NSELF_STOP_TIMEOUT", default=None, minimum=1, maximum=600, help="Seconds a service is given to end by itself."
    )


def settings(environ: Mapping[str, str]) -> StopSettings:
    return from_env(StopSettings, environ)


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    containers: int = 0
    volumes: int = 0
    images: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    stopped: tuple[str, ...]
    removed: Removed


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the command line asks of one stop. `volumes` deletes the data; the caller has asked before. `images` removes
    those that were built for the project."""

    services: Sequence[str] = ()
    grace_s: float | None = None
    volumes: bool = False
    images: bool = False


def stop(project: Project, host: LocalHost, environ: Mapping[str, str], emit: Emit, wishes: Wishes) -> Stopped:
    """Stop the named services, or everything and supervisord with it."""
    check_whole(project, wishes)
    opened = open_stack(project, host, environ, emit)
    names = opened.together(wishes.services)
    companions = [name for name in names if service_of(name) not in wishes.services and name not in wishes.services]
    if companions:
        emit(Note(f"{', '.join(companions)} stop too: they share a process"))
    entry = history.Entry("stop", "stop " + (", ".join(names) or "everything"), {"volumes": wishes.volumes})
    turn = opened.runtime.locked("stop", wait_s=LOCK_WAIT_S, ends=() if names else STARTS)
    with turn, history.recorded(project, host, emit, entry):
        if wishes.volumes:
            opened.runtime.check_volumes()
        stopped = take_down(opened, names, grace_s=wishes.grace_s)
        removed = Removed(
            containers=len(stopped) if project.runtime is Runtime.COMPOSE and not names else 0,
            volumes=opened.runtime.remove_volumes() if wishes.volumes else 0,
            images=_images(project, host, environ) if wishes.images else 0,
        )
        entry.details["stopped"] = stopped
    return Stopped(stopped=tuple(stopped), removed=removed)


def _images(project: Project, host: LocalHost, environ: Mapping[str, str]) -> int:
    """How many of those that were built for this project are gone now; processes have none."""
    if project.runtime is not Runtime.COMPOSE:
        return 0
    from nself.actions.leftovers import Engine, Kind  # a stop of processes asks no Docker

    return Engine(project, host, environ, [Kind.IMAGES]).clean(every=True)[Kind.IMAGES].count


def take_down(opened: Stack, names: Sequence[str] = (), *, grace_s: float | None = None) -> list[str]:
    """Stop `names`; without names everything, what an interrupted start left behind included."""
    observed = opened.runtime.observe()
    steps = plan.stops(opened.runtime.known(), observed, names or list(observed))
    stopped = opened.runtime.stop(steps, grace_s=grace_s)
    if not names:
        opened.runtime.shutdown()
        active.forget(opened.project, opened.runtime.host)
    return stopped


def check_whole(project: Project, wishes: Wishes) -> None:
    """Before anybody is asked: what is deleted is the whole stack's, and data never in production."""
    for option, wished in (("--volumes", wishes.volumes), ("--rmi", wishes.images)):
        if wished and wishes.services:
            raise UsageError(
                f"{option} is for the whole stack, not for single services", fixes=[f"nself stop {option}"]
            )
    if wishes.volumes:
        refuse_in_production(project, "deleting its data")
