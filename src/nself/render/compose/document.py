"""`docker-compose.yml`: one entry a service, hardened alike, ordered by need and health."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import yaml

from nself import __version__
from nself.model import container_settings, replicas
from nself.model.container_settings import ROTATED, ContainerSettings, LogDriver
from nself.model.containers import MACHINE, ROOT, SECRET_FILES, ContainerPlace, dns_name
from nself.model.layout import Layout
from nself.model.place import SECRETS
from nself.model.project import Project
from nself.model.spec import Category, Network, Runtime, ServiceSpec, Volume
from nself.render.compose import environment, health
from nself.render.compose.publish import Published

PROXY = "nginx"
CERTIFICATES = "../../run/certs"
"""Relative to the compose file: a copy that containers can read, made at start."""
PIDS = 1024
TEMPORARY = ("/tmp", "/run")
HEAD = """\
# Written by nself build. Change .env or nself.yml and build again.
# It stands by itself: docker compose -f THIS_FILE up
"""

Entry = dict[str, Any]


def render(
    specs: Sequence[ServiceSpec],
    network: Network,
    project: Project,
    *,
    published: Published,
    present: Collection[str],
    identity: str,
) -> str:
    mine, treated = labels(project, identity), container_settings.settings(project)
    by_name = {spec.name: spec for spec in specs}
    volumes = {volume_name(volume.name): None for spec in specs for volume in spec.volumes}
    document: Entry = {
        "name": project.name,
        "services": {
            spec.name: service(spec, network, treated, published=published, present=present, by_name=by_name)
            | {"labels": {**mine, **service_labels(spec)}}
            for spec in specs
            if replicas.number_of(spec.name) == 1
        },
        "networks": {"default": {"name": f"{project.name}_network", "labels": mine}},
    }
    if volumes:
        document["volumes"] = {name: {"name": f"{project.name}_{name}", "labels": mine} for name in sorted(volumes)}
    text: str = yaml.dump(
        literal(document), Dumper=_Dumper, sort_keys=False, default_flow_style=False, width=1000, allow_unicode=True
    )
    return HEAD + text


def volume_name(name: str) -> str:
    return f"{name}_data"


def labels(project: Project, identity: str) -> dict[str, str]:
    """Of all there is. They never change: newer releases of Compose make a network anew for another label."""
    return {"nself.project": project.name, "nself.identity": identity}


def service_labels(spec: ServiceSpec) -> dict[str, str]:
    return {"nself.version": __version__, "nself.service": spec.name, "nself.category": str(spec.category)}


def service(
    spec: ServiceSpec,
    network: Network,
    treated: ContainerSettings,
    *,
    published: Published,
    present: Collection[str],
    by_name: Mapping[str, ServiceSpec],
) -> Entry:
    image = spec.image
    assert image is not None
    entry: Entry = {"image": image.reference, **_build(spec)}
    if image.entrypoint is not None:
        entry["entrypoint"] = list(image.entrypoint)
    command = argv(spec, network)
    if command:
        entry["command"] = command
    if image.user:
        entry["user"] = image.user
    if environment.takes_variables(spec):
        entry["env_file"] = [environment.path(spec)]
    needs = {need: {"condition": _condition(by_name[need], network)} for need in spec.needs if need in by_name}
    return entry | {
        **({"depends_on": needs} if needs else {}),
        **({"deploy": {"replicas": spec.replicas, "resources": limits(spec)}}),
        **ports(spec, network, published),
        **_mounts(spec, present),
        **_shared_memory(spec),
        **health.check(spec, network),
        "networks": {"default": {"aliases": [dns_name(spec.name)]}},
        "extra_hosts": [f"{MACHINE}:host-gateway"],
        "restart": treated.restart_policy,
        "read_only": image.read_only,
        "tmpfs": _temporary(spec),
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "stop_signal": f"SIG{spec.stop.signal}",
        "stop_grace_period": f"{spec.stop.grace_s}s",
        **_logging(treated),
    }


def _logging(treated: ContainerSettings) -> Entry:
    """Nothing where the engine is to decide."""
    if treated.driver is LogDriver.DEFAULT:
        return {}
    rotation = {"max-size": treated.log_max_size, "max-file": str(treated.log_max_files)}
    options = {"options": rotation} if treated.driver in ROTATED else {}
    return {"logging": {"driver": str(treated.driver), **options}}


def _condition(need: ServiceSpec, network: Network) -> str:
    """Compose refuses to wait for the health of what has no check."""
    return "service_healthy" if health.check(need, network) else "service_started"


def _shared_memory(spec: ServiceSpec) -> Entry:
    """More than the 64 MB that containers get: parallel queries of PostgreSQL need it."""
    return {"shm_size": spec.resources.shared_memory} if spec.resources.shared_memory else {}


def argv(spec: ServiceSpec, network: Network) -> list[str]:
    """Our own servers are one program with their name; the user's services bring their command in their image."""
    if spec.server:
        return ["nself-backend", spec.server, "--listen", f"{spec.server}={network.listen(spec.name)}"]
    if spec.category is Category.CUSTOM:
        return []
    return ContainerPlace(spec).argv()


def limits(spec: ServiceSpec) -> Entry:
    return {"limits": {"cpus": f"{spec.resources.cpu:g}", "memory": spec.resources.memory, "pids": PIDS}}


def ports(spec: ServiceSpec, network: Network, published: Published) -> Entry:
    """`address:port:port inside`; nothing for a service of several containers, which cannot share a port."""
    found = [
        f"{_address(at.host)}:{at.port}:{network.listen(spec.name, port.name).port}"
        for port in spec.ports
        if (at := published.get((spec.name, port.name))) and spec.replicas == 1
    ]
    return {"ports": found} if found else {}


def literal(value: Any) -> Any:
    """`$` begins a variable in a compose file; ours are all written out."""
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, dict):
        return {key: literal(each) for key, each in value.items()}
    return [literal(each) for each in value] if isinstance(value, list) else value


def _address(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _build(spec: ServiceSpec) -> Entry:
    return {"build": {"context": str(spec.build)}} if spec.build and not spec.server else {}


def _mounts(spec: ServiceSpec, present: Collection[str]) -> Entry:
    """Configuration, secrets and what it reads, read-only; its volumes."""
    inside = Layout(ROOT)
    build = inside.build(Runtime.COMPOSE)
    found: list[tuple[str, str]] = []
    if spec.name == PROXY:
        found += [("./nginx", f"{build}/nginx"), (CERTIFICATES, str(inside.certs))]
    if spec.files:
        found.append((f"./{spec.name}", f"{build}/{spec.name}"))
    if spec.secret_files:
        found.append((f"./{SECRETS}/{spec.name}", f"{SECRET_FILES}/{spec.name}"))
    found += [(f"../../../{path}", f"{ROOT}/{path}") for path in spec.reads if path in present]
    binds = [_bind(source, target) for source, target in found]
    binds += [_bind(f"../../../{each.path}", each.target, each.read_only) for each in spec.mounts]
    volumes = [_volume(each, spec) for each in spec.volumes]
    return {"volumes": [*binds, *volumes]} if binds or volumes else {}


def _volume(volume: Volume, spec: ServiceSpec) -> Entry:
    """One of the user's own service was filled and given its account when it was made. Docker would give an empty one
    back to the owner of the image's folder with every container."""
    own = {"volume": {"nocopy": True}} if spec.category is Category.CUSTOM else {}
    read_only = {"read_only": True} if volume.read_only else {}
    return {"type": "volume", "source": volume_name(volume.name), "target": volume.target, **read_only, **own}


def _bind(source: str, target: str, read_only: bool = True) -> Entry:
    return {
        "type": "bind",
        "source": source,
        "target": target,
        "read_only": read_only,
        "bind": {"create_host_path": False},
    }


def _temporary(spec: ServiceSpec) -> list[str]:
    """Folders in memory, of the account that the container runs as. Their mode alone would not do: before 1.1.10 runc
    takes it from the folder below as soon as that is there, and so whenever a container is started again."""
    image = spec.image
    assert image is not None
    folders = dict.fromkeys([*TEMPORARY, str(Layout(ROOT).run), *image.writable])
    uid, _, gid = (image.user or "").partition(":")
    owner = "".join([f",uid={uid}" if uid.isdigit() else "", f",gid={gid}" if gid.isdigit() else ""])
    return [f"{folder}:mode=1777,exec{owner}" for folder in folders]


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """No anchors: the same dict may be used twice."""

    def ignore_aliases(self, data: object) -> bool:
        return True
