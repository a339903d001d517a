from __future__ import annotations

from typing import Any

import pytest

from nself.actions import start
from nself.actions.start import Failure
from nself.errors import ConfigProblemsError


def failure(**changes: Any) -> Failure:
    return Failure(service="web", reason="because", **changes)


@pytest.mark.parametrize(
    ("failed", "code"),
    [
        ([], 0),
        ([failure()], 1),
        ([failure(timed_out=True)], 10),
        ([failure(timed_out=True), failure(blocked=True)], 10),
        ([failure(timed_out=True), failure()], 1),
        ([failure(), failure(blocked=True)], 1),
    ],
)
def test_the_exit_code_tells_late_from_broken(failed: list[Failure], code: int) -> None:
    assert start.failure_code(failed) == code


def test_options_win_over_quick_and_quick_over_variables() -> None:
    environ = {"NSELF_HEALTH_CHECK_TIMEOUT": "200", "NSELF_HEALTH_CHECK_REQUIRED": "80"}

    assert (start.settings(environ).timeout_s, start.settings(environ).required_percent) == (200, 80)
    quick = start.settings(environ, quick=True)
    assert (quick.timeout_s, quick.required_percent) == (30, 60)
    assert start.settings(environ, quick=True, timeout_s=5).timeout_s == 5


@pytest.mark.parametrize(
    ("environ", "option", "skipped"),
    [({}, False, False), ({}, True, True), ({"NSELF_SKIP_HEALTH_CHECKS": "yes"}, False, True)],
)
def test_health_checks_are_skipped_by_option_or_variable(environ: dict[str, str], option: bool, skipped: bool) -> None:
    assert start.settings(environ, skip_health_checks=option).skip_health_checks is skipped


@pytest.mark.parametrize(
    "environ",
    [{"NSELF_HEALTH_CHECK_TIMEOUT": "soon"}, {"NSELF_HEALTH_CHECK_REQUIRED": "101"}, {"NSELF_START_MODE": "x"}],
)
def test_wrong_variables_are_named(environ: dict[str, str]) -> None:
    with pytest.raises(ConfigProblemsError, match=next(iter(environ))):
        start.settings(environ)
