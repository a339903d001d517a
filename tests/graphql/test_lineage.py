"""Who inherits from whom, and how grants go together."""

from __future__ import annotations

import pytest

from nself.graphql.lineage import Lineage, agreed, cycles

FAMILY = Lineage.of({"grandchild": ["child", "c"], "child": ["a", "b"]})


def test_parents_come_before_what_inherits_from_them() -> None:
    assert FAMILY.order == (("child", ("a", "b")), ("grandchild", ("child", "c")))


def test_heirs_are_all_below_any_of_the_roles() -> None:
    assert FAMILY.heirs(["a"]) == ("a", "child", "grandchild")
    assert FAMILY.heirs(["c"]) == ("c", "grandchild")
    assert FAMILY.heirs([]) == ()


def test_nobody_inherits_from_admin() -> None:
    lineage = Lineage.of({"sly": ["admin"]})
    assert lineage.heirs(["admin"]) == ("admin",)
    assert lineage.derive({"admin": {"x": 1}}, lambda role, key, grants: agreed(grants)) == {
        "admin": {"x": 1},
        "sly": {},
    }


def test_grants_are_combined_one_generation_after_the_other() -> None:
    own = {"a": {"x": "A"}, "b": {"x": "B", "y": "Y"}, "c": {"x": "C"}}
    found = FAMILY.derive(own, lambda role, key, grants: "+".join(grants))
    assert found["child"] == {"x": "A+B", "y": "Y"}
    assert found["grandchild"] == {"x": "A+B+C", "y": "Y"}


def test_an_own_grant_wins_even_when_it_cannot_be_used() -> None:
    own: dict[str, dict[str, str | None]] = {"a": {"x": "A", "y": "Y"}, "child": {"x": "own", "y": None}}
    found = FAMILY.derive(own, lambda role, key, grants: "+".join(grants))
    assert (found["child"], found["grandchild"]) == ({"x": "own"}, {"x": "own"})


def test_what_the_parents_disagree_on_is_not_inherited_nor_passed_on() -> None:
    own = {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}}
    found = FAMILY.derive(own, lambda role, key, grants: agreed(grants))
    assert (found["child"], found["grandchild"]) == ({"x": 1}, {"x": 1})


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        ({"a": ["b"], "b": ["c"]}, []),
        ({"a": ["a"]}, [["a"]]),
        ({"a": ["x", "b"], "b": ["a"], "c": ["a"]}, [["a", "b"]]),
        ({"a": ["b"], "b": ["c"], "c": ["a"], "d": ["d", "a"]}, [["a", "b", "c"], ["d"]]),
    ],
)
def test_cycles_are_told_role_by_role(roles: dict[str, list[str]], expected: list[list[str]]) -> None:
    assert cycles(roles) == expected


def test_on_a_cycle_and_below_it_nothing_is_inherited() -> None:
    lineage = Lineage.of({"a": ["b"], "b": ["a"], "c": ["a", "plain"], "d": ["plain"]})
    assert lineage.order == (("d", ("plain",)),)
