"""A project and the ports chosen for it -> its stack. Nothing else is asked."""

from __future__ import annotations

from nself.model.containers import ContainerNetwork
from nself.model.loopback import LOOPBACK, STANDARD, LoopbackNetwork
from nself.model.ports import Claim, Ports
from nself.model.project import Environment, Project
from nself.model.proxy import ProxySettings, proxy_settings
from nself.model.resolved import Resolved
from nself.model.spec import Runtime
from nself.services import catalogue, custom, nginx


def claims(project: Project) -> list[Claim]:
    """The ports this project takes on this machine. Of containers the proxy's, in dev all."""
    found = catalogue.claims(project)
    if project.runtime is Runtime.NATIVE:
        return found
    if project.env is Environment.DEV:
        return [claim for claim in found if not claim.port.private]
    return [claim for claim in found if claim.service == nginx.NAME and claim.port.name in STANDARD]


def assemble(project: Project, chosen: Ports, owner: str) -> Resolved:
    """The stack on these ports. `owner` is the project's number, empty before it has one."""
    proxy = proxy_settings(project)
    outside = LoopbackNetwork(
        ports=chosen,
        scheme=proxy.scheme,
        proxy_port=chosen[(nginx.NAME, proxy.scheme)],
        bind=proxy.bind_address or LOOPBACK,
        resting=project.resting,
    )
    network = outside if project.runtime is Runtime.NATIVE else _containers(project, proxy, outside.proxy_port)
    specs = tuple(custom.owned(spec, owner) for spec in catalogue.specs(project, network))
    return Resolved(
        specs=specs,
        instances=tuple(catalogue.instances(specs, network)),
        network=network,
        ports=chosen,
        published={key: outside.listen(*key) for key in chosen.numbers},
        proxy=proxy,
    )


def _containers(project: Project, proxy: ProxySettings, port: int) -> ContainerNetwork:
    return ContainerNetwork(
        project=project.name,
        numbers={claim.key: claim.port.number for claim in catalogue.claims(project)},
        copies=catalogue.copies(project),
        resting=project.resting,
        scheme=proxy.scheme,
        proxy_port=port,
    )
