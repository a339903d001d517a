from __future__ import annotations

from dataclasses import replace

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


# -- replicas and reloads


def proxy(made: Fingerprint = MADE, *needs: str) -> Wanted:
    return replace(wanted("nginx", *needs, made=made), reloadable=frozenset({"nginx/nginx.conf"}))


OLD: Fingerprint = {**MADE, "nginx/nginx.conf": "1"}
NEW: Fingerprint = {**MADE, "nginx/nginx.conf": "2"}


def test_a_new_replica_is_up_before_the_proxy_leads_to_it() -> None:
    observed = {"web": running("web"), "nginx": running("nginx", made=OLD)}

    assert [str(step) for step in plan([proxy(NEW), wanted("web"), wanted("web.2")], observed)] == [
        "reload nginx after web.2: changed: nginx/nginx.conf",
        "start web.2: not running",
    ]


def test_a_replica_too_many_stops_after_the_proxy_has_forgotten_it() -> None:
    observed = {name: running(name) for name in ("web", "web.2", "web.3", "old")}
    observed["nginx"] = running("nginx", made=OLD)

    assert [str(step) for step in plan([wanted("web"), proxy(NEW)], observed)] == [
        "stop old: no longer part of the project",
        "reload nginx: changed: nginx/nginx.conf",
        "stop web.2: one replica less",
        "stop web.3: one replica less",
    ]


def test_a_change_of_more_than_its_files_restarts_what_could_be_reloaded() -> None:
    observed = {"nginx": running("nginx", made={**OLD, "definition": "0"})}

    assert [step.verb for step in plan([proxy(NEW)], observed)] == ["restart"]


def test_replicas_are_restarted_one_after_the_other() -> None:
    names = ("web", "web.2", "web.3")
    observed = {name: running(name, made={"definition": "0", "program": "a"}) for name in names}

    steps = plan([wanted(name) for name in names], observed)
    assert [(step.verb, step.after) for step in steps] == [
        ("restart", ()),
        ("restart", ("web",)),
        ("restart", ("web", "web.2")),
    ]


def test_what_is_joined_and_changed_ends_once_the_proxy_knows_the_new_ones() -> None:
    """`page` needs `web`, and so comes after it: the reload cannot wait for either."""
    observed = {name: running(name, made={"definition": "0"}) for name in ("web", "web.2", "page")}
    observed["nginx"] = running("nginx", made=OLD)
    names = [wanted("web"), wanted("web.2"), wanted("web.3"), wanted("page", "web"), wanted("other")]

    assert {step.service: step.after for step in plan([proxy(NEW), *names], observed)} == {
        "web.3": (),
        "other": (),
        "nginx": ("web.3", "other"),
        "web": ("web.3", "nginx"),
        "web.2": ("web.3", "web", "nginx"),
        "page": ("web",),
    }


def test_a_reload_does_not_wait_for_what_waits_for_it() -> None:
    """`page` needs `site`, which needs the proxy."""
    services = [proxy(NEW), wanted("site", "nginx"), wanted("page", "site"), wanted("web")]

    steps = {step.service: step for step in plan(services, {"nginx": running("nginx", made=OLD)})}
    assert steps["nginx"].after == ("web",)


def test_what_somebody_else_started_is_started_anew_as_nobody_knows_what_from() -> None:
    observed = {**ALL_RUN, "postgres": running("postgres", made={})}

    assert [str(step) for step in plan(CORE, observed)] == ["restart postgres: what it was started from is not known"]
