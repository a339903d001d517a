"""MLflow by its real program, made from the locked requirements that `nself service mlflow install` takes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from nself.model.layout import Layout
from nself.services.mlflow import PACKAGE
from tests.cluster import free_port
from tests.docker.engine import Engine
from tests.e2e.conftest import PASSWORD, SECRET, Project, wait_until
from tests.proofs import Proved

UV = shutil.which("uv")
"""Makes its environment in seconds, from what it has fetched before: pip takes minutes."""
pytestmark = pytest.mark.e2e
OWNER = ("admin", SECRET)


@pytest.fixture
def project(new_project: Callable[..., Project]) -> Project:
    mlflow = {"MLFLOW_ENABLED": "true", "MLFLOW_PORT": str(free_port()), "MLFLOW_AUTH_ENABLED": "true"}
    keys = {"MLFLOW_AUTH_PASSWORD": SECRET, "MLFLOW_SECRET_KEY": SECRET}
    return new_project(HASURA_ENABLED="false", **mlflow, **keys)


@pytest.fixture
def native(project: Project) -> Project:
    install(Layout(project.root).venvs / "mlflow")
    return project


@pytest.fixture
def contained(project: Project) -> Project:
    project.write(PROJECT_NAME=f"lake-{os.getpid()}")
    (project.root / "nself.yml").write_text("version: '1'\nruntime: compose\n")
    return project


def install(folder: Path) -> None:
    if UV is None:
        pytest.skip("uv is not installed")
    requirements = PACKAGE / "requirements.txt"
    # The machine's own certificates, as pip takes them.
    environ = {**os.environ, "UV_NATIVE_TLS": "true"}
    get = ["pip", "install", "--python", str(folder / "bin" / "python"), "--compile-bytecode", "--require-hashes"]
    for argv in (["venv", str(folder)], [*get, "-r", str(requirements)]):
        ran = subprocess.run(
            [UV, "--quiet", *argv], capture_output=True, text=True, check=False, timeout=600, env=environ
        )
        if ran.returncode:
            pytest.skip(f"MLflow could not be installed: {ran.stderr.strip()[:200]}")


def ask(project: Project, method: str, path: str, **body: object) -> httpx.Response:
    url = f"http://127.0.0.1:{project.port('MLFLOW_PORT')}/api/2.0/{path}"
    return httpx.request(method, url, auth=OWNER, timeout=90, **body).raise_for_status()  # type: ignore[arg-type]


@pytest.mark.timeout(900)
def test_it_is_killed_and_comes_back_with_every_run_and_file(native: Project, proved: Proved) -> None:
    project = native
    project.nself("start", "mlflow")
    project.becomes(mlflow="healthy")
    proved("mlflow", "native")
    answer = httpx.get(f"http://127.0.0.1:{project.port('MLFLOW_PORT')}/api/2.0/mlflow/experiments/search")
    assert answer.status_code == 401
    assert project.nself("service", "mlflow", "test").returncode == 0
    recorded = record(project)
    before = project.pid("mlflow")
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: project.health()["mlflow"] == "healthy" and project.pid("mlflow") != before)
    assert read_back(project, recorded) == recorded
    proved("mlflow", "probed")
    arguments = (Path("/proc") / str(project.pid("mlflow")) / "cmdline").read_text()
    assert not [secret for secret in (SECRET, PASSWORD) if secret in arguments + project.log("mlflow")]


@pytest.mark.timeout(1800)
def test_in_a_container_it_is_made_anew_with_every_run_and_file(
    contained: Project, docker: Engine, server_image: str, base_image: Callable[[str], str], proved: Proved
) -> None:
    project = contained
    try:
        # Its packages are fetched the first time, which takes minutes.
        project.more["PYTHON_IMAGE"] = base_image("python")
        project.nself("build", "--images", "mlflow", timeout=1500)
        proved("mlflow", "built")
        project.nself("start", "mlflow")
        recorded = record(project)
        first = container(project)
        assert docker.run("exec", first, "id", "-u").stdout.strip() == "10001"
        inspected = docker.run("inspect", "--format", "{{.Config.Cmd}} {{.Config.Labels}}", first)
        for told in (docker.run("logs", first), inspected):
            assert not [secret for secret in (SECRET, PASSWORD) if secret in told.stdout + told.stderr]
        docker.run("rm", "-f", first)
        project.nself("start", "mlflow")
        assert container(project) != first
        assert read_back(project, recorded) == recorded
        project.becomes(mlflow="healthy")
        proved("mlflow", "compose")
    finally:
        name, file = project.variables["PROJECT_NAME"], project.root / ".nself/build/compose/docker-compose.yml"
        docker.run("compose", "-p", name, "-f", str(file), "down", "--volumes", "--timeout", "1")


def container(project: Project) -> str:
    return str(project.status()["mlflow"]["container_id"])


@dataclass(frozen=True)
class Recorded:
    """A run with one metric and one file."""

    run: str
    file: str
    metrics: Mapping[str, float]
    content: bytes


def record(project: Project) -> Recorded:
    project.nself("service", "mlflow", "experiments", "create", "lake")
    (number,) = [each["id"] for each in experiments(project) if each["name"] == "lake"]
    run = ask(project, "POST", "mlflow/runs/create", json={"experiment_id": number}).json()["run"]["info"]["run_id"]
    ask(project, "POST", "mlflow/runs/log-metric", json={"run_id": run, "key": "depth", "value": 4.5, "timestamp": 1})
    file, content = f"mlflow-artifacts/artifacts/{number}/{run}/artifacts/depths.bin", os.urandom(100_000)
    ask(project, "PUT", file, content=content)
    return Recorded(run=run, file=file, metrics={"depth": 4.5}, content=content)


def read_back(project: Project, recorded: Recorded) -> Recorded:
    (found,) = project.json("service", "mlflow", "runs", "lake")["runs"]
    content = ask(project, "GET", recorded.file).content
    return Recorded(run=found["id"], file=recorded.file, metrics=found["metrics"], content=content)


def experiments(project: Project) -> list[dict[str, str]]:
    found: list[dict[str, str]] = project.json("service", "mlflow", "experiments")["experiments"]
    return found
