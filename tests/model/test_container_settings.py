"""Logs, restarts and images of containers, as a project sets them."""

from __future__ import annotations

import pytest

from nself.errors import Problem
from nself.model.container_settings import ContainerSettings, LogDriver, PullPolicy, settings
from tests.model.stacks import problems, project

IN_CONTAINERS = "runtime: compose\n"


def warnings(files: dict[str, str]) -> tuple[Problem, ...]:
    return project(files).warnings


def read(text: str) -> ContainerSettings:
    return settings(project({".env": text}))


def test_unset_it_is_what_it_always_was() -> None:
    found = read("")
    assert (found.driver, found.log_max_size, found.log_max_files) == (LogDriver.JSON_FILE, "10m", 3)
    assert (found.restart_policy, found.pull_policy) == ("unless-stopped", PullPolicy.MISSING)


@pytest.mark.parametrize(
    ("word", "meant"),
    [("Always", "always"), ("IfNotPresent", "missing"), ("if_not_present", "missing"), ("never", "never")],
)
def test_a_pull_policy_goes_by_the_names_of_compose_and_of_kubernetes(word: str, meant: str) -> None:
    assert read(f"IMAGE_PULL_POLICY={word}").pull_policy == meant


@pytest.mark.parametrize(
    "line",
    [
        "DOCKER_LOG_DRIVER=jsonfile",
        "DOCKER_LOG_MAX_SIZE=-1",
        "DOCKER_LOG_MAX_SIZE=10 MB",
        "DOCKER_LOG_MAX_FILE=0",
        "DOCKER_RESTART_POLICY=sometimes",
        "DOCKER_RESTART_POLICY=on-failure:0",
        "IMAGE_PULL_POLICY=build",
    ],
)
def test_what_the_engine_would_refuse_is_refused_before(line: str) -> None:
    (problem,) = problems({".env": line})
    assert line.partition("=")[0] in problem and ": expected" in problem


def test_a_driver_that_has_to_be_told_more_is_named_and_not_used() -> None:
    text = "DOCKER_LOG_DRIVER=gelf"
    (warning,) = warnings({".env": text, "nself.yml": IN_CONTAINERS})
    assert "gelf needs options" in warning.message and warning.hint and "DOCKER_LOG_DRIVER=default" in warning.hint
    assert read(text).driver is LogDriver.JSON_FILE


def test_logs_that_nobody_can_read_are_told_of() -> None:
    (warning,) = warnings({".env": "DOCKER_LOG_DRIVER=none", "nself.yml": IN_CONTAINERS})
    assert "nself logs shows nothing" in warning.message and warning.line == 1


def test_a_size_means_nothing_to_a_driver_without_files() -> None:
    text = "DOCKER_LOG_DRIVER=journald\nDOCKER_LOG_MAX_SIZE=5m\nDOCKER_LOG_MAX_FILE=2"
    found = warnings({".env": text, "nself.yml": IN_CONTAINERS})
    assert [each.path for each in found] == ["DOCKER_LOG_MAX_SIZE", "DOCKER_LOG_MAX_FILE"]


def test_natively_there_is_nothing_to_say() -> None:
    assert warnings({".env": "DOCKER_LOG_DRIVER=none"}) == ()
