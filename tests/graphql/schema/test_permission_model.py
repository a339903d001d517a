"""Random permission filters against the model: a role sees exactly the rows its filter is true for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.graphql.plan.model import FILL, ITEMS, PARTS, SCHEMA, Truth, conditions, conjunction, holds, tracked
from tests.graphql.served import Served

Row = dict[str, Any]
COLUMN_TESTS = {
    "_ceq": lambda left, right: left == right,
    "_cne": lambda left, right: left != right,
    "_cgt": lambda left, right: left > right,
    "_clte": lambda left, right: left <= right,
}
relaxed = settings(
    max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def served(cluster: Any) -> Iterator[Served]:
    with cluster.database() as dsn, Served(dsn) as served:
        served.sql(SCHEMA)
        served.track(*tracked())
        served.ask(FILL, {"items": ITEMS, "parts": PARTS})
        yield served


def visible(served: Served, condition: Row, session: dict[str, str]) -> list[int]:
    """The items that a role with this filter reads, counts and finds alike."""
    items, parts = tracked()
    permission = {"columns": ["id"], "filter": condition, "allow_aggregations": True}
    items["select_permissions"] = [{"role": "fuzz", "permission": permission}]
    assert served.track(items, parts) == []
    query = "{ items(order_by: {id: asc}) { id } items_aggregate { aggregate { count } } }"
    found = served.ask(query, role="fuzz", session=session)
    ids = [row["id"] for row in found["items"]]
    assert found["items_aggregate"]["aggregate"]["count"] == len(ids)
    return ids


def spelled_old(condition: Any) -> Any:
    """The same with `$` for `_`."""
    if isinstance(condition, dict):
        return {key.replace("_", "$", 1) if key[0] == "_" else key: spelled_old(v) for key, v in condition.items()}
    return [spelled_old(item) for item in condition] if isinstance(condition, list) else condition


@relaxed
@given(condition=conditions("parts", text=True), old=st.booleans())
def test_a_filter_lets_through_what_it_is_true_for(served: Served, condition: Row, old: bool) -> None:
    wanted = [row["id"] for row in ITEMS if holds(row, condition, None)]
    assert visible(served, spelled_old(condition) if old else condition, {}) == wanted


@relaxed
@given(
    operator=st.sampled_from(["_eq", "_neq", "_lt", "_gte"]),
    number=st.integers(-2, 3),
    listed=st.lists(st.integers(-2, 3), max_size=3),
    negated=st.booleans(),
)
def test_session_variables_are_values(
    served: Served, operator: str, number: int, listed: list[int], negated: bool
) -> None:
    among = "_nin" if negated else "_in"
    plain = {"_or": [{"n": {operator: number}}, {"id": {among: listed}}]}
    asked = {"_or": [{"n": {operator: "X-Hasura-N"}}, {"id": {among: "x-hasura-IDS"}}]}
    session = {"x-hasura-n": str(number), "x-hasura-ids": "{" + ",".join(map(str, listed)) + "}"}
    assert visible(served, asked, session) == [row["id"] for row in ITEMS if holds(row, plain, None)]


@relaxed
@given(
    operator=st.sampled_from(sorted(COLUMN_TESTS)),
    left=st.sampled_from(["id", "owner", "n"]),
    right=st.sampled_from(["id", "owner", "n"]),
    negated=st.booleans(),
)
def test_columns_are_compared_with_columns(served: Served, operator: str, left: str, right: str, negated: bool) -> None:
    condition: Row = {left: {operator: right}}
    found = visible(served, {"_not": condition} if negated else condition, {})
    wanted = [row["id"] for row in ITEMS if columns_hold(row, row, operator, left, right) is (not negated)]
    assert found == wanted


@relaxed
@given(
    operator=st.sampled_from(sorted(COLUMN_TESTS)),
    here=st.sampled_from(["id", "owner", "n"]),
    there=st.sampled_from(["id", "owner", "n"]),
    condition=conditions("whole", text=False),
    through=st.sampled_from(["exists", "relationship"]),
)
def test_rows_elsewhere_are_compared_with_the_row_itself(
    served: Served, operator: str, here: str, there: str, condition: Row, through: str
) -> None:
    inner = {"_and": [{there: {operator: ["$", here]}}, condition]}
    filter_ = {"parts": inner} if through == "relationship" else {"_exists": {"_table": "parts", "_where": inner}}

    def some(row: Row) -> bool:
        near = [part for part in PARTS if through == "exists" or part["item"] == row["id"]]
        return any(
            conjunction([columns_hold(part, row, operator, there, here), holds(part, condition, None)]) for part in near
        )

    assert visible(served, filter_, {}) == [row["id"] for row in ITEMS if some(row)]


def columns_hold(one: Row, other: Row, operator: str, left: str, right: str) -> Truth:
    if one[left] is None or other[right] is None:
        return None
    return COLUMN_TESTS[operator](one[left], other[right])
