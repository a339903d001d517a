"""MLflow: installed apart from nself, and asked over its own API what is in it."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from nself.actions import history
from nself.actions.stack import NotRunningError, open_stack
from nself.errors import ConfigError, NetworkError, NselfError, PermissionDeniedError, UsageError
from nself.events import Emit, StepStarted
from nself.host import LocalHost
from nself.model.project import Project
from nself.model.spec import Endpoint
from nself.records import dataclass
from nself.services import mlflow

TIMEOUT_S = 30.0
"""Its first answer after a start takes long: it imports as it goes."""
INSTALL_S = 1800.0
NEEDED_BYTES = 2_000_000_000
MOST = 1000
"""Entries a page of MLflow's answers has at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """`changed` is false when it was there in this version already."""

    folder: str
    version: str
    changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    enabled: bool
    running: bool
    version: str | None
    url: str
    experiments: int | None
    models: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    id: str
    name: str
    artifacts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiments:
    experiments: tuple[Experiment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """`ended_at` is None while it runs."""

    id: str
    name: str
    experiment: str
    status: str
    started_at: datetime
    ended_at: datetime | None
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """The latest first."""

    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    name: str
    latest_version: str | None
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    models: tuple[Model, ...]


def install(project: Project, host: LocalHost, environ: Mapping[str, str], emit: Emit) -> Installed:
    """Put the pinned MLflow into an environment of its own below `.nself`, whole or not at all."""
    requirements = mlflow.PACKAGE / "requirements.txt"
    text = host.read(requirements)
    version = _pinned(text)
    link = project.layout.venvs / mlflow.NAME
    folder = project.layout.venvs / f"{mlflow.NAME}-{version}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    if link.resolve() == folder and (folder / "bin" / mlflow.NAME).is_file():
        return Installed(folder=str(link), version=version, changed=False)
    _check_room(project, host)
    entry = history.Entry("mlflow.install", f"install MLflow {version}")
    with history.recorded(project, host, emit, entry):
        host.make_folder(folder.parent)
        before = link.resolve()
        try:
            emit(StepStarted(1, 2, "make a Python environment", str(folder)))
            _run(host, [sys.executable, "-m", "venv", "--clear", str(folder)], environ)
            emit(StepStarted(2, 2, f"install MLflow {version} and its 100 packages", "this takes minutes"))
            pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
            _run(host, [*pip, "--quiet", "--require-hashes", "--requirement", str(requirements)], environ)
        except BaseException:
            host.remove(folder)
            raise
        beside = link.with_name(f"{link.name}.next")
        beside.unlink(missing_ok=True)
        beside.symlink_to(folder.name)
        host.move(beside, link)
        if before not in (link, folder):
            host.remove(before)
    return Installed(folder=str(link), version=version, changed=True)


def _pinned(requirements: str) -> str:
    return next(
        line.split("==")[1].split()[0].rstrip("\\")
        for line in requirements.splitlines()
        if line.startswith(("mlflow==", "mlflow["))
    )


def _check_room(project: Project, host: LocalHost) -> None:
    free = shutil.disk_usage(project.root).free
    if free < NEEDED_BYTES:
        raise NselfError(
            f"MLflow needs {NEEDED_BYTES / 1e9:g} GB below {project.layout.state}, and {free / 1e9:.1f} GB are free",
            fixes=["make room on this disk", "nself start --runtime compose: in a container"],
        )


def _run(host: LocalHost, argv: Sequence[str], environ: Mapping[str, str]) -> None:
    ran = host.run(argv, env=dict(environ), timeout_s=INSTALL_S)
    if not ran.ok:
        lines = [line for line in (ran.stderr or ran.stdout).splitlines() if line.strip()]
        telling = [line for line in lines if "error" in line.lower()]
        raise NetworkError(
            f"MLflow could not be installed: {(telling or lines or ['no reason was given'])[-1].strip()}",
            fixes=["see whether pip works here: pip download pip", "apt install python3-venv", "nself doctor"],
        )


def status(project: Project, host: LocalHost, environ: Mapping[str, str]) -> Status:
    """Whether it answers, and how much is in it."""
    found = wanted_settings(project)
    opened = open_stack(project, host, environ)
    url = opened.runtime.network.public_url(project.host(found.route))
    client = Client(project, host, environ)
    try:
        version = client.text("/version")
        return Status(
            enabled=True,
            running=True,
            version=version,
            url=url,
            experiments=len(experiments_of(client)),
            models=len(_models(client)),
        )
    except NotRunningError:
        return Status(enabled=True, running=False, version=None, url=url, experiments=None, models=None)


def experiments(project: Project, host: LocalHost, environ: Mapping[str, str]) -> Experiments:
    client = Client(project, host, environ)
    return Experiments(
        experiments=tuple(
            Experiment(id=each["experiment_id"], name=each["name"], artifacts=each["artifact_location"])
            for each in experiments_of(client)
        )
    )


def runs(
    project: Project, host: LocalHost, environ: Mapping[str, str], experiment: str | None = None, *, limit: int = 20
) -> Runs:
    """The latest runs of all experiments, or of the one with that name or number."""
    client = Client(project, host, environ)
    names = {each["experiment_id"]: each["name"] for each in experiments_of(client)}
    chosen = [number for number, name in names.items() if experiment in (None, number, name)]
    if not chosen:
        raise UsageError(f"there is no experiment {experiment!r}", fixes=["nself service mlflow experiments"])
    body = {"experiment_ids": chosen, "max_results": limit, "order_by": ["start_time DESC"]}
    answer = client.post("/api/2.0/mlflow/runs/search", body)
    return Runs(runs=tuple(_as_run(each, names) for each in answer.get("runs", [])))


def models(project: Project, host: LocalHost, environ: Mapping[str, str]) -> Models:
    client = Client(project, host, environ)
    return Models(
        models=tuple(
            Model(
                name=each["name"],
                latest_version=max((x["version"] for x in each.get("latest_versions", [])), key=int, default=None),
                description=each.get("description", ""),
            )
            for each in _models(client)
        )
    )


def wanted_settings(project: Project) -> mlflow.MlflowSettings:
    if not mlflow.wanted(project):
        raise ConfigError(
            "this project has no MLflow",
            fixes=["nself service mlflow install (natively)", "nself service enable mlflow", "nself start"],
        )
    return mlflow.settings(project)


def experiments_of(client: Client) -> list[dict[str, Any]]:
    return list(client.post("/api/2.0/mlflow/experiments/search", {"max_results": MOST}).get("experiments", []))


def _models(client: Client) -> list[dict[str, Any]]:
    path = f"/api/2.0/mlflow/registered-models/search?max_results={MOST}"
    return list(json.loads(client.text(path)).get("registered_models", []))


def _as_run(found: Mapping[str, Any], names: Mapping[str, str]) -> Run:
    info, data = found["info"], found.get("data", {})
    return Run(
        id=info["run_id"],
        name=info.get("run_name", ""),
        experiment=names.get(info["experiment_id"], info["experiment_id"]),
        status=info["status"].lower(),
        started_at=_moment(info["start_time"]),
        ended_at=_moment(info["end_time"]) if info.get("end_time") else None,
        metrics={each["key"]: float(each["value"]) for each in data.get("metrics", [])},
    )


def _moment(milliseconds: int | str) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)


class Client:
    """MLflow's API, as its first user."""

    def __init__(self, project: Project, host: LocalHost, environ: Mapping[str, str]) -> None:
        self._found = wanted_settings(project)
        self._stack = open_stack(project, host, environ)

    @cached_property
    def _at(self) -> Endpoint:
        self._stack.refuse_stopped()
        return self._stack.runtime.network.endpoint(mlflow.NAME)

    def text(self, path: str) -> str:
        return self._asked("GET", path, None)

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self.send("POST", path, body)

    def send(self, method: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._asked(method, path, body) or "{}")
        return answer

    def _asked(self, method: str, path: str, body: Mapping[str, Any] | None) -> str:
        import httpx

        at = self._at
        sign_in = (self._found.username, self._found.password) if self._found.auth_enabled else None
        try:
            answer = httpx.request(
                method, f"{at.url}{path}", json=body, auth=sign_in, timeout=TIMEOUT_S, trust_env=False
            )
        except httpx.ConnectError:
            raise NotRunningError(
                f"MLflow is not running: nothing listens at {at}", fixes=["nself start mlflow", "nself status"]
            ) from None
        except httpx.HTTPError as error:
            raise NetworkError(
                f"MLflow at {at} does not answer: {error}", fixes=["nself logs mlflow", "nself status"]
            ) from error
        if answer.status_code == 401:
            raise PermissionDeniedError(
                f"MLflow refused {self._found.username}: its password was changed in MLflow itself",
                fixes=["set MLFLOW_AUTH_PASSWORD to the new one: nself config set MLFLOW_AUTH_PASSWORD …"],
            )
        if answer.is_error:
            raise NetworkError(
                f"MLflow answered {answer.status_code} to {path.partition('?')[0]}: {answer.text[:200]}",
                fixes=["nself logs mlflow"],
            )
        return answer.text
