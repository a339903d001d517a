"""Our one image, built here and run as hard as we run it: read-only, without rights, as an account of its own."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from nself.events import ignore
from nself.host import LocalHost
from nself.runtimes.compose.docker import Docker
from nself.runtimes.compose.images import Builder
from nself.runtimes.compose.server_image import ServerImage
from tests.docker.engine import Engine

HARDENED = (
    *("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
    *("--tmpfs", "/tmp", "--tmpfs", "/run", "--network", "none"),
)
PASSWORD = "p'w\"$HOME ü `x`"
DATA = "/var/lib/postgresql/data"
POSTGRES = ("postgres", "-c", "unix_socket_directories=", "-c", "listen_addresses=127.0.0.1")

Run = Callable[..., "CompletedProcess[str]"]


@pytest.fixture
def run(docker: Engine, server_image: str) -> Run:
    """Run a command in the image to its end."""

    def run(*argv: str, options: tuple[str, ...] = (), check: bool = True) -> CompletedProcess[str]:
        return docker.run("run", "--rm", *HARDENED, *options, server_image, *argv, check=check)

    return run


@pytest.fixture
def volume(docker: Engine) -> Iterator[str]:
    name = docker.run("volume", "create").stdout.strip()
    yield name
    docker.run("volume", "rm", "--force", name, check=False)


@pytest.fixture(scope="module")
def database(docker: Engine, server_image: str) -> Iterator[tuple[str, str]]:
    """A container that serves a volume, which was empty before: (container, volume)."""
    name = docker.run("volume", "create").stdout.strip()
    with serving(docker, server_image, name) as container:
        yield container, name
    docker.run("volume", "rm", "--force", name, check=False)


@contextmanager
def serving(docker: Engine, image: str, volume: str, password: str = PASSWORD) -> Iterator[str]:
    """PostgreSQL on a volume, ready; gives its container."""
    with started(docker, image, volume, password) as container:
        wait_ready(docker, container)
        yield container


@contextmanager
def started(docker: Engine, image: str, volume: str, password: str = PASSWORD) -> Iterator[str]:
    environ = ("--env", "POSTGRES_USER=shop", "--env", f"POSTGRES_PASSWORD={password}")
    container = docker.container(*HARDENED, "--volume", f"{volume}:{DATA}", *environ, image, *POSTGRES)
    try:
        yield container
    finally:
        docker.run("rm", "--force", container)


def wait_ready(docker: Engine, container: str) -> None:
    deadline = time.monotonic() + 90
    while docker.run("exec", container, "nself-probe", "postgres", "127.0.0.1", "5432", check=False).returncode:
        assert time.monotonic() < deadline, docker.run("logs", container).stderr
        time.sleep(0.1)


def query(docker: Engine, container: str, sql: str, password: str = PASSWORD) -> CompletedProcess[str]:
    argv = ("psql", "-h", "127.0.0.1", "-U", "shop", "-d", "postgres", "-Atc", sql)
    return docker.run("exec", "--env", f"PGPASSWORD={password}", container, *argv, check=False)


def test_every_program_of_the_stack_runs_with_no_rights_at_all(run: Run) -> None:
    script = "id -u; postgres --version; initdb --version; pg_dump --version; psql --version; nginx -v; deno --version"
    said = run("sh", "-ec", f"({script}) 2>&1").stdout
    assert said.splitlines()[0] == "10001"
    for name in ("postgres (PostgreSQL) 17", "pg_dump (PostgreSQL) 17", "psql (PostgreSQL) 17", "nginx/1", "deno 2"):
        assert name in said


def test_our_servers_start_from_it(run: Run) -> None:
    assert "graphql" in run("nself-backend", "--help").stdout


def test_nothing_in_it_builds_or_fetches_programs(run: Run) -> None:
    found = run("sh", "-c", "command -v pip pip3 gcc make curl wget npm; true").stdout
    assert found.split() == []


def test_nothing_of_the_building_machine_is_in_its_history(docker: Engine, server_image: str) -> None:
    told = docker.run("history", "--no-trunc", server_image).stdout
    assert os.environ["HOME"] not in told
    assert "://" not in told


@pytest.mark.parametrize(
    ("argv", "exit_code", "said"),
    [
        (("tcp", "127.0.0.1", "1"), 1, "accepts no connection"),
        (("http", "127.0.0.1", "1", "/healthz"), 1, "accepts no connection"),
        (("postgres", "127.0.0.1", "1"), 1, "no response"),
        (("http",), 2, "usage"),
        (("ftp", "127.0.0.1", "1"), 2, "not ftp"),
    ],
)
def test_a_probe_says_what_it_found(run: Run, argv: tuple[str, ...], exit_code: int, said: str) -> None:
    ran = run("nself-probe", *argv, check=False)
    assert (ran.returncode, said in ran.stdout + ran.stderr) == (exit_code, True)


def test_a_probe_reads_the_answer_of_a_server(run: Run) -> None:
    server = (
        "cd /tmp; mkdir sub; echo hi >sub/page; python3 -m http.server -b 127.0.0.1 8000 >/dev/null 2>&1 & "
        "until nself-probe tcp 127.0.0.1 8000 >/dev/null; do sleep 0.05; done; "
    )
    ask = "nself-probe http 127.0.0.1 8000 {}; echo $?; "
    asked = ("/sub/page", "http://127.0.0.1:8000/sub/page", "/missing", "http://127.0.0.1:8000")
    lines = run("bash", "-c", server + "".join(ask.format(one) for one in asked)).stdout.splitlines()
    assert lines[1::2] == ["0", "0", "1", "0"]
    assert lines[4] == "GET /missing: HTTP/1.0 404 File not found"


def test_an_empty_volume_becomes_a_database_that_only_a_password_opens(
    docker: Engine, database: tuple[str, str]
) -> None:
    container, _ = database
    settings = "select current_setting('data_checksums'), current_setting('server_encoding')"
    assert query(docker, container, settings).stdout.strip() == "on|UTF8"
    assert query(docker, container, "select datcollate from pg_database limit 1").stdout.strip() == "C.UTF-8"
    assert "password authentication failed" in query(docker, container, "select 1", password="wrong").stderr
    seen = docker.run("exec", container, "sh", "-c", "tr '\\0' '\\n' </proc/1/environ").stdout
    assert "PASSWORD" not in seen


def test_data_survives_a_kill(docker: Engine, database: tuple[str, str]) -> None:
    container, _ = database
    assert query(docker, container, "create table kept as select 42 as answer").returncode == 0
    docker.run("kill", container)
    docker.run("start", container)
    wait_ready(docker, container)
    assert query(docker, container, "select answer from kept").stdout.strip() == "42"


def test_an_initdb_that_was_killed_is_begun_anew(docker: Engine, server_image: str, volume: str) -> None:
    files = f"{DATA}/postgresql.conf {DATA}/.nself-initdb/PG_VERSION"
    half = f"mkdir -p {DATA}/.nself-initdb/base {DATA}/base && touch {files}"
    docker.run("run", "--rm", "--volume", f"{volume}:{DATA}", server_image, "sh", "-c", half)
    with serving(docker, server_image, volume) as container:
        assert query(docker, container, "select 1").stdout.strip() == "1"
        assert ".nself-initdb" not in docker.run("exec", container, "ls", "-A", DATA).stdout


def test_what_is_no_database_is_left_alone(docker: Engine, run: Run, volume: str) -> None:
    mounted = ("--volume", f"{volume}:{DATA}", "--env", "POSTGRES_PASSWORD=x")
    run("sh", "-c", f"echo precious >{DATA}/notes", options=mounted)
    ran = run("postgres", options=mounted, check=False)
    assert (ran.returncode, "left alone" in ran.stderr) == (1, True)
    assert run("cat", f"{DATA}/notes", options=mounted).stdout == "precious\n"


def test_data_of_another_major_is_refused(docker: Engine, run: Run, volume: str) -> None:
    mounted = ("--volume", f"{volume}:{DATA}", "--env", "POSTGRES_PASSWORD=x")
    run("sh", "-c", f"echo 15 >{DATA}/PG_VERSION", options=mounted)
    ran = run("postgres", options=mounted, check=False)
    assert ran.returncode == 1
    assert "is of PostgreSQL 15, this is PostgreSQL 17: set POSTGRES_VERSION=15" in ran.stderr


def test_without_a_password_no_database_is_made(run: Run, volume: str) -> None:
    ran = run("postgres", options=("--volume", f"{volume}:{DATA}"), check=False)
    assert (ran.returncode, "POSTGRES_PASSWORD is not set" in ran.stderr) == (1, True)


def test_a_volume_of_another_account_says_whose_it_must_be(run: Run, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    ran = run("postgres", options=("--volume", f"{tmp_path}:{DATA}", "--env", "POSTGRES_PASSWORD=x"), check=False)
    assert (ran.returncode, "must belong to 10001:10001" in ran.stderr) == (1, True)


def test_two_containers_never_serve_one_volume(docker: Engine, server_image: str, database: tuple[str, str]) -> None:
    first, volume = database
    with started(docker, server_image, volume) as second:
        assert docker.run("wait", second).stdout.strip() == "1"
        assert "another container serves" in docker.run("logs", second).stderr
    assert query(docker, first, "select 1").stdout.strip() == "1"


def test_what_did_not_change_is_not_built_again(
    docker: Engine, server_image: str, debian_image: str, tmp_path: Path
) -> None:
    host = LocalHost()
    builder = Builder(docker=Docker(host, dict(os.environ)), host=host, logs=tmp_path / "logs", emit=ignore)
    image = ServerImage(builder=builder, reference=server_image, base=debian_image, scratch=tmp_path)
    before = json.loads(docker.run("image", "inspect", server_image).stdout)[0]["Id"]
    assert image.ensure() is False
    assert json.loads(docker.run("image", "inspect", server_image).stdout)[0]["Id"] == before
    assert not (tmp_path / "logs").exists()
