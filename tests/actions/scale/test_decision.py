"""How many replicas a load asks for, and when that is followed."""

from __future__ import annotations

import pytest

from nself.actions.scale.decision import IN_AFTER_S, OUT_PAUSE_S, Asked, Past, decide, needed, remember
from nself.model.project import Autoscale

RULE = Autoscale(min=1, max=8, cpu_threshold=50)


@pytest.mark.parametrize(
    ("replicas", "used", "count"),
    [(2, 50.0, 2), (2, 54.0, 2), (2, 46.0, 2), (2, 56.0, 3), (2, 150.0, 6), (2, 900.0, 8), (4, 24.0, 2), (4, 0.0, 1)],
)
def test_a_load_asks_for_as_many_as_use_the_threshold(replicas: int, used: float, count: int) -> None:
    assert needed(RULE, replicas, used) == count


def after(*loads: tuple[float, float], replicas: int, past: Past | None = None) -> tuple[int, str]:
    """What is decided at the last of these (time, percent used)."""
    past = past or Past()
    for now, used in loads:
        past = remember(past, Asked(now, needed(RULE, replicas, used)))
        decision = decide(RULE, replicas, used, past, now=now)
    return decision.replicas, decision.why


def test_more_is_wanted_at_once_and_twice_as_many_at_most() -> None:
    assert after((1000, 90), replicas=1) == (2, "each uses 90 % of its CPU, 50 % is wanted")
    assert after((1000, 400), replicas=1)[0] == 2
    assert after((1000, 400), replicas=3)[0] == 6


def test_after_a_change_nothing_is_added_for_a_while() -> None:
    past = Past(changed_at=1000)
    assert after((1000 + OUT_PAUSE_S - 1, 400), replicas=2, past=past) == (
        2,
        "each uses 400 % of its CPU, 50 % is wanted: 8 are too many to add so soon, in 1 s",
    )
    assert after((1000 + OUT_PAUSE_S, 400), replicas=2, past=past)[0] == 4


def test_less_is_wanted_only_when_less_was_enough_all_the_time() -> None:
    times = range(0, int(IN_AFTER_S) + 1, 100)
    assert after(*((1000 + each, 5) for each in times), replicas=4)[0] == 1
    assert after(*((1000 + each, 5) for each in times[:-1]), replicas=4)[0] == 4
    peak = after(*((1000 + each, 26 if each == 200 else 5) for each in times), replicas=4)
    assert peak == (3, "each uses 5 % of its CPU, 50 % is wanted, for 300 s now")
    held = after(*((1000 + each, 60 if each == 200 else 5) for each in times), replicas=4)
    assert held == (4, "each uses 5 % of its CPU, 50 % is wanted: 5 were needed within the last 300 s")


def test_what_was_asked_before_a_long_pause_counts_no_more() -> None:
    assert after((1000, 5), (1000 + 10 * IN_AFTER_S, 5), replicas=4)[0] == 4


def test_only_what_the_window_needs_is_remembered() -> None:
    past = Past(changed_at=3)
    for now in range(0, 2000, 15):
        past = remember(past, Asked(now, 1))
    assert past.changed_at == 3
    assert past.asked[-1].at - IN_AFTER_S - 15 < past.asked[0].at <= past.asked[-1].at - IN_AFTER_S


def test_what_is_out_of_bounds_is_brought_back_whatever_it_uses() -> None:
    rule = Autoscale(min=2, max=4, cpu_threshold=50)
    assert decide(rule, 1, None, Past(), now=0).replicas == 2
    assert decide(rule, 9, 50.0, Past(), now=0).replicas == 4


def test_where_nobody_knows_the_load_nothing_is_done() -> None:
    assert decide(RULE, 3, None, Past(), now=0).replicas == 3
