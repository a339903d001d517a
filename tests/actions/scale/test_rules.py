"""What a service may be scaled to."""

from __future__ import annotations

from pathlib import Path

import pytest

from nself.actions.scale import rules as scale_rules
from nself.actions.scale.rules import Amount, Wish
from nself.errors import UsageError
from nself.host import LocalHost
from nself.model.spec import Runtime
from tests.services.projects import custom, project

NOW = Amount(replicas=2, memory="256M", cpu=0.25)


@pytest.mark.parametrize(
    ("wish", "after"),
    [
        (Wish(direction="out"), Amount(replicas=3, memory="256M", cpu=0.25)),
        (Wish(direction="in"), Amount(replicas=1, memory="256M", cpu=0.25)),
        (Wish(direction="out", replicas=5), Amount(replicas=5, memory="256M", cpu=0.25)),
        (Wish(direction="up"), Amount(replicas=2, memory="512M", cpu=0.5)),
        (Wish(direction="up", memory="4G"), Amount(replicas=2, memory="4G", cpu=0.25)),
        (Wish(direction="down", cpu=0.1), Amount(replicas=2, memory="256M", cpu=0.1)),
        (Wish(direction="to", replicas=1, memory="1G", cpu=1.0), Amount(replicas=1, memory="1G", cpu=1.0)),
        (Wish(direction="to", replicas=2), NOW),
    ],
)
def test_a_wish_comes_to_an_amount(wish: Wish, after: Amount) -> None:
    assert scale_rules.wanted(NOW, wish, "web") == after


def test_steps_go_through_the_classes() -> None:
    steps, now = [], Amount(replicas=1, memory="100M", cpu=0.1)
    for _ in range(3):
        now = scale_rules.wanted(now, Wish(direction="up"), "web")
        steps.append(now.memory)
    assert steps == ["512M", "1G", "2G"]
    assert scale_rules.wanted(now, Wish(direction="down"), "web").memory == "1G"


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        (Wish(direction="out", replicas=1), "1 would be fewer replicas"),
        (Wish(direction="in", replicas=3), "3 would be more"),
        (Wish(direction="up", memory="128M"), "that is not up"),
        (Wish(direction="down", cpu=2.0), "that is not down"),
        (Wish(direction="down"), "small is the end"),
        (Wish(direction="up", memory="plenty"), "is not a size"),
    ],
)
def test_a_wish_that_says_the_opposite_is_refused_with_the_right_word(wish: Wish, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        scale_rules.wanted(NOW, wish, "web")


@pytest.mark.parametrize(
    ("runtime", "service", "count", "message"),
    [
        (Runtime.NATIVE, "graphql", 2, "shares one process"),
        (Runtime.COMPOSE, "postgres", 2, "can only run once"),
        (Runtime.COMPOSE, "nginx", 2, "can only run once"),
        (Runtime.COMPOSE, "mail", 2, "can only run once"),
        (Runtime.NATIVE, "web", 0, "less than one"),
        (Runtime.NATIVE, "web", 101, "more than one machine"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(runtime: Runtime, service: str, count: int, message: str) -> None:
    of = project(custom=(custom(),), runtime=runtime)
    before = Amount(replicas=1, memory="1G", cpu=1)
    with pytest.raises(UsageError, match=message):
        scale_rules.check(of, service, before, Amount(replicas=count, memory="1G", cpu=1))


@pytest.mark.parametrize(("runtime", "service"), [(Runtime.COMPOSE, "graphql"), (Runtime.NATIVE, "web")])
def test_what_keeps_no_state_may_run_several_times(runtime: Runtime, service: str) -> None:
    before, after = Amount(replicas=1, memory="1G", cpu=1), Amount(replicas=3, memory="1G", cpu=1)
    scale_rules.check(project(custom=(custom(),), runtime=runtime), service, before, after)


def test_a_service_that_is_not_there_is_guessed_and_one_that_is_off_is_said_to_be(tmp_path: Path) -> None:
    of = project(tmp_path, custom=(custom(),), values={"FUNCTIONS_ENABLED": "false"})
    with pytest.raises(UsageError, match="there is no service 'weeb'") as error:
        scale_rules.current(of, LocalHost(), "weeb")
    assert error.value.fixes[0] == "did you mean web?"
    with pytest.raises(UsageError, match="functions is not enabled"):
        scale_rules.current(of, LocalHost(), "functions")


def test_natively_limits_are_said_to_be_only_shown() -> None:
    before, after = Amount(replicas=1, memory="1G", cpu=1), Amount(replicas=1, memory="2G", cpu=1)
    (note,) = scale_rules.notes(project(custom=(custom(),)), "web", before, after)
    assert "not held to memory and CPU limits" in note
    assert scale_rules.notes(project(custom=(custom(),), runtime=Runtime.COMPOSE), "web", before, after) == []
