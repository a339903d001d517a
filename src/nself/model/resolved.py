"""A project's stack with everything decided: what runs, and on which ports of this machine."""

from __future__ import annotations

from collections.abc import Mapping

from nself.model.containers import ContainerNetwork
from nself.model.loopback import LoopbackNetwork
from nself.model.ports import Key, Ports
from nself.model.proxy import ProxySettings
from nself.model.spec import Endpoint, ServiceSpec
from nself.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """`proxy` is nginx as this project sets it; `moved` is a remembered port that was lost, and who has it now."""

    specs: tuple[ServiceSpec, ...]
    instances: tuple[ServiceSpec, ...]
    """What runs as processes or containers: each replica with a spec of its own."""
    network: LoopbackNetwork | ContainerNetwork
    """How the services find each other."""
    ports: Ports
    """Chosen on this machine: of services as processes, or of what containers publish."""
    published: Mapping[Key, Endpoint]
    """Where those ports are open on this machine."""
    proxy: ProxySettings
    moved: tuple[int, str] | None = None
