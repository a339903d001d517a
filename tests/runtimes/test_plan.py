from __future__ import annotations

import pytest

from nself.model.spec import Category, ServiceSpec
from nself.runtimes.plan import Fingerprint, Observed, Running, State, Wanted, differences, plan, stops, with_needs

MADE: Fingerprint = {"definition": "1", "program": "a"}


def wanted(name: str, *needs: str, unit: str = "", made: Fingerprint = MADE) -> Wanted:
    spec = ServiceSpec(name=name, category=Category.REQUIRED, needs=needs)
    return Wanted(spec=spec, unit=unit or name, fingerprint=made)


def running(unit: str, state: State = State.RUNNING, made: Fingerprint = MADE, reason: str = "") -> Running:
    return Running(unit=unit, state=state, fingerprint=made, reason=reason)


CORE = (wanted("nginx", "auth"), wanted("auth", "postgres", unit="backend"), wanted("postgres"))
ALL_RUN: Observed = {"postgres": running("postgres"), "auth": running("backend"), "nginx": running("nginx")}


def test_an_empty_machine_gets_everything_in_the_order_of_needs() -> None:
    assert [str(step) for step in plan(CORE, {})] == [
        "start postgres: not running",
        "start auth after postgres: not running",
        "start nginx after auth: not running",
    ]


def test_when_all_runs_unchanged_there_is_nothing_to_do() -> None:
    assert plan(CORE, ALL_RUN) == []


@pytest.mark.parametrize(
    ("state", "reason", "line"),
    [
        (State.STOPPED, "", "start auth after postgres: not running"),
        (State.STOPPING, "", "start auth after postgres: not running"),
        (State.FAILED, "exited 3 times", "start auth after postgres: it failed: exited 3 times"),
        (State.FAILED, "", "start auth after postgres: it failed"),
    ],
)
def test_what_does_not_run_is_started_and_the_reason_says_why(state: State, reason: str, line: str) -> None:
    observed = {**ALL_RUN, "auth": running("backend", state, reason=reason)}

    assert [str(step) for step in plan(CORE, observed)] == [line]


@pytest.mark.parametrize("state", [State.STARTING, State.RESTARTING])
def test_what_is_about_to_run_is_left_to_it(state: State) -> None:
    assert plan(CORE, {**ALL_RUN, "auth": running("backend", state)}) == []


def test_a_changed_part_is_a_reason_to_restart_and_is_named() -> None:
    observed = {**ALL_RUN, "auth": running("backend", made={"definition": "0", "program": "a", "gone": "x"})}

    assert [str(step) for step in plan(CORE, observed)] == ["restart auth after postgres: changed: definition, gone"]


def test_a_fresh_start_restarts_all_that_runs() -> None:
    assert [step.verb for step in plan(CORE, ALL_RUN, fresh=True)] == ["restart", "restart", "restart"]


def test_what_left_the_project_is_stopped_first() -> None:
    observed = {**ALL_RUN, "redis": running("redis"), "postgres": running("postgres", State.STOPPED)}

    assert [str(step) for step in plan(CORE, observed)] == [
        "stop redis: no longer part of the project",
        "start postgres: not running",
    ]


def test_needs_outside_the_project_are_not_waited_for() -> None:
    assert [str(step) for step in plan([wanted("auth", "elsewhere")], {})] == ["start auth: not running"]


def test_stops_go_from_what_needs_to_what_is_needed() -> None:
    assert [str(step) for step in stops(CORE, ALL_RUN, {"postgres", "auth", "nginx"})] == [
        "stop nginx: asked for",
        "stop auth after nginx: asked for",
        "stop postgres after auth: asked for",
    ]


def test_only_what_was_named_and_runs_is_stopped() -> None:
    observed = {**ALL_RUN, "nginx": running("nginx", State.STOPPED)}

    assert [step.service for step in stops(CORE, observed, {"auth", "nginx"})] == ["auth"]


def test_naming_a_service_brings_what_it_needs() -> None:
    assert [each.spec.name for each in with_needs(CORE, ["auth"])] == ["postgres", "auth"]


def test_parts_that_came_and_went_count_as_differences() -> None:
    assert differences({"a": "1", "b": "1"}, {"b": "2", "c": "1"}) == ["a", "b", "c"]
