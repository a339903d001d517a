"""What a container could not have of this machine, told with who has it and the setting that asks for it."""

from __future__ import annotations

from typing import Literal

from nself.model import replicas
from nself.model.spec import Category, ServiceSpec
from nself.runtimes.compose.stack import ContainerStack
from nself.runtimes.native import listeners


def explain(compose: ContainerStack, spec: ServiceSpec, port: int) -> str:
    """Whose a port is: a container's, if the engine says so, else of a program that we may see."""
    listed = compose.docker.run(
        "ps", "--filter", f"publish={port}", "--format", "{{.Names}}", check=False, timeout_s=30
    )
    names = listed.stdout.split()
    owner = f"the container {names[0]}" if names else listeners.owner(port) or "another program"
    setting = _setting(compose, spec, port)
    return f"port {port} is taken by {owner}: stop it, or set {setting} to a free port"


def _setting(compose: ContainerStack, spec: ServiceSpec, port: int) -> str:
    for each in spec.ports:
        at = compose.network.published.get((spec.name, each.name))
        if at is not None and at.port == port and each.setting:
            return each.setting
    return f"services.{replicas.service_of(spec.name)}.port"


def cpus(spec: ServiceSpec, there: str) -> str:
    return f"it may use {spec.resources.cpu:g} CPUs, and Docker's machine has {there}: lower {limit(spec, 'cpu')}"


def limit(spec: ServiceSpec, what: Literal["memory", "cpu"]) -> str:
    """Which setting says how much of it a service may have."""
    name = replicas.service_of(spec.name)
    custom = f"services.{name}.{what} (CS_N_{what.upper()})"
    return custom if spec.category is Category.CUSTOM else f"scale.{name}.{what}"
