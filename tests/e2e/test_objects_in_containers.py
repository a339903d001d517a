"""The S3 store in a container, under the account and the limits it is given everywhere."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from tests.docker.engine import Engine
from tests.e2e.conftest import SECRET, Project, choose_apart
from tests.proofs import Proved

pytestmark = pytest.mark.e2e


def test_seaweedfs_keeps_files_in_a_container_that_is_made_anew(
    docker: Engine, base_image: Callable[[str], str], project: Project, proved: Proved
) -> None:
    image, name = base_image("seaweedfs"), f"objects-{os.getpid()}"
    project.write(PROJECT_NAME=name, SEAWEEDFS_ENABLED="true", SEAWEEDFS_IMAGE=image, S3_SECRET_KEY=SECRET)
    (project.root / "nself.yml").write_text("version: '1'\nruntime: compose\n")
    choose_apart(project.root)
    content = os.urandom(300_000)
    (project.root / "file.bin").write_bytes(content)
    try:
        project.nself("start", "seaweedfs")
        project.nself("service", "storage", "upload", "file.bin", "--bucket", "uploads")
        first = container(project)
        assert docker.run("exec", first, "id", "-u").stdout.strip() == "1000"
        docker.run("rm", "-f", first)
        project.nself("start", "seaweedfs")
        assert container(project) != first
        project.nself("service", "storage", "download", "file.bin", "--bucket", "uploads", "--output", "back.bin")
        assert (project.root / "back.bin").read_bytes() == content
        project.becomes(seaweedfs="healthy")
        proved("seaweedfs", "compose")
    finally:
        file = project.root / ".nself/build/compose/docker-compose.yml"
        docker.run("compose", "-p", name, "-f", str(file), "down", "--volumes", "--timeout", "1")


def container(project: Project) -> str:
    return str(project.status()["seaweedfs"]["container_id"])
