"""`service mlflow`: its answers as an MLflow 3.17 gave them, its refusals, and an installation that fails."""

from __future__ import annotations

import base64
import json
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from nself.actions.service import mlflow
from nself.errors import ConfigError, ConfigProblemsError, DockerError, NetworkError, PermissionDeniedError, UsageError
from nself.events import ignore
from nself.host import LocalHost
from nself.model.project import Environment, Project
from nself.runtimes.native.programs import find
from nself.runtimes.native.runtime import Native
from tests.cluster import free_port
from tests.services.projects import project, spec

PASSWORD = "mlflow-password-0001"
ON = {"MLFLOW_ENABLED": "true", "MLFLOW_AUTH_PASSWORD": PASSWORD, "MLFLOW_SECRET_KEY": "mlflow-secret-0001"}
RUN = {
    "info": {
        "run_id": "621ef4ff",
        "experiment_id": "1",
        "run_name": "first",
        "status": "RUNNING",
        "start_time": 1700000000000,
    },
    "data": {"metrics": [{"key": "auc", "value": 0.91, "timestamp": 1700000000001, "step": 0}]},
}
ANSWERS: Mapping[str, Any] = {
    "/version": "3.17.2",
    "/api/2.0/mlflow/experiments/search": {
        "experiments": [
            {"experiment_id": "1", "name": "churn", "artifact_location": "mlflow-artifacts:/1"},
            {"experiment_id": "0", "name": "Default", "artifact_location": "mlflow-artifacts:/0"},
        ]
    },
    "/api/2.0/mlflow/runs/search": {"runs": [RUN]},
    "/api/2.0/mlflow/registered-models/search": {
        "registered_models": [
            {
                "name": "churn-model",
                "description": "who leaves",
                "latest_versions": [{"version": "9"}, {"version": "10"}],
            },
            {"name": "empty"},
        ]
    },
    "/api/2.0/mlflow/experiments/create": {"experiment_id": "7"},
    "/api/2.0/mlflow/experiments/delete": {},
    "/api/2.0/mlflow/runs/create": {"run": {"info": {"run_id": "ab" * 16}}},
    "/api/2.0/mlflow/runs/log-metric": {},
    "/api/2.0/mlflow/runs/get": {"run": {"data": {"metrics": [{"key": "answer", "value": 42.0}]}}},
    "/api/2.0/mlflow/artifacts/list": {
        "files": [{"path": "model", "is_dir": True}, {"path": "log.txt", "is_dir": False, "file_size": "12"}]
    },
    "/api/2.0/mlflow/users/update-password": "",
    "/api/2.0/mlflow/users/create": {"user": {}},
    "/api/2.0/mlflow/users/update-admin": {},
}


class Recorded(BaseHTTPRequestHandler):
    asked: list[Any] = []

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.asked.append((self.path, json.loads(body) if body else None))
        expected = "Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
        answer = ANSWERS.get(self.path.partition("?")[0])
        status = 401 if self.headers.get("Authorization") != expected else 200 if answer is not None else 404
        self.send_response(status)
        self.end_headers()
        self.wfile.write((answer if isinstance(answer, str) else json.dumps(answer)).encode())

    do_POST = do_PATCH = do_GET  # noqa: N815 - the names the server looks for

    def log_message(self, *arguments: object) -> None:
        """Nothing to the terminal."""


@contextmanager
def running(root: Path, **values: str) -> Iterator[Project]:
    server = HTTPServer(("127.0.0.1", 0), Recorded)
    Recorded.asked.clear()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    asks = {"MLFLOW_AUTH_ENABLED": "true", "MLFLOW_PORT": str(server.server_port)}
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Native, "running", lambda self: True)
            yield project(root, values={**ON, **asks, **values})
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


HOST = LocalHost()


def test_what_is_in_it_is_shown(tmp_path: Path) -> None:
    with running(tmp_path) as of:
        found = mlflow.status(of, HOST, {})
        assert (found.running, found.version, found.experiments, found.models) == (True, "3.17.2", 2, 2)
        assert found.url == "https://mlflow.localhost:8443"
        (run,) = mlflow.runs(of, HOST, {}, "churn", limit=5).runs
        assert (run.experiment, run.status, run.metrics, run.ended_at) == ("churn", "running", {"auc": 0.91}, None)
        assert run.started_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
        asked = Recorded.asked[-1][1]
        assert asked == {"experiment_ids": ["1"], "max_results": 5, "order_by": ["start_time DESC"]}
        assert [each.name for each in mlflow.experiments(of, HOST, {}).experiments] == ["churn", "Default"]
        versions = {each.name: each.latest_version for each in mlflow.models(of, HOST, {}).models}
        assert versions == {"churn-model": "10", "empty": None}
        with pytest.raises(UsageError, match="no experiment 'other'"):
            mlflow.runs(of, HOST, {}, "other")


def test_a_password_that_was_changed_inside_is_told_apart_from_a_server_that_is_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = pytest.raises(PermissionDeniedError, match="changed in MLflow itself")
    with running(tmp_path, MLFLOW_AUTH_PASSWORD="another-password-0001") as of, refusal:
        mlflow.status(of, HOST, {})
    assert mlflow.status(of, HOST, {}).running is False
    with pytest.raises(DockerError, match="nothing of this project runs"):
        mlflow.models(of, HOST, {})
    monkeypatch.setattr(Native, "running", lambda self: True)
    with pytest.raises(DockerError, match="MLflow is not running"):
        mlflow.models(of, HOST, {})


def test_a_project_without_it_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        mlflow.status(project(tmp_path), HOST, {})
    assert list(refused.value.fixes)[1:] == ["nself service enable mlflow", "nself start"]


def test_production_is_never_open_to_all() -> None:
    open_to_all = {**ON, "MLFLOW_AUTH_ENABLED": "false"}
    with pytest.raises(ConfigProblemsError, match="MLFLOW_AUTH_ENABLED: whoever finds its page"):
        spec(project(values=open_to_all, env=Environment.PROD), "mlflow")
    assert "basic-auth" in spec(project(values=ON, env=Environment.PROD), "mlflow").command
    assert "basic-auth" not in spec(project(values=ON), "mlflow").command


def test_its_artifacts_are_in_the_object_store_where_there_is_one() -> None:
    found = spec(
        project(values={**ON, "SEAWEEDFS_ENABLED": "true", "S3_SECRET_KEY": "s3-secret-of-a-test-0001"}), "mlflow"
    )
    assert found.env["MLFLOW_ARTIFACTS_DESTINATION"] == "s3://mlflow-artifacts"
    assert found.buckets == ("mlflow-artifacts",)
    assert found.secrets["AWS_SECRET_ACCESS_KEY"] == "s3-secret-of-a-test-0001"
    assert found.volumes == ()


def test_its_port_is_the_same_for_itself_its_probe_and_the_proxy() -> None:
    found = spec(project(values={**ON, "MLFLOW_PORT": "5999"}), "mlflow")
    assert found.command[found.command.index("--port") + 1] == "5999"
    assert [port.name for port in found.ports] == [found.routes[0].port] == [found.probe and found.probe.port]


@pytest.fixture
def python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Python whose environments are made at once; what its pip does is the text of the file that is returned."""
    pip, program = tmp_path / "pip", tmp_path / "python"
    program.write_text(f'#!/bin/sh\nmkdir -p "$4/bin" && cp {pip} "$4/bin/python"\n')
    program.chmod(0o755)
    pip.touch(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    return pip


def test_an_installation_that_fails_leaves_nothing_and_says_why(tmp_path: Path, python: Path) -> None:
    python.write_text("#!/bin/sh\necho 'ERROR: no such host' >&2; exit 1\n")
    of = project(tmp_path, values=ON)
    with pytest.raises(NetworkError, match="could not be installed: ERROR: no such host"):
        mlflow.install(of, HOST, {"PATH": "/usr/bin:/bin"}, ignore)
    assert list(of.layout.venvs.iterdir()) == []


def test_it_is_installed_once_and_an_older_one_goes_when_the_new_one_is_whole(tmp_path: Path, python: Path) -> None:
    python.write_text('#!/bin/sh\nprintf "#!/bin/sh\\n" > "$(dirname "$0")/mlflow"\n')
    of = project(tmp_path, values=ON)
    old = of.layout.venvs / "mlflow-1.0"
    (old / "bin").mkdir(parents=True)
    (of.layout.venvs / "mlflow").symlink_to(old.name)
    first = mlflow.install(of, HOST, {"PATH": "/usr/bin:/bin"}, ignore)
    assert first.changed
    assert (of.layout.venvs / "mlflow" / "bin" / "mlflow").is_file()
    assert len(list(of.layout.venvs.iterdir())) == 2
    assert not mlflow.install(of, HOST, {"PATH": "/usr/bin:/bin"}, ignore).changed


def test_a_full_disk_is_noticed_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mlflow, "NEEDED_BYTES", 10**18)
    with pytest.raises(Exception, match="MLflow needs 1e\\+09 GB"):
        mlflow.install(project(tmp_path, values=ON), HOST, {}, ignore)
    assert not (tmp_path / ".nself").exists()


def test_the_installed_one_is_found_before_any_other(tmp_path: Path) -> None:
    of = project(tmp_path, values={**ON, "MLFLOW_PORT": str(free_port())})
    program = of.layout.venvs / "mlflow" / "bin" / "mlflow"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    found = spec(of, "mlflow")
    assert find(found.programs[0], found, HOST, venvs=of.layout.venvs) == program
