"""Which slots go where: equal parts, and no more of them moved than must be."""

from __future__ import annotations

import pytest

from nself.actions.redis.slots import Move, plan
from nself.actions.redis.view import SLOTS, ranges

ALL = frozenset(range(SLOTS))


def after(moves: list[Move], owned: dict[str, frozenset[int]]) -> dict[str, set[int]]:
    found = {name: set(slots) for name, slots in owned.items()}
    for move in moves:
        assert set(move.slots) <= found[move.source]
        found[move.source] -= set(move.slots)
        found.setdefault(move.target, set()).update(move.slots)
    return found


@pytest.mark.parametrize("count", [1, 3, 4, 7, 32])
def test_every_master_gets_its_share_of_what_one_had(count: int) -> None:
    names = [f"redis-{number}" for number in range(count)]
    found = after(plan(names, {names[0]: ALL}), {names[0]: ALL})
    assert set().union(*found.values()) == ALL
    assert max(map(len, found.values())) - min(map(len, found.values())) <= 1


def test_nothing_is_moved_when_all_have_their_share() -> None:
    owned = after(plan(["a", "b", "c"], {"a": ALL}), {"a": ALL})
    assert plan(["a", "b", "c"], owned) == []


def test_those_that_go_are_emptied_and_the_others_keep_what_they_have() -> None:
    owned = {"a": frozenset(range(8192)), "b": frozenset(range(8192, SLOTS))}
    assert plan(["a"], owned) == [Move(source="b", target="a", slots=tuple(range(8192, SLOTS)))]


def test_a_new_master_takes_a_little_from_each() -> None:
    three = {name: frozenset(slots) for name, slots in after(plan(["a", "b", "c"], {"a": ALL}), {"a": ALL}).items()}
    moves = plan(["a", "b", "c", "d"], {**three, "d": frozenset()})
    assert {move.target for move in moves} == {"d"}
    assert sum(len(move.slots) for move in moves) == SLOTS // 4


def test_slots_that_follow_each_other_are_told_as_ranges() -> None:
    assert ranges({1, 2, 3, 7, 9, 10}) == [(1, 3), (7, 7), (9, 10)]
