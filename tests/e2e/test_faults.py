"""What users, disks and bad luck do to a stack: each ends in a clear error or in nothing at all, never in loss."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from nself.runtimes.native import identity, processes, sockets
from tests.cluster import free_port
from tests.e2e.conftest import SECRET, Project, wait_until
from tests.e2e.conftest import open_to_others as opened

pytestmark = pytest.mark.e2e
NewProject = Callable[..., Project]
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount file systems")
WELL = {"postgres": "healthy", "graphql": "healthy", "nginx": "healthy"}


def test_two_starts_at_once_make_one_stack(project: Project) -> None:
    both = [project.spawn("--json", "start"), project.spawn("--json", "start")]

    outputs = [one.communicate(timeout=200)[0] for one in both]

    assert [one.returncode for one in both] == [0, 0], outputs
    project.becomes(WELL)
    assert len(servers_on(project)) == 1


def servers_on(project: Project) -> list[int]:
    """postmasters of this project's data folder."""
    data = str(project.root / ".nself" / "data" / "postgres")
    lines = {pid: processes.command_line(pid) for pid in processes.all_pids()}
    return [pid for pid, line in lines.items() if data in line and line[0].endswith("postgres")]


@pytest.mark.parametrize("after_s", [0.4, 0.9, 1.8])
def test_a_start_killed_at_any_moment_is_taken_up_by_the_next(project: Project, after_s: float) -> None:
    first = project.spawn("start")
    time.sleep(after_s)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate(timeout=200)

    project.nself("start")

    project.becomes(WELL)
    assert len(servers_on(project)) == 1
    assert project.sql("SELECT 1") == "1"


def test_ctrl_c_ends_a_start_and_leaves_what_runs(project: Project) -> None:
    first = project.spawn("--verbose", "start")
    assert first.stdout is not None
    for line in first.stdout:
        if "postgres healthy" in line:
            break
    os.killpg(first.pid, signal.SIGINT)

    output = first.communicate(timeout=200)[0]

    assert first.returncode == 130, output
    project.becomes(postgres="healthy")
    project.nself("start")
    project.becomes(WELL)


def test_a_killed_supervisor_is_replaced_and_its_children_are_not_doubled(running: Project) -> None:
    running.sql("CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)")
    orphans = list(running.pids().values())
    parent = int((running.root / ".nself/run/supervisord.pid").read_text())

    os.kill(parent, signal.SIGKILL)
    wait_until(lambda: not processes.alive(parent))
    assert running.nself("status", check=False).returncode == 4
    running.nself("start")

    running.becomes(WELL)
    assert not any(processes.alive(pid) for pid in orphans)
    assert len(servers_on(running)) == 1
    assert running.sql("SELECT n FROM kept") == "1"


def test_stop_ends_what_a_killed_supervisor_left(running: Project) -> None:
    orphans = list(running.pids().values())
    parent = int((running.root / ".nself/run/supervisord.pid").read_text())
    os.kill(parent, signal.SIGKILL)
    wait_until(lambda: not processes.alive(parent))

    running.nself("stop")

    assert not any(processes.alive(pid) for pid in orphans)


@dataclass
class Writer:
    """Inserts rows over HTTP one by one and remembers those the server acknowledged."""

    url: str
    acknowledged: list[int] = field(default_factory=list)
    refused: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def writing(self) -> Iterator[None]:
        thread = threading.Thread(target=self._run)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _run(self) -> None:
        headers = {"X-Hasura-Admin-Secret": SECRET, "Host": "api.localhost"}
        number = 0
        with httpx.Client(verify=False, headers=headers, timeout=60) as client:
            while not self._stop.is_set():
                number += 1
                body = {"type": "run_sql", "args": {"sql": f"INSERT INTO acknowledged VALUES ({number})"}}
                try:
                    if client.post(f"{self.url}/v2/query", json=body).status_code == 200:
                        self.acknowledged.append(number)
                        continue
                except httpx.HTTPError:
                    pass
                self.refused += 1
                time.sleep(0.02)


@pytest.mark.parametrize("victim", ["postgres", "graphql", "nginx"])
def test_what_is_killed_under_load_comes_back_and_no_acknowledged_write_is_lost(running: Project, victim: str) -> None:
    running.sql("DROP TABLE IF EXISTS acknowledged; CREATE TABLE acknowledged (n int PRIMARY KEY)")
    writer = Writer(f"https://127.0.0.1:{running.port('NGINX_SSL_PORT')}")
    with writer.writing():
        wait_until(lambda: len(writer.acknowledged) > 20)
        pid = running.pid(victim)

        os.kill(pid, signal.SIGKILL)
        killed_at = time.monotonic()
        wait_until(lambda: writer.refused > 0)
        count = len(writer.acknowledged)
        wait_until(lambda: len(writer.acknowledged) > count)
        print(f"{victim}: writes were acknowledged again {time.monotonic() - killed_at:.2f} s after kill -9")
        wait_until(lambda: len(writer.acknowledged) > count + 20)

    assert running.pid(victim) != pid
    stored = {int(text) for text in running.sql("SELECT n FROM acknowledged").split()}
    assert set(writer.acknowledged) <= stored


def test_what_is_stale_is_recognised(running: Project) -> None:
    running.nself("stop")
    run, data = running.root / ".nself" / "run", running.root / ".nself" / "data" / "postgres"
    (run / "supervisord.pid").write_text("1\n")
    with suppress(FileNotFoundError):
        (run / "supervisor.sock").unlink()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(run / "supervisor.sock"))
    # A number that another program has by now, as after a reboot.
    (data / "postmaster.pid").write_text(f"{stranger_of(data)}\n{data}\n1700000000\n5432\n\n127.0.0.1\n")

    running.nself("start")

    running.becomes(WELL)


def stranger_of(data: Path) -> int:
    """A living process that is not PostgreSQL, of the data's own owner where there is one: nobody may have reaped yet
    what has ended."""
    owner = data.stat().st_uid
    own = [pid for pid in processes.all_pids() if processes.owner(pid) == owner and pid != 1 and processes.alive(pid)]
    return next(
        (pid for pid in own if not any("postgres" in word for word in processes.command_line(pid))), os.getpid()
    )


@contextmanager
def tmpfs(folder: Path, size: str) -> Iterator[None]:
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0755", "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@needs_root
def test_a_full_disk_during_the_first_start_is_said_and_leaves_nothing_half_made(
    new_project: NewProject, tmp_path: Path
) -> None:
    opened(tmp_path)
    with tmpfs(tmp_path / "small", "12m"):
        project = new_project(tmp_path / "small")

        failed = project.nself("start", check=False)

        assert failed.returncode not in (0, 130)
        assert "No space left" in failed.stderr or "disk is full" in failed.stderr
        assert not (project.root / ".nself/data/postgres/PG_VERSION").exists()
        subprocess.run(["mount", "-o", "remount,size=400m", str(project.root)], check=True)
        project.nself("start")
        project.becomes(WELL)
        project.nself("stop")


@needs_root
def test_a_disk_that_fills_up_later_costs_no_data(new_project: NewProject, tmp_path: Path) -> None:
    opened(tmp_path)
    with tmpfs(tmp_path / "small", "200m"):
        project = new_project(tmp_path / "small")
        project.nself("start", "postgres")
        project.sql("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)")
        project.nself("stop")
        filler = project.root / "filler"
        with suppress(OSError), filler.open("wb") as file:
            while True:
                file.write(bytes(65536))

        failed = project.nself("start", "postgres", "--timeout", "10", check=False)
        filler.unlink()

        assert "Traceback" not in failed.stderr
        project.nself("start", "postgres")
        assert project.sql("SELECT n FROM kept") == "7"
        project.nself("stop")


@needs_root
def test_a_read_only_project_is_said_to_be_one(new_project: NewProject, tmp_path: Path) -> None:
    opened(tmp_path)
    with tmpfs(tmp_path / "small", "50m"):
        project = new_project(tmp_path / "small")
        subprocess.run(["mount", "-o", "remount,ro", str(project.root)], check=True)

        for command in ("start", "stop", "status", "clean"):
            failed = project.nself(command, check=False)
            assert failed.returncode in (1, 4, 7), (command, failed.stderr)
            assert "something we did not foresee" not in failed.stderr
        assert "read-only" in project.nself("start", check=False).stderr


def test_a_port_that_another_program_has_is_named_with_its_owner(project: Project) -> None:
    with socket.create_server(("127.0.0.1", project.port("POSTGRES_PORT"))):
        refused = project.nself("start", check=False)

    assert refused.returncode == 3
    assert f"port {project.port('POSTGRES_PORT')}" in refused.stderr
    assert str(os.getpid()) in refused.stderr


def test_a_port_taken_after_the_build_fails_that_service_and_names_it(project: Project) -> None:
    project.nself("build")
    with socket.create_server(("127.0.0.1", project.port("NGINX_SSL_PORT"))):
        failed = project.nself("start", "--no-build", "--timeout", "90", check=False)

    assert failed.returncode == 1
    assert f"✗ nginx: another program has port {project.port('NGINX_SSL_PORT')}" in failed.stdout
    assert "nself start" in failed.stdout
    project.becomes({**WELL, "nginx": "stopped"})
    project.nself("start")
    project.becomes(WELL)


def test_a_service_that_is_never_well_shows_what_it_was_asked_and_what_it_said(project: Project) -> None:
    port = free_port()
    command = f"{sys.executable} -m http.server --bind 127.0.0.1 {port}"
    (project.root / "nself.yml").write_text(
        f"services:\n  sick:\n    command: {command}\n    workdir: .\n    port: {port}\n    healthcheck: /nowhere\n"
    )

    failed = project.nself("start", "sick", "--timeout", "5", check=False)

    assert failed.returncode == 10
    assert "✗ sick: not healthy within 5 s" in failed.stdout
    assert f"asked:    GET http://127.0.0.1:{port}/nowhere" in failed.stdout
    assert "answered: HTTP/1.0 404 File not found" in failed.stdout
    assert '"GET /nowhere HTTP/1.0" 404' in failed.stdout
    assert "nself logs sick" in failed.stdout


def test_a_service_that_cannot_start_does_not_hinder_the_others(project: Project) -> None:
    (project.root / "nself.yml").write_text(
        "services:\n  broken:\n    command: sh -c 'echo no such luck; exit 3'\n    workdir: .\n    port: 3999\n"
    )

    failed = project.json("start", check=False)

    assert [(failure["service"], failure["timed_out"]) for failure in failed["failed"]] == [("broken", False)]
    assert "no such luck" in failed["failed"][0]["log"][-1]
    assert failed["healthy"] == 3
    assert project.nself("status", check=False).returncode == 1
    quiet = project.nself("-q", "start", check=False)
    assert (quiet.returncode, quiet.stdout) == (1, "")
    assert "broken: its process ends as soon as it is started" in quiet.stderr


def test_what_runs_but_does_not_answer_is_not_called_healthy(running: Project) -> None:
    pid = running.pid("graphql")
    os.kill(pid, signal.SIGSTOP)
    try:
        failed = running.nself("start", "--timeout", "3", check=False)
        running.becomes(graphql="unhealthy")
    finally:
        os.kill(pid, signal.SIGCONT)

    assert failed.returncode == 10
    assert "✗ graphql: not healthy within 3 s" in failed.stdout
    assert running.json("start")["failed"] == []


def test_a_folder_with_spaces_and_letters_of_all_kinds(new_project: NewProject, tmp_path: Path) -> None:
    project = new_project(tmp_path / "mein Größter Laden" / "日本 %s [1] 'q'")
    opened(project.root)

    project.nself("start")

    project.becomes(WELL)
    assert project.sql("SELECT 1") == "1"
    project.nself("stop")


def test_a_folder_too_deep_for_sockets(new_project: NewProject, tmp_path: Path) -> None:
    project = new_project(tmp_path / ("deep" * 30))
    opened(project.root)

    project.nself("start", "postgres")
    project.becomes(postgres="healthy")
    run = project.root / ".nself" / "run"
    short = sockets.folder(run, identity.known(project.root).uid)
    assert (short / "supervisor.sock").is_socket()

    project.nself("stop")

    assert short != run
    assert not short.exists()


def test_data_that_was_not_made_by_us_is_left_alone(project: Project) -> None:
    data = project.root / ".nself" / "data" / "postgres"
    data.mkdir(parents=True)
    (data / "thesis.txt").write_text("years of work")

    refused = project.nself("start", check=False)

    assert refused.returncode == 5
    assert "is left alone" in refused.stderr
    assert (data / "thesis.txt").read_text() == "years of work"


def test_a_squatter_on_the_socket_folder_is_refused(new_project: NewProject, tmp_path: Path) -> None:
    project = new_project(tmp_path / ("deep" * 31))
    opened(project.root)
    owner = identity.known(project.root).uid
    folder = sockets.folder(project.root / ".nself" / "run", owner)
    folder.symlink_to(tmp_path)
    try:
        refused = project.nself("start", check=False)
    finally:
        folder.unlink()

    assert refused.returncode == 7
    assert "belongs to someone else" in refused.stderr
