"""Experiments, a run's files and a try, at a server that answers as MLflow does."""

from __future__ import annotations

from pathlib import Path

import pytest

from nself.actions.service import mlflow_records as records
from nself.errors import DockerError, NetworkError, UsageError
from tests.actions.service import test_mlflow
from tests.actions.service.test_mlflow import HOST, ON, Recorded, running
from tests.services.projects import project


def test_an_experiment_is_made_once_and_deleted_by_name_or_number(tmp_path: Path) -> None:
    with running(tmp_path) as of:
        assert records.create(of, HOST, {}, "fraud").id == "7"
        with pytest.raises(UsageError, match="there is an experiment 'churn' already"):
            records.create(of, HOST, {}, "churn")
        assert [records.delete(of, HOST, {}, word).name for word in ("churn", "1")] == ["churn", "churn"]
        assert Recorded.asked[-1] == ("/api/2.0/mlflow/experiments/delete", {"experiment_id": "1"})
        with pytest.raises(UsageError) as caught:
            records.delete(of, HOST, {}, "chrun")
        assert caught.value.fixes[0] == "did you mean churn?"


def test_the_files_of_a_run_are_listed_by_the_beginning_of_its_number(tmp_path: Path) -> None:
    with running(tmp_path) as of:
        found = records.artifacts(of, HOST, {}, "621e", "a b/&c")
        assert found.run == "621ef4ff"
        assert [(each.path, each.folder, each.bytes) for each in found.artifacts] == [
            ("model", True, None), ("log.txt", False, 12),
        ]  # fmt: skip
        assert Recorded.asked[-1][0].endswith("?run_id=621ef4ff&path=a+b%2F%26c")
        for word, message in (("beef", "no run begins with beef"), ("x/y", "is not a run's number")):
            with pytest.raises(UsageError, match=message):
                records.artifacts(of, HOST, {}, word)


def test_a_try_records_reads_back_and_leaves_nothing(tmp_path: Path) -> None:
    with running(tmp_path) as of:
        assert records.test(of, HOST, {}).run == "ab" * 16
        assert Recorded.asked[-1] == ("/api/2.0/mlflow/experiments/delete", {"experiment_id": "7"})


def test_a_metric_that_is_not_there_afterwards_is_an_error_and_the_try_goes_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = {"/api/2.0/mlflow/runs/get": {"run": {"data": {}}}}
    monkeypatch.setattr(test_mlflow, "ANSWERS", {**test_mlflow.ANSWERS, **lost})
    with running(tmp_path) as of:
        with pytest.raises(NetworkError, match="took a metric and does not have it"):
            records.test(of, HOST, {})
        assert Recorded.asked[-1][0] == "/api/2.0/mlflow/experiments/delete"


def test_one_that_is_down_is_not_tried(tmp_path: Path) -> None:
    with pytest.raises(DockerError, match="nothing of this project runs"):
        records.test(project(tmp_path, values={**ON, "MLFLOW_PORT": "9"}), HOST, {})
