"""A project goes from processes to containers and back, and nothing of it stays behind."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.docker.engine import Engine
from tests.e2e.conftest import Project

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture
def shop(new_project: Callable[..., Project], docker: Engine) -> Iterator[Project]:
    project = new_project()
    project.write(PROJECT_NAME=f"moving-{os.getpid()}", STORAGE_ENABLED="true")
    yield project
    for runtime in ("compose", "native"):
        project.nself("stop", "--runtime", runtime, "--volumes", "--yes", check=False)


def test_there_and_back_again(shop: Project, server_image: str) -> None:
    shop.nself("start")
    shop.sql('CREATE TABLE "ünusual name" (id serial PRIMARY KEY, note text); CREATE ROLE clerk LOGIN')
    shop.sql("INSERT INTO \"ünusual name\" (note) SELECT 'note ' || n FROM generate_series(1, 500) n")
    shop.sql('GRANT SELECT ON "ünusual name" TO clerk')
    kept = shop.root / ".nself" / "data" / "storage" / "kept.bin"
    kept.write_bytes(os.urandom(100_000))
    content = kept.read_bytes()

    plan = shop.json("migrate", "runtime", "compose", "--dry-run")
    assert (plan["source"], plan["target"]) == ("native", "compose")
    assert shop.json("status", check=False)["runtime"] == "native"

    there = shop.json("migrate", "runtime", "compose", "--yes")
    assert there["started"] is True
    assert there["rows"][f'{shop.variables["PROJECT_NAME"].replace("-", "_")}.public."ünusual name"'] == 500
    assert there["files"]["storage"]["bytes"] >= 100_000
    assert shop.json("status", check=False)["runtime"] == "compose"
    shop.becomes_well()
    assert shop.sql('SELECT count(*), max(id) FROM "ünusual name"') == "500|500"
    assert shop.sql("SELECT has_table_privilege('clerk', '\"ünusual name\"', 'SELECT')") == "t"
    shop.sql("INSERT INTO \"ünusual name\" (note) VALUES ('written in a container')")

    shop.nself("stop", "--runtime", "native", "--volumes", "--yes")
    assert not kept.exists()
    shop.nself("migrate", "runtime", "native", "--yes")
    assert shop.json("status", check=False)["runtime"] == "native"
    assert shop.sql('SELECT max(id) FROM "ünusual name"') == "501"
    assert kept.read_bytes() == content


def test_what_the_target_lacks_is_said_before_anything_stops(shop: Project, tmp_path: Path) -> None:
    shop.nself("start")
    pid = shop.pid("postgres")
    programs = tmp_path / "bin"
    programs.mkdir()
    shop.more = {"PATH": f"{programs}:/nowhere"}
    refused = shop.nself("migrate", "runtime", "compose", "--yes", check=False)
    shop.more = {}
    assert (refused.returncode, "Docker is not installed" in refused.stderr) == (4, True)
    assert shop.pid("postgres") == pid


def test_data_that_is_there_already_is_not_mixed_with(shop: Project, server_image: str) -> None:
    shop.nself("start", "--runtime", "compose")
    shop.nself("stop")
    shop.nself("start", "--runtime", "native")
    refused = shop.nself("migrate", "runtime", "compose", "--yes", check=False)
    assert refused.returncode == 3
    assert "there is data on compose already" in refused.stderr
    shop.becomes_well()


def test_one_project_does_not_run_on_both(shop: Project, server_image: str) -> None:
    shop.nself("start")
    refused = shop.nself("start", "--runtime", "compose", check=False)
    assert refused.returncode == 3
    assert "this project runs natively already" in refused.stderr
    assert "nself migrate runtime compose" in refused.stderr
