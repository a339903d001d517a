"""A running MLflow is told of its user before it is written down; one that cannot be told is not written down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nself.actions.config.change import Target
from nself.actions.service.mlflow_settings import Configured, Word, configure
from nself.errors import ConfigError, UsageError
from nself.host import LocalHost
from tests.actions.places import written
from tests.actions.service.test_mlflow import ON, Recorded, running

NEW = "a-new-password-0001"


def change(root: Path, word: Word, value: str, **settings: str) -> Configured:
    written(root, {**ON, **settings})
    return configure(Target(directory=root, environ={}, host=LocalHost()), word, value)


def told() -> list[tuple[str, Any]]:
    return [(path.rpartition("/")[2], body) for path, body in Recorded.asked]


def test_a_running_one_takes_the_password_first(tmp_path: Path) -> None:
    with running(tmp_path / "x") as of:
        asks = {"MLFLOW_AUTH_ENABLED": "true", "MLFLOW_PORT": of.values["MLFLOW_PORT"].text}
        assert change(tmp_path, "password", NEW, **asks).told
        body = {"username": "admin", "password": NEW, "current_password": ON["MLFLOW_AUTH_PASSWORD"]}
        assert told() == [("update-password", body)]
        assert f"MLFLOW_AUTH_PASSWORD={NEW}" in (tmp_path / ".env").read_text()


def test_a_new_user_may_do_what_the_first_could(tmp_path: Path) -> None:
    with running(tmp_path / "x") as of:
        asks = {"MLFLOW_AUTH_ENABLED": "true", "MLFLOW_PORT": of.values["MLFLOW_PORT"].text}
        change(tmp_path, "username", "ada", **asks)
        assert [word for word, _ in told()] == ["create", "update-admin"]


def test_one_that_asks_for_a_password_and_is_down_is_not_left_with_another_than_its_own(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not running, so it cannot be told") as caught:
        change(tmp_path, "password", NEW, MLFLOW_AUTH_ENABLED="true", MLFLOW_PORT="9")
    assert NEW not in (tmp_path / ".env").read_text()
    assert "nself config set MLFLOW_AUTH_PASSWORD -" in caught.value.fixes[1]


def test_a_port_is_written_alone(tmp_path: Path) -> None:
    assert change(tmp_path, "port", "5010") == Configured(key="MLFLOW_PORT", file=".env", told=False)


@pytest.mark.parametrize(("word", "value"), [("password", "short"), ("username", " ")])
def test_what_cannot_be_is_refused(tmp_path: Path, word: Word, value: str) -> None:
    with pytest.raises(UsageError):
        change(tmp_path, word, value)
