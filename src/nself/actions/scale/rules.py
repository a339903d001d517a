"""What a service may be scaled to: arithmetic and refusals, before anything is touched."""

from __future__ import annotations

from typing import Literal

from nself.actions import derived
from nself.actions.status import size
from nself.actions.unknown_service import unknown_service
from nself.errors import UsageError
from nself.host import LocalHost
from nself.model import replicas
from nself.model.project import Project
from nself.model.scaling import CLASSES, refusal
from nself.model.spec import Runtime
from nself.records import dataclass
from nself.services.catalogue import catalogue

MOST = 100
Direction = Literal["up", "down", "out", "in", "to"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """Of one service; `memory` and `cpu` (in cores) are what each replica may use."""

    replicas: int
    memory: str
    cpu: float

    def __str__(self) -> str:
        return f"{self.replicas} × {self.memory}, {self.cpu:g} CPU"  # noqa: RUF001 - the sign is meant


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """`direction` `to` sets what is named; the others go a step when nothing is."""

    direction: Direction
    replicas: int | None = None
    memory: str | None = None
    cpu: float | None = None


def current(project: Project, host: LocalHost, service: str) -> Amount:
    """UsageError when this project has no such service."""
    specs = {spec.name: spec for spec in derived.remembered(project, host).specs}
    if service not in specs:
        raise unknown_service(service, specs)
    spec = specs[service]
    return Amount(replicas=spec.replicas, memory=spec.resources.memory, cpu=spec.resources.cpu)


def wanted(before: Amount, wish: Wish, service: str) -> Amount:
    """What the wish comes to."""
    if wish.direction in ("out", "in"):
        return _counted(before, wish, service)
    if wish.direction in ("up", "down") and wish.memory is None and wish.cpu is None:
        return _stepped(before, wish, service)
    after = Amount(
        replicas=before.replicas if wish.replicas is None else wish.replicas,
        memory=wish.memory or before.memory,
        cpu=before.cpu if wish.cpu is None else wish.cpu,
    )
    if wish.direction in ("up", "down"):
        _check_direction(before, after, wish, service)
    return after


def check(project: Project, service: str, before: Amount, after: Amount) -> None:
    """UsageError when there cannot be so many of it."""
    if after.replicas < 1:
        raise UsageError(f"{service} cannot have less than one replica", fixes=[f"nself stop {service}"])
    if after.replicas > MOST:
        raise UsageError(f"{after.replicas} replicas are more than one machine is for ({MOST})")
    own = any(each.name == service for each in project.custom)
    if after.replicas == 1 or after.replicas == before.replicas or own:
        return
    known = catalogue().get(service)
    if known is None or not known.several:
        raise UsageError(refusal(service), fixes=[f"nself scale up {service} gives it more memory and CPU"])
    if project.runtime is Runtime.NATIVE:
        raise UsageError(
            f"natively {service} shares one process with nself's other servers, so there is one of it",
            fixes=["with runtime: compose each is a container of its own and can have replicas"],
        )


def check_effective(project: Project, host: LocalHost, service: str, after: Amount) -> None:
    """Something stronger than the file that was changed may say otherwise."""
    found = current(project, host, service)
    if found != after:
        raise UsageError(
            f"{service} would stay at {found}: something stronger than the project's files says so",
            fixes=[f"nself config explain CS_N_{key.upper()}" for key in texts(found, after)],
        )


def texts(before: Amount, after: Amount) -> dict[str, str]:
    """{key: text} of what changes."""
    pairs = {"replicas": str(after.replicas), "memory": after.memory, "cpu": f"{after.cpu:g}"}
    old = {"replicas": str(before.replicas), "memory": before.memory, "cpu": f"{before.cpu:g}"}
    return {key: text for key, text in pairs.items() if text != old[key]}


def described(project: Project, service: str, before: Amount, after: Amount) -> list[str]:
    """What would be done with a running service, in order."""
    steps = [f"write {key}: {text}" for key, text in texts(before, after).items()]
    if (after.memory, after.cpu) != (before.memory, before.cpu) and project.runtime is not Runtime.NATIVE:
        steps.append(f"restart {service}: its limits changed")
    more = [replicas.name(service, number) for number in range(before.replicas + 1, after.replicas + 1)]
    less = [replicas.name(service, number) for number in range(after.replicas + 1, before.replicas + 1)]
    steps += [f"start {name} and wait until it is healthy" for name in more]
    if more or less:
        steps.append("reload nginx: new requests go to " + ("all of them" if more else "those that stay"))
    steps += [f"stop {name} when it has answered what it was asked" for name in less]
    return steps


def notes(project: Project, service: str, before: Amount, after: Amount) -> list[str]:
    """What a person may otherwise believe wrongly."""
    found = []
    if (after.memory, after.cpu) != (before.memory, before.cpu) and project.runtime is Runtime.NATIVE:
        found.append("native processes are not held to memory and CPU limits: they are shown, and kept for containers")
    own = next((each for each in project.custom if each.name == service), None)
    if own and own.host is None and after.replicas > 1 and project.runtime is Runtime.NATIVE:
        found.append(f"{service} has no route: only the proxy spreads requests, its first replica answers inside")
    return found


def _counted(before: Amount, wish: Wish, service: str) -> Amount:
    out = wish.direction == "out"
    count = wish.replicas if wish.replicas is not None else before.replicas + (1 if out else -1)
    if count < before.replicas if out else count > before.replicas:
        other = "in" if out else "out"
        raise UsageError(
            f"{count} would be {'fewer' if out else 'more'} replicas of {service} than there are: {before.replicas}",
            fixes=[f"nself scale {other} {service} --replicas {max(count, 1)}"],
        )
    return Amount(replicas=count, memory=before.memory, cpu=before.cpu)


def _stepped(before: Amount, wish: Wish, service: str) -> Amount:
    """The next class of small, medium, large; what is between two of them goes to the nearer one on that side."""
    up = wish.direction == "up"
    now = size(before.memory)
    names = list(CLASSES) if up else list(CLASSES)[::-1]
    for each in (CLASSES[name] for name in names):
        if (size(each.memory) > now) if up else (size(each.memory) < now):
            return Amount(replicas=before.replicas, memory=each.memory, cpu=each.cpu)
    raise UsageError(
        f"{service} has {before.memory} and {before.cpu:g} CPU: {names[-1]} is the end",
        fixes=[f"nself scale {wish.direction} {service} --memory {'4G --cpu 4' if up else '128M --cpu 0.1'}"],
    )


def _check_direction(before: Amount, after: Amount, wish: Wish, service: str) -> None:
    more = size(after.memory) > size(before.memory) or after.cpu > before.cpu
    less = size(after.memory) < size(before.memory) or after.cpu < before.cpu
    if less if wish.direction == "up" else more:
        other = "down" if wish.direction == "up" else "up"
        raise UsageError(
            f"{service} has {before.memory} and {before.cpu:g} CPU: that is not {wish.direction}",
            fixes=[f"nself scale {other} {service} --memory {after.memory} --cpu {after.cpu:g}"],
        )
