"""Ports on this machine: what is free, who has what is not, and what stays as it was."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from nself.actions import derived, resolve
from nself.errors import ConfigProblemsError
from nself.host import LocalHost
from nself.model import ports
from nself.model.spec import Runtime
from nself.runtimes.native import listeners
from tests.actions.places import PORTS, written
from tests.cluster import free_port
from tests.runtimes.compose.programs import scripted

LISTEN = """
import socket, time
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
time.sleep(60)
"""


class Quiet(LocalHost):
    """This machine, if nothing ran on it but what holds `busy`."""

    def __init__(self, *busy: int) -> None:
        super().__init__()
        self.busy = busy

    def port_is_free(self, port: int, *, address: str = "127.0.0.1") -> bool:
        return port not in self.busy


@contextmanager
def listening(port: int = 0) -> Iterator[int]:
    """Another program on a port: this one."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        yield taken.getsockname()[1]


def test_a_fixed_port_that_another_program_has_names_that_program_and_the_setting(tmp_path: Path) -> None:
    with listening() as port:
        project = written(tmp_path, {"AUTH_PORT": str(port)})
        with pytest.raises(ConfigProblemsError) as raised:
            resolve.resolve(project, LocalHost(), {})
    (problem,) = raised.value.problems
    assert problem.path == "AUTH_PORT"
    assert problem.file == ".env"
    assert f"auth wants port {port}, which " in problem.message
    assert f"(pid {os.getpid()}) has" in problem.message
    assert problem.hint == "stop it, or set AUTH_PORT to a free port"


def test_every_conflict_is_reported_at_once(tmp_path: Path) -> None:
    with listening() as port:
        same = str(free_port())
        values = {"AUTH_PORT": str(port), "HASURA_PORT": same, "STORAGE_PORT": same}
        project = written(tmp_path, values)
        problems = resolve.conflicts(project, LocalHost(), {})
    assert {problem.path for problem in problems} == {"AUTH_PORT", "STORAGE_PORT"}


def test_a_service_may_not_be_called_like_the_process_of_our_servers(tmp_path: Path) -> None:
    (tmp_path / "nself.yml").write_text('version: "1"\nservices:\n  backend: {command: ./x, port: 8001}\n')
    problems = resolve.conflicts(written(tmp_path), LocalHost(), {})
    assert [problem.path for problem in problems] == ["services.backend"]


def test_automatic_ports_go_out_of_the_way_together(tmp_path: Path) -> None:
    project = written(tmp_path, fixed=False)
    free = resolve.resolve(project, Quiet(), {}).ports
    moved = resolve.resolve(project, Quiet(free[("mail", "http")]), {}).ports
    assert (free.offset, moved.offset) == (0, 100)
    assert {moved.numbers[key] - free.numbers[key] for key in free.numbers} == {100}


def test_a_remembered_port_that_was_lost_is_named_with_who_has_it(tmp_path: Path) -> None:
    project = written(tmp_path, fixed=False)
    with listening() as port:
        before = resolve.resolve(project, Quiet(), {}).ports
        shifted = ports.Ports(offset=before.offset, numbers={**before.numbers, ("auth", "http"): port})
        LocalHost().write(project.layout.ports, ports.dump(shifted))
        found = resolve.resolve(project, Quiet(port), {})
    assert found.moved is not None
    assert found.moved[0] == port
    assert str(os.getpid()) in found.moved[1]


def test_ports_that_our_own_containers_have_stay_and_those_of_others_do_not(tmp_path: Path) -> None:
    """What is remembered and taken is ours only as long as a container of ours that runs has it."""
    project = replace(written(tmp_path, fixed=False), runtime=Runtime.COMPOSE)
    before = resolve.resolve(project, Quiet(), {}).ports
    LocalHost().write(project.layout.ports, ports.dump(before))
    build = project.layout.build(Runtime.COMPOSE)
    build.mkdir(parents=True)
    web, auth = before[("nginx", "https")], before[("auth", "http")]
    busy = Quiet(web, auth)

    def moved(published: str) -> Mapping[ports.Key, int]:
        docker = scripted(tmp_path, {"ps --filter": (0, f"\t{build}\t{published}\n", "")})
        found = resolve.resolve(project, busy, docker.environ).ports
        return {key: number for key, number in found.numbers.items() if number != before[key]}

    assert moved(f"127.0.0.1:{web}->8443/tcp, 127.0.0.1:{auth}->4000/tcp") == {}
    assert moved(f"127.0.0.1:{web}->8443/tcp") == {("auth", "http"): auth + 100}
    assert len(moved("")) == len(before.numbers)


@pytest.mark.parametrize(
    ("runtime", "owner", "stay"),
    [
        (Runtime.COMPOSE, "docker-proxy (pid 7)", True),
        (Runtime.COMPOSE, None, True),
        (Runtime.COMPOSE, "nginx (pid 8)", False),
        (Runtime.NATIVE, None, False),
    ],
)
def test_addresses_do_not_move_because_docker_cannot_be_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runtime: Runtime, owner: str | None, stay: bool
) -> None:
    project = replace(written(tmp_path, fixed=False), runtime=runtime)
    before = resolve.resolve(project, Quiet(), {}).ports
    LocalHost().write(project.layout.ports, ports.dump(before))
    project.layout.build(Runtime.COMPOSE).mkdir(parents=True)
    monkeypatch.setattr(listeners, "owner", lambda number: owner)
    found = resolve.resolve(project, Quiet(*before.numbers.values()), {"PATH": "/nowhere"}).ports
    assert (found.numbers == before.numbers) is stay


def test_ports_that_our_own_processes_have_are_told_from_those_of_others(tmp_path: Path) -> None:
    with listening() as mine, subprocess.Popen([sys.executable, "-c", LISTEN], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        theirs = int(other.stdout.readline())
        ours, both = (listeners.of(pids, os.geteuid()) for pids in ([os.getpid()], [os.getpid(), other.pid]))
        other.kill()
    assert mine in ours and theirs not in ours
    assert {mine, theirs} <= both


def test_a_server_that_comes_back_while_ports_are_looked_at_keeps_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a killed nginx had is free for a moment, in which another port may be asked about."""
    project = written(tmp_path, fixed=False)
    before = resolve.resolve(project, Quiet(), {}).ports
    LocalHost().write(project.layout.ports, ports.dump(before))
    postgres, web = before[("postgres", "postgres")], before[("nginx", "https")]
    seen = iter([{postgres}])
    monkeypatch.setattr(resolve._Machine, "_of_processes", lambda self: frozenset(next(seen, {postgres, web})))
    assert resolve.resolve(project, Quiet(postgres, web), {}).ports == before


def test_the_stack_as_built_is_seen_without_asking_for_ports(tmp_path: Path) -> None:
    project = written(tmp_path, fixed=False)
    built = resolve.resolve(project, Quiet(), {}).ports
    LocalHost().write(project.layout.ports, ports.dump(built))
    assert derived.remembered(project, Quiet(*built.numbers.values())).ports == built


@pytest.mark.parametrize("text", ["", "{", "\x00", '{"offset": 100, "ports": {"graphql/http": "x"}}'])
def test_a_damaged_memory_of_ports_is_no_obstacle(tmp_path: Path, text: str) -> None:
    project = written(tmp_path)
    LocalHost().write(project.layout.ports, text)
    assert resolve.resolve(project, LocalHost(), {}).ports[("auth", "http")]


def test_the_public_port_is_part_of_every_url(tmp_path: Path) -> None:
    project = written(tmp_path)
    network = resolve.resolve(project, LocalHost(), {}).network
    assert network.public_url("api.localhost") == f"https://api.localhost:{project.values['NGINX_SSL_PORT'].text}"
    assert len(PORTS) == len({project.values[name].text for name in PORTS})
