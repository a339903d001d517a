"""Two requests may share a plan exactly when their variables have one shape."""

from __future__ import annotations

from typing import Any

import pytest

from nself.graphql.language.scalars import scalar
from nself.graphql.language.types import Enum, EnumValue, InputField, InputObject, ListOf, NonNull, Type
from nself.graphql.plan.shape import of_variables

INT, BOOLEAN, JSONB = scalar("Int"), scalar("Boolean"), scalar("jsonb")
ORDER = Enum(name="order_by", values={"asc": EnumValue("asc"), "desc": EnumValue("desc")})
COLOR = Enum(name="colors_enum", values={"red": EnumValue("red")}, open=True)
ROW = InputObject(
    "row",
    lambda: [InputField(name="a", type=INT), InputField(name="c", type=COLOR), InputField(name="sub", type=ROW)],
    rows=True,
)
WHERE = InputObject("where", lambda: [InputField(name="id", type=INT), InputField(name="_or", type=ListOf(WHERE))])
ROWS = NonNull(ListOf(NonNull(ROW)))


def same(type_: Type, one: Any, other: Any) -> bool:
    used = {"v": type_}
    return of_variables({"v": one}, used) == of_variables({"v": other}, used)


@pytest.mark.parametrize(
    ("type_", "one", "other"),
    [
        (INT, 1, 2),
        (INT, 1, "text is refused later"),
        (JSONB, {"a": 1}, [True]),
        (COLOR, "red", "blue"),
        (ListOf(INT), [1], [1, 2, 3]),
        (ListOf(COLOR), ["red"], []),
        (WHERE, {"id": 1}, {"id": 2}),
        (ROWS, [{"a": 1}], [{"a": 2}, {"a": None}]),
        (ROWS, [{"a": 1, "c": "red"}], [{"a": 1, "c": None}]),
    ],
)
def test_scalars_and_the_number_of_rows_do_not_matter(type_: Type, one: Any, other: Any) -> None:
    assert same(type_, one, other)


@pytest.mark.parametrize(
    ("type_", "one", "other"),
    [
        (INT, 1, None),
        (BOOLEAN, True, False),
        (ORDER, "asc", "desc"),
        (WHERE, {"id": 1}, {}),
        (WHERE, {"id": 1}, {"id": None}),
        (WHERE, {"_or": [{"id": 1}]}, {"_or": [{"id": 1}, {"id": 1}]}),
        (WHERE, {"_or": [{"id": 1}]}, {"_or": {"id": 1}}),
        (ROWS, [{"a": 1}], [{"c": "red"}]),
        (ROWS, [{"a": 1}], [{"a": 1}, {}]),
        (ROWS, [{"a": 1}], {"a": 1}),
        (ROWS, [{"sub": {"a": 1}}], [{"sub": {"a": 1}}, {"sub": {"a": 1}}]),
        (ROWS, [{"a": 1}], [{"nope": 1}]),
        (ROWS, [{"a": 1}], [None]),
    ],
)
def test_what_changes_the_statement_matters(type_: Type, one: Any, other: Any) -> None:
    assert not same(type_, one, other)


def test_a_variable_no_plan_has_looked_at_yet_counts_whole() -> None:
    assert of_variables({"v": 1}, {}) != of_variables({"v": 2}, {})
    assert of_variables({"v": 1}, {}) != of_variables({"v": True}, {})
    assert of_variables({"v": [1, {"a": None}]}, {}) == of_variables({"v": [1, {"a": None}]}, {})
