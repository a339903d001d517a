"""Data that was there and is gone: nothing is started on empty volumes in its place unless that was asked for."""

from __future__ import annotations

from collections.abc import Sequence

from nself.actions.stack import Stack
from nself.errors import NselfError
from nself.events import Emit, Warned
from nself.model.spec import Runtime
from nself.runtimes.ledger import Lost
from nself.runtimes.plan import Step


class DataGoneError(NselfError):
    """Volumes were removed by hand, or are on a disk or an engine that is not there."""

    kind = "data-gone"


def refuse(opened: Stack, steps: Sequence[Step]) -> None:
    """DataGoneError when one of `steps` would start a service without the data it had."""
    lost = opened.runtime.lost_volumes({step.service for step in steps if step.verb != "stop"})
    if lost:
        raise DataGoneError(
            f"data of this project is gone: {', '.join(_told(each) for each in lost)}",
            fixes=[
                _another_place(opened.runtime.kind),
                _restore(opened),
                "nself start --empty-volumes, if it is not wanted any more",
            ],
        )


def remember(opened: Stack, services: Sequence[str], emit: Emit) -> None:
    """These run with their data now. That this cannot be written down is no reason for a start to fail."""
    try:
        opened.runtime.remember_volumes(services)
    except NselfError as error:
        emit(Warned(f"should the data of {opened.project.name} get lost, it will not be missed: {error.message}"))


def accept(opened: Stack, emit: Emit) -> list[str]:
    """Forget what is gone; which volumes that are."""
    lost = opened.runtime.lost_volumes({spec.name for spec in opened.runtime.specs})
    for each in lost:
        emit(Warned(f"beginning with an empty volume {each.volume}: what it had is gone"))
    opened.runtime.forget_volumes(each.volume for each in lost)
    return [each.volume for each in lost]


def _told(lost: Lost) -> str:
    return f"{lost.volume} ({lost.place} had data on {lost.seen:%Y-%m-%d at %H:%M} UTC)"


def _another_place(runtime: Runtime) -> str:
    if runtime is Runtime.COMPOSE:
        return "if it is on another engine, choose that one: DOCKER_HOST, docker context use NAME"
    return "if it is on a disk that is not mounted, mount it, then: nself start"


def _restore(opened: Stack) -> str:
    """The newest archive that `nself reset` left, or any other backup."""
    project = opened.project
    archives = sorted(project.layout.backups.glob(f"{project.name}_*.tar.gz"))
    if archives and opened.runtime.kind is Runtime.NATIVE:
        newest = archives[-1].relative_to(project.root)
        return f"tar -xzf {newest} .nself/data brings back what the last reset saved"
    return "put it back from a backup"
