"""What is asked is told without asking, and a variable that is set is told from a default."""

from __future__ import annotations

from pathlib import Path

import pytest

from nself.actions.health.configuration import configuration
from nself.errors import ConfigProblemsError
from nself.host import LocalHost
from tests.actions.places import written


def test_every_service_is_there_with_its_question(tmp_path: Path) -> None:
    project = written(tmp_path, {"CS_1": "api:custom:8101", "CS_1_COMMAND": "./run", "CS_1_HEALTHCHECK": "/up"})
    found = {each.service: each for each in configuration(project, LocalHost(), {}).services}
    assert found["api"].asked == "GET http://127.0.0.1:8101/up"
    assert found["postgres"].asked.startswith("SELECT 1")
    assert all(each.timeout_s and each.start_s for each in found.values())


def test_variables_show_what_counts_now(tmp_path: Path) -> None:
    environ = {"NSELF_HEALTH_CHECK_TIMEOUT": "7"}
    found = {each.key: each for each in configuration(written(tmp_path), LocalHost(), environ).settings}
    timeout, required = found["NSELF_HEALTH_CHECK_TIMEOUT"], found["NSELF_HEALTH_CHECK_REQUIRED"]
    assert (timeout.value, timeout.set) == ("7", True)
    assert (required.value, required.set) == ("100", False)


def test_a_value_that_cannot_be_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigProblemsError):
        configuration(written(tmp_path), LocalHost(), {"NSELF_HEALTH_CHECK_TIMEOUT": "soon"})
