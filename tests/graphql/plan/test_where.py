"""Random conditions against a model of SQL's three-valued logic in Python: never an error, never another's row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.graphql.plan.model import FILL, ITEMS, MINE, PARTS, SCHEMA, conditions, holds, tracked
from tests.graphql.served import Served


@pytest.fixture(scope="module")
def items(cluster: Any) -> Iterator[Served]:
    with cluster.database() as dsn, Served(dsn) as served:
        served.sql(SCHEMA)
        served.track(*tracked())
        served.ask(FILL, {"items": ITEMS, "parts": PARTS})
        yield served


ORDERS = st.lists(
    st.one_of(
        st.fixed_dictionaries({"n": st.sampled_from(["asc", "desc", "asc_nulls_first", "desc_nulls_last"])}),
        st.just({"parts_aggregate": {"count": "desc", "max": {"n": "asc"}}}),
        st.just({"s": "asc"}),
    ),
    max_size=3,
)
relaxed = settings(
    max_examples=120, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@relaxed
@given(condition=conditions("parts", text=True), order=ORDERS)
def test_any_condition_selects_what_the_model_selects_among_the_roles_rows(
    items: Served, condition: dict[str, Any], order: list[Any]
) -> None:
    query = "query ($w: items_bool_exp, $o: [items_order_by!]) { items(where: $w, order_by: $o) { id } }"
    variables = {"w": condition, "o": [*order, {"id": "asc"}]}
    found = items.ask(query, variables, role="user", session={"x-hasura-user-id": str(MINE)})["items"]
    wanted = [row["id"] for row in ITEMS if row["owner"] == MINE and holds(row, condition)]
    assert sorted(row["id"] for row in found) == wanted


@relaxed
@given(condition=conditions("whole", text=False))
def test_counting_tells_no_more_than_selecting(items: Served, condition: dict[str, Any]) -> None:
    query = """query ($w: parts_bool_exp) {
        parts_aggregate(where: $w) { aggregate { count } nodes { id whole { owner } } } }"""
    found = items.ask(query, {"w": condition}, role="user", session={"x-hasura-user-id": str(MINE)})["parts_aggregate"]
    wanted = [row["id"] for row in PARTS if row["owner"] == MINE and holds(row, condition)]
    assert sorted(row["id"] for row in found["nodes"]) == wanted
    assert found["aggregate"]["count"] == len(wanted)
    assert {node["whole"]["owner"] for node in found["nodes"] if node["whole"]} <= {MINE}
