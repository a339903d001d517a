"""MLflow's port, and its first user: a running MLflow is told as well, for it keeps its users itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from nself.actions import project as projects
from nself.actions.config import change
from nself.actions.config.change import Target
from nself.actions.service.mlflow import Client, wanted_settings
from nself.actions.stack import NotRunningError
from nself.errors import ConfigError, UsageError
from nself.services.mlflow import MlflowSettings

Word = Literal["username", "password", "port"]
KEYS = {"username": "MLFLOW_AUTH_USERNAME", "password": "MLFLOW_AUTH_PASSWORD", "port": "MLFLOW_PORT"}
SHORTEST = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """`told` is whether the running MLflow took it too; a port takes effect with the next start."""

    key: str
    file: str
    told: bool


def configure(target: Target, word: Word, value: str) -> Configured:
    """Nothing is written that MLflow refused."""
    project = projects.load(target.directory, target.environ, env=target.env, host=target.host)
    found = wanted_settings(project)
    if word == "password" and len(value) < SHORTEST:
        raise UsageError(f"a password of at least {SHORTEST} characters is wanted, got {len(value)}")
    if word != "port" and not value.strip():
        raise UsageError(f"a {word} is wanted")
    told = word != "port" and bool(found.auth_enabled)
    if told:
        _tell(Client(project, target.host, target.environ), found, word, value)
    done = change.set_value(target, KEYS[word], value)
    if not done.effective:
        raise ConfigError(
            f"{done.file}:{done.line} is written, but {done.winner} says otherwise of {done.key} and wins",
            fixes=[f"nself config explain {done.key}"],
        )
    return Configured(key=KEYS[word], file=done.file, told=told)


def _tell(client: Client, found: MlflowSettings, word: Word, value: str) -> None:
    users = "/api/2.0/mlflow/users"
    try:
        if word == "password":
            client.send(
                "PATCH",
                f"{users}/update-password",
                {"username": found.username, "password": value, "current_password": found.password},
            )
        elif value != found.username:
            client.send("POST", f"{users}/create", {"username": value, "password": found.password})
            client.send("PATCH", f"{users}/update-admin", {"username": value, "is_admin": True})
    except NotRunningError as error:
        raise ConfigError(
            "MLflow keeps its users itself and is not running, so it cannot be told",
            fixes=["nself start mlflow, then this again", f"before its first start: nself config set {KEYS[word]} -"],
        ) from error
