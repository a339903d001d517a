"""A service switched on, used, watched while it fails, and switched off again: as a user drives it."""

from __future__ import annotations

import json
import os
import shutil
import signal
from typing import Any

import pytest

from tests.cluster import free_port
from tests.e2e.conftest import Project
from tests.proofs import Proved

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        not (shutil.which("redis-server") or shutil.which("valkey-server")),
        reason="no Redis or Valkey (Debian package redis-server)",
    ),
]


def test_a_service_is_enabled_used_and_disabled_without_losing_a_line(project: Project, proved: Proved) -> None:
    project.write(REDIS_PORT=str(free_port()))
    before = (project.root / ".env").read_text()

    done = project.json("service", "enable", "cache")
    assert (done["service"], done["key"], done["file"]) == ("redis", "REDIS_ENABLED", ".env")
    project.nself("start")
    listed = {each["name"]: each for each in project.json("service", "list")["services"]}
    assert (listed["redis"]["running"], listed["redis"]["health"]) == (True, "healthy")
    proved("redis", "native")
    assert project.json("service", "cache", "stats")["keys"] == 0
    proved("redis", "probed")

    project.nself("service", "disable", "redis")
    project.nself("start")
    assert "redis" not in project.status()
    assert project.nself("health", "service", "redis", check=False).returncode == 1
    assert (project.root / ".env").read_text().startswith(before)
    assert (project.root / ".nself" / "data" / "redis").is_dir()


def test_watching_sees_a_service_fall_and_the_history_keeps_it(project: Project) -> None:
    project.nself("start")
    watching = project.spawn("--json", "health", "watch", "--interval", "0.3")
    assert watching.stdout is not None
    try:
        rounds = map(json.loads, iter(watching.stdout.readline, ""))
        assert next(found for found in rounds if found["healthy"] == found["total"])["total"] == 3
        project.nself("stop", "graphql")
        fallen = next(found for found in rounds if words(found)["graphql"] == "stopped")
    finally:
        os.killpg(watching.pid, signal.SIGINT)
    assert watching.wait(60) == 130
    assert fallen["healthy"] < fallen["total"]
    assert project.nself("health", "--quiet", check=False).returncode == 1
    newest = project.json("health", "history", "graphql")["checks"][0]
    assert [(each["service"], each["status"]) for each in newest["unwell"]] == [("graphql", "stopped")]


def words(report: dict[str, Any]) -> dict[str, str]:
    return {each["service"]: each["status"] for each in report["services"]}
