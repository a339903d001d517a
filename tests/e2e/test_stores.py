"""MinIO and Garage by their real programs: what the stack declares of them is what they take."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.cluster import free_port
from tests.docker.engine import Engine
from tests.e2e.conftest import SECRET, Project, choose_apart, wait_until
from tests.proofs import Proved

BUCKETS = {"shop-files", "uploads", "public", "private", "temp"}
READ_BY_ANYBODY = {"minio": 200, "garage": 403}
"""What somebody without keys is answered who asks for an object of `public`: Garage knows no policies."""


def param(store: str) -> object:
    missing = not (Path(sys.executable).parent / store).exists()
    return pytest.param(store, marks=pytest.mark.skipif(missing, reason=f"no {store}: see tests/packages"))


pytestmark = [pytest.mark.e2e, pytest.mark.parametrize("store", [param("minio"), param("garage")])]


@pytest.fixture
def running(new_project: Callable[..., Project], store: str) -> Project:
    name = store.upper()
    project = new_project(**{f"{name}_ENABLED": "true", f"{name}_PORT": str(free_port())}, S3_SECRET_KEY=SECRET)
    choose_apart(project.root)
    (project.root / "file.bin").write_bytes(os.urandom(300_000))
    return project


def test_it_is_killed_and_comes_back_with_every_file(running: Project, store: str, proved: Proved) -> None:
    running.nself("start", store)
    running.becomes(**{store: "healthy"})
    proved(store, "native")
    for bucket in ("private", "public"):
        running.nself("service", "storage", "upload", "file.bin", "--bucket", bucket)
    nobody_else_reads(running, store)
    before = running.pid(store)
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: running.health()[store] == "healthy" and running.pid(store) != before)
    it_is_as_it_was(running)
    assert {each["name"] for each in running.json("service", "storage", "buckets", "list")["buckets"]} == BUCKETS
    proved(store, "probed")
    arguments = (Path("/proc") / str(running.pid(store)) / "cmdline").read_text()
    assert SECRET not in arguments + running.log(store)


def test_in_a_container_it_is_made_anew_with_every_file(
    running: Project, store: str, docker: Engine, base_image: Callable[[str], str], proved: Proved
) -> None:
    name = f"{store}-{os.getpid()}"
    running.write(PROJECT_NAME=name, **{f"{store.upper()}_IMAGE": base_image(store)})
    (running.root / "nself.yml").write_text("version: '1'\nruntime: compose\n")
    try:
        running.nself("start", store)
        running.becomes(**{store: "healthy"})
        proved(store, "compose")
        running.nself("service", "storage", "upload", "file.bin", "--bucket", "private")
        first = container(running, store)
        assert docker.run("exec", first, "id", "-u").stdout.strip() == "1000"
        docker.run("rm", "-f", first)
        running.nself("start", store)
        assert container(running, store) != first
        it_is_as_it_was(running)
    finally:
        file = running.root / ".nself/build/compose/docker-compose.yml"
        docker.run("compose", "-p", name, "-f", str(file), "down", "--volumes", "--timeout", "1")


def test_another_secret_hides_nothing(running: Project, store: str) -> None:
    """MinIO takes it for its owner's; Garage refuses to start with it, and goes on with the old one."""
    running.nself("start", store)
    running.nself("service", "storage", "upload", "file.bin", "--bucket", "private")
    running.write(S3_SECRET_KEY=SECRET[::-1])
    again = running.nself("start", store, check=False)
    if store == "garage":
        assert "a secret key different than the one given" in again.stdout
        running.write(S3_SECRET_KEY=SECRET)
        running.nself("start", store)
    it_is_as_it_was(running)


def nobody_else_reads(project: Project, store: str) -> None:
    url = f"http://127.0.0.1:{project.port(f'{store.upper()}_PORT')}"
    assert httpx.get(f"{url}/private/file.bin").status_code == 403
    assert httpx.get(f"{url}/public/file.bin").status_code == READ_BY_ANYBODY[store]
    assert httpx.get(f"{url}/public").status_code == 403
    assert httpx.put(f"{url}/public/other.bin", content=b"x").status_code == 403


def it_is_as_it_was(project: Project) -> None:
    project.nself("service", "storage", "download", "file.bin", "--bucket", "private", "--output", "back.bin")
    assert (project.root / "back.bin").read_bytes() == (project.root / "file.bin").read_bytes()


def container(project: Project, store: str) -> str:
    return str(project.status()[store]["container_id"])
