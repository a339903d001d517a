"""Making single containers of a service anew, beside others of it that keep running.

Compose makes all of a service anew or none, and gives what it adds the next number it never gave. So Compose
makes one more without starting it, the old one is taken away, and the new one gets its name before it starts: by its
name the proxy reaches it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from nself.model import replicas
from nself.model.containers import container_name
from nself.runtimes.compose.containers import Container
from nself.runtimes.compose.stack import ContainerStack
from nself.runtimes.plan import ALIVE

WITHIN_S = 600.0
UP = ("up", "--detach", "--no-deps", "--no-build", "--pull", "never")


def replace(compose: ContainerStack, service: str, copies: Sequence[str]) -> None:
    """End those of `copies` that run, as gently as the service wishes, and start them made from what is wanted now.

    What is new is made before anything ends: when it cannot be, nothing was lost."""
    found = {copy: each for copy, each in compose.containers().items() if each.service == service}
    _remove(compose, left := _left(compose, found.values()))
    kept = {each.id for each in found.values()} - {each.id for each in left}
    made = _made(compose, service, len(kept) + len(copies), kept)
    _remove(compose, [found[copy] for copy in copies if copy in found])
    _name(compose, service, copies, made)
    compose.docker.run("start", *(each.id for each in made), timeout_s=WITHIN_S)


def clear(compose: ContainerStack, names: Collection[str]) -> None:
    """Make way for Compose, where it would give what it makes the name of another one, or count one too many."""
    found = compose.containers() if names else {}
    left = _left(compose, found.values())
    odd = {each.service for each in found.values() if each.number != replicas.number_of(each.copy) or each in left}
    _remove(compose, [each for copy, each in found.items() if each.service in odd and (copy in names or each in left)])


def _left(compose: ContainerStack, found: Iterable[Container]) -> list[Container]:
    """What an interruption left: no copy of the service, but Compose counts it as one."""
    most = compose.network.inside.copies
    return [
        each for each in found if each.state not in ALIVE and replicas.number_of(each.copy) > most.get(each.service, 1)
    ]


def _remove(compose: ContainerStack, containers: Collection[Container]) -> None:
    running = [each.id for each in containers if each.state in ALIVE]
    if running:
        compose.docker.run("stop", *running, timeout_s=WITHIN_S)
    if containers:
        compose.docker.run("rm", "--force", *(each.id for each in containers), timeout_s=WITHIN_S)


def _made(compose: ContainerStack, service: str, count: int, kept: Collection[str]) -> list[Container]:
    """What is new when there are `count` of them."""
    create = [*(word for word in UP if word != "--detach"), "--no-start", "--no-recreate"]
    argv = compose.compose(*create, "--scale", f"{service}={count}", service, labels=True)
    compose.docker.run(*argv, timeout_s=WITHIN_S)
    return [each for each in compose.containers().values() if each.service == service and each.id not in kept]


def _name(compose: ContainerStack, service: str, copies: Sequence[str], made: Sequence[Container]) -> None:
    """In the order of numbers, so that none gets a name that another still has."""
    free = sorted(copies, key=replicas.number_of)
    for copy, each in zip(free, sorted(made, key=lambda each: each.number), strict=True):
        name = container_name(compose.project, service, replicas.number_of(copy))
        if each.name != name:
            compose.docker.run("rename", each.id, name)
