"""Whole queries and changes against a model in Python: order, limits, distinct rows, aggregates, nested lists."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import cmp_to_key
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.graphql.plan.model import FILL, ITEMS, MINE, OTHERS, PARTS, SCHEMA, conditions, holds, tracked
from tests.graphql.served import Served

Row = dict[str, Any]
USER = {"role": "user", "session": {"x-hasura-user-id": str(MINE)}}
LIMIT = 4
"""Of the role `few`."""

DIRECTIONS = st.sampled_from(
    ["asc", "desc", "asc_nulls_first", "asc_nulls_last", "desc_nulls_first", "desc_nulls_last"]
)
relaxed = settings(
    max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def model(cluster: Any) -> Iterator[Served]:
    with cluster.database() as dsn, Served(dsn) as served:
        served.sql(SCHEMA)
        items, parts = tracked()
        few = {"columns": ["id", "n", "s"], "filter": {}, "limit": LIMIT, "allow_aggregations": True}
        items["select_permissions"] = [*items["select_permissions"], {"role": "few", "permission": few}]
        own = {"owner": "X-Hasura-User-Id"}
        items["update_permissions"] = [
            {"role": "user", "permission": {"columns": ["n", "s"], "filter": own, "check": {"n": {"_neq": 3}}}}
        ]
        parts["delete_permissions"] = [{"role": "user", "permission": {"filter": {"whole": own}}}]
        assert served.track(items, parts) == []
        served.ask(FILL, {"items": ITEMS, "parts": PARTS})
        yield served


def keys(*, related: bool) -> st.SearchStrategy[list[Row]]:
    """An `order_by` in which every row has its own place."""
    own = st.one_of(*(st.fixed_dictionaries({name: DIRECTIONS}) for name in ("n", "s", "owner")))
    count = st.fixed_dictionaries({"parts_aggregate": st.fixed_dictionaries({"count": DIRECTIONS})})
    sums = st.fixed_dictionaries(
        {"parts_aggregate": st.fixed_dictionaries({"sum": st.fixed_dictionaries({"n": DIRECTIONS})})}
    )
    choice = st.one_of(own, count, sums) if related else own
    return st.lists(choice, max_size=3).map(lambda found: [*found, {"id": "asc"}])


def ordered(rows: list[Row], order: list[Row]) -> list[Row]:
    return sorted(rows, key=cmp_to_key(lambda one, other: compared(one, other, order)))


def compared(one: Row, other: Row, order: list[Row]) -> int:
    for key in order:
        ((name, wanted),) = key.items()
        if name == "parts_aggregate":
            ((function, wanted),) = wanted.items()
            left, right = (aggregated_parts(row, function) for row in (one, other))
            wanted = wanted["n"] if function == "sum" else wanted
        else:
            left, right = one[name], other[name]
        found = placed(left, right, wanted)
        if found:
            return found
    return 0


def aggregated_parts(row: Row, function: str) -> int | None:
    parts = [part for part in PARTS if part["item"] == row["id"] and part["owner"] == MINE]
    if function == "count":
        return len(parts)
    numbers = [part["n"] for part in parts if part["n"] is not None]
    return sum(numbers) if numbers else None


def placed(left: Any, right: Any, direction: str) -> int:
    """Nulls are last ascending and first descending, unless it is said."""
    nulls_first = direction.endswith("first") or direction == "desc"
    if left is None or right is None:
        if left is None and right is None:
            return 0
        return (-1 if left is None else 1) * (1 if nulls_first else -1)
    natural = (left > right) - (left < right)
    return -natural if direction.startswith("desc") else natural


def cut(rows: list[Row], limit: int | None, offset: int | None) -> list[Row]:
    start = offset or 0
    return rows[start : None if limit is None else start + limit]


def mine(rows: list[Row], condition: Row) -> list[Row]:
    return [row for row in rows if row["owner"] == MINE and holds(row, condition)]


AMOUNT = st.one_of(st.none(), st.integers(0, 6))


@relaxed
@given(condition=conditions("parts", text=True), order=keys(related=True), limit=AMOUNT, offset=AMOUNT)
def test_rows_come_in_order_and_within_limits(
    model: Served, condition: Row, order: list[Row], limit: int | None, offset: int | None
) -> None:
    query = """query ($w: items_bool_exp, $o: [items_order_by!], $l: Int, $f: Int) {
        items(where: $w, order_by: $o, limit: $l, offset: $f) { id n s } }"""
    found = model.ask(query, {"w": condition, "o": order, "l": limit, "f": offset}, **USER)["items"]
    wanted = cut(ordered(mine(ITEMS, condition), order), limit, offset)
    assert found == [{"id": row["id"], "n": row["n"], "s": row["s"]} for row in wanted]


@relaxed
@given(order=keys(related=False), limit=AMOUNT, offset=AMOUNT)
def test_a_roles_limit_holds_under_any_other(
    model: Served, order: list[Row], limit: int | None, offset: int | None
) -> None:
    order = [key for key in order if "owner" not in key]
    query = """query ($o: [items_order_by!], $l: Int, $f: Int) {
        items(order_by: $o, limit: $l, offset: $f) { id }
        items_aggregate(order_by: $o, limit: $l, offset: $f) { aggregate { count sum { n } } nodes { id } } }"""
    found = model.ask(query, {"o": order, "l": limit, "f": offset}, role="few")
    chosen = cut(ordered(ITEMS, order), limit, offset)
    ids = [{"id": row["id"]} for row in chosen[:LIMIT]]
    assert found["items"] == ids
    assert found["items_aggregate"]["nodes"] == ids
    assert found["items_aggregate"]["aggregate"] == {"count": len(chosen), "sum": {"n": total(chosen)}}


def total(rows: list[Row]) -> int | None:
    numbers = [row["n"] for row in rows if row["n"] is not None]
    return sum(numbers) if numbers else None


@relaxed
@given(condition=conditions("parts", text=True), limit=AMOUNT, offset=AMOUNT)
def test_aggregates_are_those_of_the_chosen_rows(
    model: Served, condition: Row, limit: int | None, offset: int | None
) -> None:
    query = """query ($w: items_bool_exp, $l: Int, $f: Int) {
        items_aggregate(where: $w, limit: $l, offset: $f, order_by: {id: asc}) { aggregate {
            count some: count(columns: [n]) kinds: count(columns: [n, s], distinct: true)
            sum { n } avg { n } min { n s } max { n s } } } }"""
    variables = {"w": condition, "l": limit, "f": offset}
    found = model.ask(query, variables, **USER)["items_aggregate"]["aggregate"]
    rows = cut(mine(ITEMS, condition), limit, offset)
    numbers = [row["n"] for row in rows if row["n"] is not None]
    texts = [row["s"] for row in rows if row["s"] is not None]
    pairs = {(row["n"], row["s"]) for row in rows if row["n"] is not None and row["s"] is not None}
    assert (found["count"], found["some"], found["kinds"]) == (len(rows), len(numbers), len(pairs))
    assert found["sum"]["n"] == total(rows)
    for function, chosen in (("min", min), ("max", max)):
        assert found[function] == {
            "n": chosen(numbers, default=None),
            "s": chosen(texts, default=None),
        }
    average = found["avg"]["n"]
    if numbers:
        assert abs(Decimal(str(average)) - Decimal(sum(numbers)) / len(numbers)) < Decimal("0.0001")
    else:
        assert average is None


@relaxed
@given(condition=conditions("parts", text=True), columns=st.sets(st.sampled_from(["n", "s"]), min_size=1))
def test_distinct_rows_are_the_first_of_their_kind(model: Served, condition: Row, columns: set[str]) -> None:
    names = sorted(columns)
    order = [{name: "desc"} for name in names] + [{"id": "desc"}]
    query = """query ($w: items_bool_exp, $o: [items_order_by!], $d: [items_select_column!]) {
        items(where: $w, order_by: $o, distinct_on: $d) { id } }"""
    found = model.ask(query, {"w": condition, "o": order, "d": names}, **USER)["items"]
    wanted: dict[tuple[Any, ...], int] = {}
    for row in ordered(mine(ITEMS, condition), order):
        wanted.setdefault(tuple(row[name] for name in names), row["id"])
    assert [row["id"] for row in found] == list(wanted.values())


@relaxed
@given(outer=conditions("parts", text=True), inner=conditions("whole", text=False), limit=AMOUNT, offset=AMOUNT)
def test_nested_lists_have_their_own_arguments(
    model: Served, outer: Row, inner: Row, limit: int | None, offset: int | None
) -> None:
    query = """query ($w: items_bool_exp, $i: parts_bool_exp, $l: Int, $f: Int) {
        items(where: $w, order_by: {id: desc}, limit: $l) {
            id
            parts(where: $i, order_by: {id: asc}, limit: $l, offset: $f) { id whole { id } }
            parts_aggregate(where: $i) { aggregate { count max { n } } } } }"""
    found = model.ask(query, {"w": outer, "i": inner, "l": limit, "f": offset}, **USER)["items"]
    rows = cut(list(reversed(mine(ITEMS, outer))), limit, None)
    assert [row["id"] for row in found] == [row["id"] for row in rows]
    for row, shown in zip(rows, found, strict=True):
        parts = [part for part in mine(PARTS, inner) if part["item"] == row["id"]]
        expected = [{"id": part["id"], "whole": {"id": row["id"]}} for part in cut(parts, limit, offset)]
        assert shown["parts"] == expected
        numbers = [part["n"] for part in parts if part["n"] is not None]
        aggregate = {"count": len(parts), "max": {"n": max(numbers, default=None)}}
        assert shown["parts_aggregate"]["aggregate"] == aggregate


@relaxed
@given(
    condition=conditions("whole", text=False),
    operator=st.sampled_from(["_eq", "_gt", "_lte"]),
    amount=st.integers(0, 3),
    distinct=st.booleans(),
)
def test_rows_are_chosen_by_how_many_they_are_related_to(
    model: Served, condition: Row, operator: str, amount: int, distinct: bool
) -> None:
    counted = {"predicate": {operator: amount}, "filter": condition, "arguments": ["n"], "distinct": distinct}
    query = "query ($w: items_bool_exp) { items(where: $w, order_by: {id: asc}) { id } }"
    found = model.ask(query, {"w": {"parts_aggregate": {"count": counted}}}, **USER)["items"]
    tests = {"_eq": int.__eq__, "_gt": int.__gt__, "_lte": int.__le__}
    wanted = []
    for row in mine(ITEMS, {}):
        numbers = [part["n"] for part in mine(PARTS, condition) if part["item"] == row["id"] and part["n"] is not None]
        if tests[operator](len(set(numbers) if distinct else numbers), amount):
            wanted.append({"id": row["id"]})
    assert found == wanted


@relaxed
@given(condition=conditions("parts", text=True), step=st.integers(-1, 3))
def test_an_update_reaches_the_roles_rows_and_no_others(model: Served, condition: Row, step: int) -> None:
    """Each change is put back by the administrator afterwards."""
    mutation = """mutation ($w: items_bool_exp!, $n: Int) {
        update_items(where: $w, _inc: {n: $n}) { affected_rows returning { id n } } }"""
    rows = mine(ITEMS, condition)
    changed = {row["id"]: None if row["n"] is None else row["n"] + step for row in rows}
    if any(number is None or number == 3 for number in changed.values()):
        error = model.refused(mutation, {"w": condition, "n": step}, **USER)
        assert error.code == "permission-error"
        changed = {}
    else:
        found = model.ask(mutation, {"w": condition, "n": step}, **USER)["update_items"]
        assert found["affected_rows"] == len(rows)
        assert {row["id"]: row["n"] for row in found["returning"]} == changed
    now = model.ask("{ items(order_by: {id: asc}) { id owner n s } }")["items"]
    assert now == [{**row, "n": changed.get(row["id"], row["n"])} for row in ITEMS]
    back = "mutation ($id: Int!, $n: Int) { update_items_by_pk(pk_columns: {id: $id}, _set: {n: $n}) { id } }"
    for row in ITEMS:
        if row["id"] in changed:
            model.ask(back, {"id": row["id"], "n": row["n"]})


@relaxed
@given(condition=conditions("whole", text=False))
def test_a_delete_reaches_the_roles_rows_and_no_others(model: Served, condition: Row) -> None:
    mutation = "mutation ($w: parts_bool_exp!) { delete_parts(where: $w) { returning { id } } }"
    found = model.ask(mutation, {"w": condition}, **USER)["delete_parts"]["returning"]
    owners = {row["id"]: row["owner"] for row in ITEMS}
    gone = [part for part in PARTS if owners[part["item"]] == MINE and holds(part, condition)]
    assert sorted(row["id"] for row in found) == [part["id"] for part in gone]
    left = model.ask("{ parts { id owner } }")["parts"]
    assert len(left) == len(PARTS) - len(gone)
    assert any(part["owner"] == OTHERS for part in left)
    model.ask("mutation ($p: [parts_insert_input!]!) { insert_parts(objects: $p) { affected_rows } }", {"p": gone})
