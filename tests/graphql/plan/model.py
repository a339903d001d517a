"""Two related tables and SQL's three-valued logic over them in Python: what the engine must agree with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

MINE, OTHERS = 1, 2
NUMBERS, TEXTS = st.integers(-2, 3), st.sampled_from(["", "a", "ab", "%", "_", "'", '"', "\\", "é", "x-hasura-id"])

ITEMS: list[dict[str, Any]] = [
    {"id": i, "owner": MINE if i % 3 else OTHERS, "n": [None, -1, 0, 2][i % 4], "s": [None, "a", "ab", "'", "%"][i % 5]}
    for i in range(1, 13)
]
PARTS: list[dict[str, Any]] = [
    {"id": i, "item": i % 9 + 1, "owner": MINE if i % 2 else OTHERS, "n": [None, 0, 1][i % 3]} for i in range(1, 20)
]


SCHEMA = """
    CREATE TABLE items (id int PRIMARY KEY, owner int, n int, s text);
    CREATE TABLE parts (id int PRIMARY KEY, item int REFERENCES items, owner int, n int)
"""


def tracked() -> list[dict[str, Any]]:
    """Both tables for metadata: role `user` may select its own rows, related ones included."""
    mine = {"owner": {"_eq": "X-Hasura-User-Id"}}
    select = [{"role": "user", "permission": {"columns": "*", "filter": mine, "allow_aggregations": True}}]
    parts = {"foreign_key_constraint_on": {"table": "parts", "column": "item"}}
    whole = {"foreign_key_constraint_on": "item"}
    return [
        {
            "table": "items",
            "array_relationships": [{"name": "parts", "using": parts}],
            "select_permissions": select,
        },
        {
            "table": "parts",
            "object_relationships": [{"name": "whole", "using": whole}],
            "select_permissions": select,
        },
    ]


FILL = """mutation ($items: [items_insert_input!]!, $parts: [parts_insert_input!]!) {
    insert_items(objects: $items) { affected_rows }
    insert_parts(objects: $parts) { affected_rows }
}"""


def comparisons(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    single = st.dictionaries(st.sampled_from(["_eq", "_neq", "_lt", "_gte"]), values, max_size=2)
    listed = st.dictionaries(st.sampled_from(["_in", "_nin"]), st.lists(values, max_size=3), max_size=1)
    return st.one_of(single, listed, st.fixed_dictionaries({"_is_null": st.booleans()}))


def conditions(related: str, *, text: bool) -> st.SearchStrategy[dict[str, Any]]:
    plain = [st.fixed_dictionaries({name: comparisons(NUMBERS)}) for name in ("id", "n", "owner")]
    plain += [st.fixed_dictionaries({"s": comparisons(TEXTS)})] if text else []
    there = st.one_of(st.fixed_dictionaries({name: comparisons(NUMBERS)}) for name in ("id", "n"))
    leaf = st.one_of(st.just({}), *plain, st.fixed_dictionaries({related: st.one_of(st.just({}), there)}))
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.fixed_dictionaries({"_and": st.lists(inner, max_size=3)}),
            st.fixed_dictionaries({"_or": st.lists(inner, max_size=3)}),
            st.fixed_dictionaries({"_not": inner}),
            st.tuples(inner, inner).map(lambda pair: {**pair[0], **pair[1]}),
        ),
        max_leaves=8,
    )


Truth = bool | None
OPERATIONS: dict[str, Callable[[Any, Any], bool]] = {
    "_eq": lambda left, right: left == right,
    "_neq": lambda left, right: left != right,
    "_lt": lambda left, right: left < right,
    "_gte": lambda left, right: left >= right,
    "_in": lambda left, right: left in right,
    "_nin": lambda left, right: left not in right,
}


def conjunction(parts: list[Truth]) -> Truth:
    return False if False in parts else None if None in parts else True


def compare(value: Any, operator: str, operand: Any) -> Truth:
    if operator == "_is_null":
        return (value is None) == bool(operand)
    if operator in {"_in", "_nin"} and not operand:
        return operator == "_nin"
    return None if value is None else OPERATIONS[operator](value, operand)


def holds(row: dict[str, Any], condition: dict[str, Any], owner: int | None = MINE) -> Truth:
    """Related rows count that belong to `owner`; all of them for None, as in a permission."""
    return conjunction([entry(row, key, value, owner) for key, value in condition.items()])


def entry(row: dict[str, Any], key: str, value: Any, owner: int | None) -> Truth:
    match key:
        case "_and":
            return conjunction([holds(row, item, owner) for item in value])
        case "_or":
            parts = [holds(row, item, owner) for item in value]
            return True if True in parts else None if None in parts else False
        case "_not":
            inner = holds(row, value, owner)
            return None if inner is None else not inner
        case "parts":
            return any(part["item"] == row["id"] and seen(part, value, owner) for part in PARTS)
        case "whole":
            return any(item["id"] == row["item"] and seen(item, value, owner) for item in ITEMS)
        case _:
            return conjunction([compare(row[key], operator, operand) for operator, operand in value.items()])


def seen(row: dict[str, Any], condition: dict[str, Any], owner: int | None) -> bool:
    return owner in (None, row["owner"]) and bool(holds(row, condition, owner))
