"""MLflow's records as its users make them: experiments, a run's files, and a try that leaves nothing."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from nself.actions.service.mlflow import MOST, Client, experiments_of
from nself.errors import NetworkError, UnknownNameError, UsageError
from nself.host import LocalHost
from nself.model.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What was done to an experiment, by its number."""

    id: str
    name: str
    deleted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    path: str
    folder: bool
    bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifacts:
    """What a run left, one level of it."""

    run: str
    artifacts: tuple[Artifact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """A run that was recorded, read back and deleted again."""

    experiment: str
    run: str
    duration_ms: int


def create(project: Project, host: LocalHost, environ: Mapping[str, str], name: str) -> Changed:
    client = Client(project, host, environ)
    if any(each["name"] == name for each in experiments_of(client)):
        raise UsageError(f"there is an experiment {name!r} already", fixes=["nself service mlflow experiments"])
    made = client.post("/api/2.0/mlflow/experiments/create", {"name": name})
    return Changed(id=made["experiment_id"], name=name, deleted=False)


def delete(project: Project, host: LocalHost, environ: Mapping[str, str], word: str) -> Changed:
    """MLflow keeps what is deleted until its own garbage collection, so it can be restored there."""
    client = Client(project, host, environ)
    id, name = _experiment(client, word)
    client.post("/api/2.0/mlflow/experiments/delete", {"experiment_id": id})
    return Changed(id=id, name=name, deleted=True)


def artifacts(
    project: Project, host: LocalHost, environ: Mapping[str, str], run: str, path: str | None = None
) -> Artifacts:
    """The files of a run, by its number or the beginning of it."""
    client = Client(project, host, environ)
    id = _run_id(client, run)
    query = urlencode({"run_id": id, **({"path": path} if path else {})})
    told = json.loads(client.text(f"/api/2.0/mlflow/artifacts/list?{query}"))
    return Artifacts(
        run=id,
        artifacts=tuple(
            Artifact(
                path=each["path"],
                folder=bool(each.get("is_dir")),
                bytes=int(each["file_size"]) if each.get("file_size") is not None else None,
            )
            for each in told.get("files", [])
        ),
    )


def test(project: Project, host: LocalHost, environ: Mapping[str, str]) -> Tested:
    """Record a metric as a training program does, read it back, and leave nothing."""
    client = Client(project, host, environ)
    began = host.monotonic()
    now = int(host.now().timestamp() * 1000)
    name = f"nself test {secrets.token_hex(6)}"
    experiment = client.post("/api/2.0/mlflow/experiments/create", {"name": name})["experiment_id"]
    try:
        started = client.post("/api/2.0/mlflow/runs/create", {"experiment_id": experiment, "start_time": now})
        run = started["run"]["info"]["run_id"]
        metric = {"run_id": run, "key": "answer", "value": 42.0, "timestamp": now, "step": 0}
        client.post("/api/2.0/mlflow/runs/log-metric", metric)
        read = json.loads(client.text(f"/api/2.0/mlflow/runs/get?run_id={run}"))["run"]["data"].get("metrics", [])
        if [(each["key"], each["value"]) for each in read] != [("answer", 42.0)]:
            raise NetworkError("MLflow took a metric and does not have it", fixes=["nself logs mlflow"])
    finally:
        client.post("/api/2.0/mlflow/experiments/delete", {"experiment_id": experiment})
    return Tested(experiment=name, run=run, duration_ms=int((host.monotonic() - began) * 1000))


def _experiment(client: Client, word: str) -> tuple[str, str]:
    """(number, name) of the experiment with that name or number; a name wins."""
    known = {each["experiment_id"]: each["name"] for each in experiments_of(client)}
    found = [(id, name) for id, name in known.items() if name == word] or [
        (id, name) for id, name in known.items() if id == word
    ]
    if not found:
        fixes = ["nself service mlflow experiments"]
        raise UnknownNameError(f"there is no experiment {word!r}", word, known.values(), fixes=fixes)
    return found[0]


def _run_id(client: Client, word: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{4,32}", word):
        raise UsageError(f"{word!r} is not a run's number", fixes=["nself service mlflow runs"])
    if len(word) == 32:
        return word
    ids = [each["experiment_id"] for each in experiments_of(client)]
    found = client.post("/api/2.0/mlflow/runs/search", {"experiment_ids": ids, "max_results": MOST}).get("runs", [])
    matching = [each["info"]["run_id"] for each in found if each["info"]["run_id"].startswith(word)]
    if len(matching) == 1:
        return str(matching[0])
    what = f"{len(matching)} runs begin with {word}" if matching else f"no run begins with {word}"
    raise UsageError(what, fixes=["nself service mlflow runs"])
