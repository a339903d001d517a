"""A small stack of hand-made specs on real processes: PostgreSQL, and a web server that waits for it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nself.events import Event
from nself.host import LocalHost
from nself.model.layout import Layout
from nself.model.loopback import LoopbackNetwork
from nself.model.place import Place
from nself.model.ports import Ports
from nself.model.spec import Category, Port, Probe, ServiceSpec, Stop, Volume
from nself.render import configuration, env, supervisor
from nself.runtimes.native.runtime import Native
from tests.cluster import WHEEL_BIN, free_port

POSTGRES_PORT = Port(name="postgres", number=5432)
HBA = "host all all 127.0.0.1/32 scram-sha-256\n"
HBA_FLAG = "hba_file={build}/postgres/pg_hba.conf"
WEB = "import http.server as h, sys; h.test(h.SimpleHTTPRequestHandler, port=int(sys.argv[1]), bind='127.0.0.1')"


def postgres_spec(port: int, *, password: str = "first-password", user: str = "postgres") -> ServiceSpec:
    flags = (f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", HBA_FLAG)
    return ServiceSpec(
        name="postgres",
        category=Category.REQUIRED,
        command=("{bin:postgres}", "-D", "{data:postgres}", *(word for flag in flags for word in ("-c", flag))),
        env={"POSTGRES_USER": user},
        secrets={"POSTGRES_PASSWORD": password},
        ports=(POSTGRES_PORT,),
        probe=Probe(kind="postgres", port="postgres"),
        volumes=(Volume(name="postgres", target="/data"),),
        files={"pg_hba.conf": HBA},
        stop=Stop(signal="INT", grace_s=20),
    )


def web_spec(port: int, *, name: str = "web", code: str = WEB, needs: tuple[str, ...] = ("postgres",)) -> ServiceSpec:
    return ServiceSpec(
        name=name,
        category=Category.CUSTOM,
        command=(sys.executable, "-c", code, str(port)),
        ports=(Port(number=port),),
        probe=Probe(kind="http", path="/"),
        needs=needs,
    )


class Stack:
    """A project folder that can be built anew with other specs, and its runtime."""

    def __init__(self, root: Path, bin_dir: Path = WHEEL_BIN) -> None:
        self.layout = Layout(root)
        self.bin_dir = bin_dir
        self.ports = {("postgres", "postgres"): free_port(), ("web", "http"): free_port()}
        self.events: list[Event] = []
        self.specs: list[ServiceSpec] = []

    def build(self, *specs: ServiceSpec) -> Native:
        """Write the generated files of `specs` and open the runtime on them."""
        self.specs = list(specs)
        place = Place(
            layout=self.layout,
            programs={"python": Path(sys.executable), "postgres": self.bin_dir / "postgres"},
        )
        network = self.network
        written = {**supervisor.render(specs, network, place), **env.render(specs, place.expand)}
        for name, text in {**written, **configuration.render(specs, place.expand)}.items():
            LocalHost().write(place.build / name, text)
        return Native(
            layout=self.layout,
            specs=specs,
            network=network,
            host=LocalHost(),
            environ=dict(os.environ),
            emit=self.events.append,
        )

    @property
    def network(self) -> LoopbackNetwork:
        return LoopbackNetwork(ports=Ports(numbers=self.ports))

    def postgres(self, **changes: str) -> ServiceSpec:
        return postgres_spec(self.ports[("postgres", "postgres")], **changes)

    def web(self, **changes: object) -> ServiceSpec:
        return web_spec(self.ports[("web", "http")], **changes)  # type: ignore[arg-type]


@pytest.fixture
def new_stack(tmp_path: Path) -> Iterator[Callable[..., Stack]]:
    """A factory of stacks; what they started is ended."""
    made: list[Stack] = []

    def create(root: Path | None = None, bin_dir: Path = WHEEL_BIN) -> Stack:
        folder = root or tmp_path / f"project{len(made)}"
        folder.mkdir(parents=True, exist_ok=True)
        open_to_others(folder)
        made.append(Stack(folder, bin_dir))
        return made[-1]

    yield create
    for stack in made:
        native = stack.build(*stack.specs)
        native.supervisor.shutdown(wait_s=30)
        native.end_strays(grace_s=1)


@pytest.fixture
def stack(new_stack: Callable[..., Stack]) -> Stack:
    return new_stack()


def open_to_others(folder: Path) -> None:
    """As root the stack runs as another account, which pytest's private folders would shut out."""
    if os.geteuid() == 0:
        for parent in [folder, *folder.parents]:
            if parent.stat().st_mode & 0o001 == 0 and "pytest" in str(parent):
                parent.chmod(0o755)
