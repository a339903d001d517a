"""`scale:` of nself.yml -> {built-in service: how much of it runs}; and the classes that `scale up` goes through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nself.errors import Problem
from nself.model.families import Member
from nself.model.keys import AutoscaleSettings, ScaleSettings
from nself.model.project import Autoscale, CustomService, Scale
from nself.model.service import Service
from nself.model.spec import Resources

CLASSES: Mapping[str, Resources] = {
    "small": Resources(memory="512M", cpu=0.5),
    "medium": Resources(memory="1G", cpu=1),
    "large": Resources(memory="2G", cpu=2),
}
"""From the least to the most."""


def build(
    members: Iterable[Member[ScaleSettings]], services: Mapping[str, Service], custom: Iterable[CustomService]
) -> tuple[dict[str, Scale], list[Problem]]:
    out: dict[str, Scale] = {}
    problems: list[Problem] = []
    own = {service.name: service.path for service in custom}
    for member in members:
        name, given = member.name or "", member.settings
        if name in own:
            where = f"{own[name]}_REPLICAS" if own[name].startswith("CS_") else f"{own[name]}.replicas"
            problems.append(_problem(member, f"is a service of your own, which is scaled where it stands: {where}"))
        elif name not in services:
            problems.append(_problem(member, "is no service of nself", f"known: {', '.join(sorted(services))}"))
        elif given.replicas is not None and given.replicas > 1 and not services[name].several:
            problems.append(member.problem("replicas", refusal(name), "leave it at 1"))
        else:
            out[name] = Scale(replicas=given.replicas, memory=given.memory, cpu=given.cpu)
    return out, problems


def autoscale(
    members: Iterable[Member[AutoscaleSettings]], services: Mapping[str, Service], custom: Iterable[CustomService]
) -> tuple[dict[str, Autoscale], list[Problem]]:
    """{service: between what its load may bring it}; of built-in ones and of the project's own."""
    out: dict[str, Autoscale] = {}
    problems: list[Problem] = []
    own = {service.name for service in custom}
    for member in members:
        name, given = member.name or "", member.settings
        if name not in own and name not in services:
            problems.append(_problem(member, "is no service of this project"))
        elif name not in own and not services[name].several:
            problems.append(_problem(member, refusal(name)))
        elif given.min > given.max:
            problems.append(member.problem("min", f"{given.min} is more than max, which is {given.max}"))
        else:
            out[name] = Autoscale(min=given.min, max=given.max, cpu_threshold=given.cpu_threshold)
    return out, problems


def refusal(service: str) -> str:
    """Why there can be only one."""
    return f"{service} can only run once: it keeps state that a second one would not share"


def _problem(member: Member[Any], message: str, hint: str | None = None) -> Problem:
    return Problem(path=member.path, message=message, file=member.file, line=member.line, hint=hint)
