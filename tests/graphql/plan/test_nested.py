"""Trees of rows: order, keys, permissions and conflicts on every level; all of it or nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.graphql.served import Served

USER: dict[str, Any] = {"role": "user", "session": {"x-hasura-user-id": "7"}}


@pytest.fixture
def shop(empty: Served) -> Served:
    empty.sql(
        """CREATE TABLE makers (code text PRIMARY KEY, owner int DEFAULT 0);
        CREATE TABLE things (
            id serial PRIMARY KEY, maker text REFERENCES makers, label text UNIQUE, owner int DEFAULT 0);
        CREATE TABLE marks (thing int REFERENCES things, n int, owner int DEFAULT 0, PRIMARY KEY (thing, n));
        CREATE TABLE seals (thing int PRIMARY KEY REFERENCES things, wax text)"""
    )
    mine = {"owner": {"_eq": "X-Hasura-User-Id"}}
    every = {"columns": "*"}
    select = [{"role": "user", "permission": {**every, "filter": {}}}]

    def insert(columns: list[str], check: dict[str, Any]) -> list[dict[str, Any]]:
        own = {"owner": "X-Hasura-User-Id"}
        return [{"role": "user", "permission": {"columns": columns, "check": check, "set": own}}]

    assert (
        empty.track(
            {
                "table": "makers",
                "array_relationships": [{"name": "things", "using": foreign("things", "maker")}],
                "select_permissions": select,
                "insert_permissions": insert(["code"], mine),
            },
            {
                "table": "things",
                "object_relationships": [
                    {"name": "by", "using": {"foreign_key_constraint_on": "maker"}},
                    {"name": "seal", "using": foreign("seals", "thing")},
                ],
                "array_relationships": [{"name": "marks", "using": foreign("marks", "thing")}],
                "select_permissions": select,
                "insert_permissions": insert(["maker", "label"], mine),
            },
            {
                "table": "marks",
                "object_relationships": [{"name": "on", "using": {"foreign_key_constraint_on": "thing"}}],
                "select_permissions": select,
                "insert_permissions": insert(["thing", "n"], {"n": {"_gt": 0}, "on": {"label": {"_neq": "sacred"}}}),
            },
            "seals",
        )
        == []
    )
    return empty


def foreign(table: str, column: str) -> dict[str, Any]:
    return {"foreign_key_constraint_on": {"table": table, "column": column}}


INSERT = """mutation ($o: [makers_insert_input!]!) { insert_makers(objects: $o) { affected_rows
    returning { code owner things(order_by: {id: asc}) { label owner marks(order_by: {n: asc}) { n owner } } } } }"""


def maker(code: str, **things: list[int]) -> dict[str, Any]:
    return {
        "code": code,
        "things": {"data": [{"label": k, "marks": {"data": [{"n": n} for n in ns]}} for k, ns in things.items()]},
    }


def test_three_levels_are_inserted_and_counted_with_presets_on_each(shop: Served) -> None:
    answer = shop.ask(INSERT, {"o": [maker("a", x=[1, 2], y=[]), maker("b"), {"code": "c"}]}, **USER)["insert_makers"]
    assert answer["affected_rows"] == 3 + 2 + 2
    assert answer["returning"] == [
        {
            "code": "a",
            "owner": 7,
            "things": [
                {"label": "x", "owner": 7, "marks": [{"n": 1, "owner": 7}, {"n": 2, "owner": 7}]},
                {"label": "y", "owner": 7, "marks": []},
            ],
        },
        {"code": "b", "owner": 7, "things": []},
        {"code": "c", "owner": 7, "things": []},
    ]


@pytest.mark.parametrize("tree", [maker("a", x=[1, 0]), maker("a", x=[1], sacred=[1])])
def test_a_check_that_fails_deep_below_takes_everything_back(shop: Served, tree: dict[str, Any]) -> None:
    error = shop.refused(INSERT, {"o": [tree]}, **USER)
    assert error.code == "permission-error"
    assert error.path.startswith("$.selectionSet.insert_makers.args.objects[0].things.data[")
    assert shop.ask("{ makers { code } things { id } marks { n } }") == {"makers": [], "things": [], "marks": []}


def test_the_same_request_with_other_numbers_of_rows_is_planned_anew(shop: Served) -> None:
    for number, code in enumerate(["a", "b", "c"], 1):
        things = {f"{code}{i}": list(range(1, number + 1)) for i in range(number)}
        answer = shop.ask(INSERT, {"o": [maker(code, **things)]}, **USER)["insert_makers"]
        assert answer["affected_rows"] == 1 + number + number * number


def test_rows_on_both_sides_of_a_row(shop: Served) -> None:
    query = """mutation { insert_things_one(object: {label: "x", by: {data: {code: "m"}},
        seal: {data: {wax: "red"}}, marks: {data: {n: 1}}}) { label by { code } seal { wax } marks { n } } }"""
    assert shop.ask(query)["insert_things_one"] == {
        "label": "x",
        "by": {"code": "m"},
        "seal": {"wax": "red"},
        "marks": [{"n": 1}],
    }


def test_a_parent_that_is_there_already_can_be_met_by_an_upsert(shop: Served) -> None:
    shop.sql("INSERT INTO makers VALUES ('m', 1)")
    query = """mutation ($cols: [makers_update_column!]!) { insert_things_one(object: {label: "x", by: {
        data: {code: "m"}, on_conflict: {constraint: makers_pkey, update_columns: $cols}}}) { by { code owner } } }"""
    error = shop.refused(query, {"cols": []})
    assert error.message == (
        'cannot proceed to insert object relation "by" since insert to table "makers" affects zero rows'
    )
    assert shop.ask("{ things { id } }") == {"things": []}
    assert shop.ask(query, {"cols": ["code"]})["insert_things_one"] == {"by": {"code": "m", "owner": 1}}


def test_children_of_a_row_that_was_not_inserted_are_refused(shop: Served) -> None:
    shop.sql("INSERT INTO makers VALUES ('m', 1)")
    query = """mutation { insert_makers(objects: [{code: "m", things: {data: [{label: "x"}]}}],
        on_conflict: {constraint: makers_pkey, update_columns: []}) { affected_rows } }"""
    assert shop.refused(query).message == (
        'cannot proceed to insert array relations since insert to table "makers" affects zero rows'
    )
    childless = query.replace('[{label: "x"}]', "[]")
    assert shop.ask(childless) == {"insert_makers": {"affected_rows": 0}}


def test_a_relationship_to_a_table_the_role_may_not_fill_is_no_input(shop: Served) -> None:
    error = shop.refused('mutation { insert_things_one(object: {seal: {data: {wax: "w"}}}) { id } }', **USER)
    assert error.message == "field 'seal' not found in type: 'things_insert_input'"


def test_key_columns_of_any_name_are_carried_over(shop: Served) -> None:
    shop.sql("CREATE TABLE boxes (count int PRIMARY KEY, rows text)")
    shop.sql("CREATE TABLE lids (count int REFERENCES boxes, id serial PRIMARY KEY)")
    shop.track(
        {"table": "boxes", "array_relationships": [{"name": "lids", "using": foreign("lids", "count")}]},
        "lids",
    )
    query = """mutation { insert_boxes(objects: {count: 0, lids: {data: [{}, {}]}}) {
        affected_rows returning { count lids { count } } } }"""
    assert shop.ask(query)["insert_boxes"] == {
        "affected_rows": 3,
        "returning": [{"count": 0, "lids": [{"count": 0}, {"count": 0}]}],
    }
