"""MLflow by its real program, made from the locked requirements that `nself service mlflow install` takes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from nself.model.layout import Layout
from nself.services.mlflow import PACKAGE
from tests.cluster import free_port
from tests.e2e.conftest import PASSWORD, SECRET, Project, wait_until
from tests.proofs import Proved

UV = shutil.which("uv")
"""Makes its environment in seconds, from what it has fetched before: pip takes minutes."""
pytestmark = [pytest.mark.e2e, pytest.mark.skipif(UV is None, reason="uv is not installed")]
OWNER = ("admin", SECRET)


@pytest.fixture
def project(new_project: Callable[..., Project]) -> Project:
    mlflow = {"MLFLOW_ENABLED": "true", "MLFLOW_PORT": str(free_port()), "MLFLOW_AUTH_ENABLED": "true"}
    keys = {"MLFLOW_AUTH_PASSWORD": SECRET, "MLFLOW_SECRET_KEY": SECRET}
    made = new_project(HASURA_ENABLED="false", **mlflow, **keys)
    install(Layout(made.root).venvs / "mlflow")
    return made


def install(folder: Path) -> None:
    requirements = PACKAGE / "requirements.txt"
    # The machine's own certificates, as pip takes them.
    environ = {**os.environ, "UV_NATIVE_TLS": "true"}
    get = ["pip", "install", "--python", str(folder / "bin" / "python"), "--compile-bytecode", "--require-hashes"]
    for argv in (["venv", str(folder)], [*get, "-r", str(requirements)]):
        ran = subprocess.run(
            [UV or "", "--quiet", *argv], capture_output=True, text=True, check=False, timeout=600, env=environ
        )
        if ran.returncode:
            pytest.skip(f"MLflow could not be installed: {ran.stderr.strip()[:200]}")


def ask(project: Project, method: str, path: str, **body: object) -> httpx.Response:
    url = f"http://127.0.0.1:{project.port('MLFLOW_PORT')}/api/2.0/{path}"
    return httpx.request(method, url, auth=OWNER, timeout=30, **body).raise_for_status()  # type: ignore[arg-type]


@pytest.mark.timeout(900)
def test_it_is_killed_and_comes_back_with_every_run_and_file(project: Project, proved: Proved) -> None:
    project.nself("start", "mlflow")
    assert project.health()["mlflow"] == "healthy"
    proved("mlflow", "native")
    assert (
        httpx.get(f"http://127.0.0.1:{project.port('MLFLOW_PORT')}/api/2.0/mlflow/experiments/search").status_code
        == 401
    )
    assert project.nself("service", "mlflow", "test").returncode == 0
    project.nself("service", "mlflow", "experiments", "create", "lake")
    (number,) = [each["id"] for each in experiments(project) if each["name"] == "lake"]
    run = ask(project, "POST", "mlflow/runs/create", json={"experiment_id": number}).json()["run"]["info"]["run_id"]
    ask(project, "POST", "mlflow/runs/log-metric", json={"run_id": run, "key": "depth", "value": 4.5, "timestamp": 1})
    file = f"mlflow-artifacts/artifacts/{number}/{run}/artifacts/depths.bin"
    content = os.urandom(100_000)
    ask(project, "PUT", file, content=content)
    before = project.pid("mlflow")
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: project.health()["mlflow"] == "healthy" and project.pid("mlflow") != before)
    (found,) = project.json("service", "mlflow", "runs", "lake")["runs"]
    assert (found["id"], found["metrics"]) == (run, {"depth": 4.5})
    assert ask(project, "GET", file).content == content
    proved("mlflow", "probed")
    arguments = (Path("/proc") / str(project.pid("mlflow")) / "cmdline").read_text()
    assert not [secret for secret in (SECRET, PASSWORD) if secret in arguments + project.log("mlflow")]


def experiments(project: Project) -> list[dict[str, str]]:
    found: list[dict[str, str]] = project.json("service", "mlflow", "experiments")["experiments"]
    return found
