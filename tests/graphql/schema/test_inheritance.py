"""Inherited roles on PostgreSQL: what is united, what is not, and that a hidden cell cannot be guessed at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from nself.graphql.metadata.model import Inconsistency
from tests.graphql.served import Served

SCHEMA = """
CREATE TABLE staff (id int PRIMARY KEY, name text NOT NULL, salary int, boss int, remark text);
CREATE TABLE note (id int PRIMARY KEY, staff_id int REFERENCES staff, secret bool, stars int);
INSERT INTO staff VALUES (1, 'Ann', 100, 9, 'r1'), (2, 'Bo', 300, 9, 'r2'), (3, 'Cy', 200, 8, 'r3');
INSERT INTO note VALUES (1, 1, true, 5), (2, 2, true, 5), (3, 2, false, 1);
CREATE FUNCTION yearly(s staff) RETURNS int STABLE LANGUAGE sql AS $$ SELECT s.salary * 12 $$;
CREATE FUNCTION raise(who int) RETURNS SETOF staff VOLATILE LANGUAGE sql
    AS $$ UPDATE staff SET salary = salary + 1 WHERE id = who RETURNING * $$;
"""


def select(role: str, columns: Any, filter_: Any, **more: Any) -> dict[str, Any]:
    return {"role": role, "permission": {"columns": columns, "filter": filter_, **more}}


OWN_ROW = {"id": "X-Hasura-User-Id"}
STAFF: dict[str, Any] = {
    "table": "staff",
    "computed_fields": [{"name": "yearly", "definition": {"function": "yearly"}}],
    "array_relationships": [
        {"name": "notes", "using": {"foreign_key_constraint_on": {"table": "note", "column": "staff_id"}}}
    ],
    "select_permissions": [
        select("self", ["id", "name", "salary"], OWN_ROW, computed_fields=["yearly"]),
        select("boss", ["name", "boss"], {"boss": "X-Hasura-Boss"}, allow_aggregations=True, limit=2),
        select("public", ["id", "name"], {}, query_root_fields=["select"]),
    ],
}
NOTE: dict[str, Any] = {
    "table": "note",
    "object_relationships": [{"name": "staff", "using": {"foreign_key_constraint_on": "staff_id"}}],
    "select_permissions": [
        select("self", ["id", "staff_id"], {"secret": False}, allow_aggregations=True),
        select("boss", ["id", "staff_id", "stars", "secret"], {"secret": True}, allow_aggregations=True),
    ],
}
ROLES = {"both": ["self", "boss"], "all": ["both", "public"]}
WHO = {"role": "both", "session": {"x-hasura-user-id": "1", "x-hasura-boss": "9"}}
"""Row 1 comes through both parents, row 2 through `boss` alone, row 3 through neither."""


def load(
    served: Served, *tables: dict[str, Any], roles: dict[str, list[str]] = ROLES, **source: Any
) -> list[Inconsistency]:
    listed = [{"role_name": role, "role_set": parents} for role, parents in roles.items()]
    sources = [{"name": "default", "kind": "postgres", "tables": list(tables), **source}]
    return served.load({"version": 3, "sources": sources, "inherited_roles": listed})


@pytest.fixture
def staff(empty: Served) -> Iterator[Served]:
    empty.sql(SCHEMA)
    assert load(empty, STAFF, NOTE) == []
    yield empty


def test_rows_are_united_and_a_cell_shows_where_a_parent_with_the_row_grants_it(staff: Served) -> None:
    assert staff.ask("{ staff(order_by: {name: asc}) { id name salary boss yearly } }", **WHO)["staff"] == [
        {"id": 1, "name": "Ann", "salary": 100, "boss": 9, "yearly": 1200},
        {"id": None, "name": "Bo", "salary": None, "boss": 9, "yearly": None},
    ]
    assert "'remark' not found" in staff.refused("{ staff { remark } }", **WHO).message


def test_a_column_that_hides_in_some_rows_is_nullable(staff: Served) -> None:
    kinds = '{ __type(name: "staff") { fields { name type { kind } } } }'
    found = {one["name"]: one["type"]["kind"] for one in staff.ask(kinds, **WHO)["__type"]["fields"]}
    assert (found["id"], found["name"]) == ("SCALAR", "NON_NULL")


@pytest.mark.parametrize(
    "where",
    [
        "{salary: {_gt: 200}}",
        "{salary: {_eq: 300}}",
        "{salary: {_in: [300]}}",
        '{salary: {_is_null: false}, name: {_eq: "Bo"}}',
        "{_not: {salary: {_lt: 300}}}",
        "{_or: [{salary: {_neq: 100}}]}",
        "{yearly: {_gt: 2000}}",
        "{id: {_eq: 2}}",
    ],
)
def test_a_filter_does_not_find_what_a_cell_hides(staff: Served, where: str) -> None:
    assert staff.ask(f"{{ staff(where: {where}) {{ name }} }}", **WHO) == {"staff": []}


def test_a_filter_finds_what_shows(staff: Served) -> None:
    assert staff.ask("{ staff(where: {salary: {_lte: 100}, yearly: {_gt: 1}}) { name } }", **WHO) == {
        "staff": [{"name": "Ann"}]
    }


@pytest.mark.parametrize("column", ["salary", "id", "yearly"])
def test_an_order_treats_a_hidden_cell_as_null(staff: Served, column: str) -> None:
    for direction, names in {"desc_nulls_last": ["Ann", "Bo"], "asc_nulls_first": ["Bo", "Ann"]}.items():
        found = staff.ask(f"{{ staff(order_by: {{{column}: {direction}}}) {{ name }} }}", **WHO)["staff"]
        assert [row["name"] for row in found] == names


def test_distinct_rows_are_told_apart_by_what_shows(staff: Served) -> None:
    staff.sql("INSERT INTO staff VALUES (4, 'Di', 400, 9)")
    query = "{ staff(distinct_on: salary, order_by: [{salary: asc}, {name: asc}]) { name salary } }"
    assert staff.ask(query, **WHO)["staff"] == [{"name": "Ann", "salary": 100}, {"name": "Bo", "salary": None}]


def test_aggregates_know_only_what_shows(staff: Served) -> None:
    query = """{ staff_aggregate { aggregate {
        count salaries: count(columns: salary) both: count(columns: [salary, name])
        distinct: count(columns: [salary], distinct: true) sum { salary yearly } max { salary id yearly } } } }"""
    assert staff.ask(query, **WHO)["staff_aggregate"]["aggregate"] == {
        "count": 2,
        "salaries": 1,
        "both": 1,
        "distinct": 1,
        "sum": {"salary": 100, "yearly": 1200},
        "max": {"salary": 100, "id": 1, "yearly": 1200},
    }


def test_a_key_does_not_find_a_row_that_hides_it(staff: Served) -> None:
    assert staff.ask("{ staff_by_pk(id: 1) { name } }", **WHO) == {"staff_by_pk": {"name": "Ann"}}
    assert staff.ask("{ staff_by_pk(id: 2) { name } }", **WHO) == {"staff_by_pk": None}


def test_related_rows_hide_the_same_cells(staff: Served) -> None:
    rows = "{ staff(order_by: {name: asc}) { notes(order_by: {id: asc}) { id stars } } }"
    assert staff.ask(rows, **WHO)["staff"] == [
        {"notes": [{"id": 1, "stars": 5}]},
        {"notes": [{"id": 2, "stars": 5}, {"id": 3, "stars": None}]},
    ]
    hidden = "{ staff(where: {notes: {stars: {_eq: 1}}}) { name } }"
    assert staff.ask(hidden, **WHO) == {"staff": []}
    ordered = "{ staff(order_by: [{notes_aggregate: {min: {stars: desc}}}, {name: desc}]) { name } }"
    assert [row["name"] for row in staff.ask(ordered, **WHO)["staff"]] == ["Bo", "Ann"]
    counted = "{ staff(where: {notes_aggregate: {count: {arguments: stars, predicate: {_eq: 1}}}}) { name } }"
    assert len(staff.ask(counted, **WHO)["staff"]) == 2
    flags = "{ staff(where: {notes_aggregate: {bool_and: {arguments: secret, predicate: {_eq: true}}}}) { name } }"
    assert len(staff.ask(flags, **WHO)["staff"]) == 2
    order = "{ note(order_by: [{staff: {salary: asc_nulls_first}}, {id: asc}]) { id } }"
    assert [row["id"] for row in staff.ask(order, **WHO)["note"]] == [2, 3, 1]


def test_limits_aggregates_and_root_fields_are_those_of_the_most_generous(staff: Served) -> None:
    staff.sql("INSERT INTO staff SELECT n, 'N' || n, 1, 9 FROM generate_series(10, 15) AS n")
    assert len(staff.ask("{ staff { name } }", role="boss", session=WHO["session"])["staff"]) == 2
    # `self` has no limit.
    assert len(staff.ask("{ staff { name } }", **WHO)["staff"]) == 8
    assert (
        "'staff_aggregate' not found" in staff.refused("{ staff_aggregate { nodes { name } } }", role="public").message
    )
    everyone = {**WHO, "role": "all"}
    assert staff.ask("{ staff_aggregate { aggregate { count } } staff_by_pk(id: 3) { name } }", **everyone) == {
        "staff_aggregate": {"aggregate": {"count": 9}},
        "staff_by_pk": {"name": "Cy"},
    }


def test_the_greatest_limit_counts_when_every_parent_has_one(staff: Served) -> None:
    permissions = [select("a", ["name"], {}, limit=1), select("b", ["name"], {}, limit=2)]
    load(staff, {"table": "staff", "select_permissions": permissions}, roles={"ab": ["a", "b"]})
    assert len(staff.ask("{ staff { name } }", role="ab")["staff"]) == 2


def test_what_is_inherited_twice_keeps_its_conditions(staff: Served) -> None:
    everyone = {**WHO, "role": "all"}
    rows = staff.ask("{ staff(order_by: {id: asc}) { id name salary boss } }", **everyone)["staff"]
    assert rows == [
        {"id": 1, "name": "Ann", "salary": 100, "boss": 9},
        {"id": 2, "name": "Bo", "salary": None, "boss": 9},
        {"id": 3, "name": "Cy", "salary": None, "boss": None},
    ]
    assert staff.ask("{ staff(where: {salary: {_gt: 150}}) { id } }", **everyone) == {"staff": []}


def test_a_condition_of_any_parent_needs_its_session_variables(staff: Served) -> None:
    error = staff.refused("{ staff { name } }", role="both", session={"x-hasura-user-id": "1"})
    assert (error.code, error.message) == ("not-found", 'missing session variable: "x-hasura-boss"')


def test_an_own_permission_replaces_what_would_be_inherited(staff: Served) -> None:
    own = select("both", ["remark"], {"id": 3})
    load(staff, {**STAFF, "select_permissions": [*STAFF["select_permissions"], own]}, NOTE)
    assert staff.ask("{ staff { remark } }", **WHO) == {"staff": [{"remark": "r3"}]}
    assert "'name' not found" in staff.refused("{ staff { name } }", **WHO).message


def test_an_own_permission_that_cannot_be_does_not_fall_back(staff: Served) -> None:
    own = select("both", ["remark"], {"nothing": 3})
    (problem,) = load(staff, {**STAFF, "select_permissions": [*STAFF["select_permissions"], own]}, NOTE)
    assert problem.kind == "select_permission"
    assert "'staff' not found" in staff.refused("{ staff { name } }", **WHO).message


def changes(role: str, **permission: Any) -> dict[str, Any]:
    return {"role": role, "permission": permission}


def changing(**permissions: Any) -> dict[str, Any]:
    return {**STAFF, **{f"{kind}_permissions": listed for kind, listed in permissions.items()}}


def test_changes_are_inherited_from_one_parent_or_from_equal_ones(staff: Served) -> None:
    mine = {"columns": ["remark"], "filter": {"id": {"_eq": "X-Hasura-User-Id"}}}
    table = changing(
        update=[changes("self", **mine), changes("boss", **mine)],
        delete=[changes("boss", filter={"boss": 9})],
    )
    assert load(staff, table, NOTE) == []
    update = 'mutation { update_staff(where: {}, _set: {remark: "x"}) { affected_rows } }'
    assert staff.ask(update, **WHO) == {"update_staff": {"affected_rows": 1}}
    # Inherited by inheriting, too; and the filter of the request sees no hidden cell.
    everyone = {**WHO, "role": "all"}
    hidden = "mutation { delete_staff(where: {salary: {_eq: 300}}) { affected_rows } }"
    assert staff.ask(hidden, **everyone) == {"delete_staff": {"affected_rows": 0}}
    by_key = "mutation { delete_staff_by_pk(id: 2) { name } }"
    assert staff.ask(by_key, **WHO) == {"delete_staff_by_pk": None}
    staff.sql("DELETE FROM note")
    seen = 'mutation { delete_staff(where: {name: {_eq: "Bo"}}) { affected_rows returning { name salary } } }'
    assert staff.ask(seen, **WHO) == {
        "delete_staff": {"affected_rows": 1, "returning": [{"name": "Bo", "salary": None}]}
    }


def test_returning_hides_cells_by_the_rows_as_they_are_now(staff: Served) -> None:
    table = changing(update=[changes("boss", columns=["boss", "salary"], filter={})])
    load(staff, table, NOTE)
    update = 'mutation { update_staff(where: {name: {_like: "%"}}, _set: {salary: 7}) { returning { name salary } } }'
    found = staff.ask(update, **WHO)["update_staff"]["returning"]
    assert sorted(found, key=lambda row: str(row["name"])) == [
        {"name": "Ann", "salary": 7},
        {"name": "Bo", "salary": None},
        {"name": "Cy", "salary": None},
    ]


def test_changes_that_parents_disagree_on_are_left_out_and_reported(staff: Served) -> None:
    table = changing(
        update=[changes("self", columns=["remark"], filter={}), changes("boss", columns=["salary"], filter={})]
    )
    (problem,) = load(staff, table, NOTE, roles={"both": ["self", "boss"]})
    assert problem.kind == "inherited role permission inconsistency"
    assert problem.reason == (
        "Could not inherit permission for the role 'both' for the entity: "
        "'update permission, table: staff, source: default'"
    )
    error = staff.refused('mutation { update_staff(where: {}, _set: {remark: "x"}) { affected_rows } }', **WHO)
    assert error.message == "no mutations exist"
    own = changing(update=[*table["update_permissions"], changes("both", columns=["remark"], filter={})])
    assert load(staff, own, NOTE, roles={"both": ["self", "boss"]}) == []


def test_functions_are_inherited_from_any_parent(staff: Served) -> None:
    functions = [{"function": "raise", "permissions": [{"role": "boss"}]}]
    assert load(staff, STAFF, NOTE, functions=functions) == []
    call = "mutation { raise(args: {who: 2}) { name salary } }"
    for role in ("both", "all"):
        assert staff.ask(call, **{**WHO, "role": role}) == {"raise": [{"name": "Bo", "salary": None}]}
    assert staff.refused(call, role="self", session=WHO["session"]).message == "no mutations exist"


def test_a_parent_that_nobody_knows_grants_nothing(staff: Served) -> None:
    assert load(staff, STAFF, NOTE, roles={"odd": ["self", "nobody"]}) == []
    rows = staff.ask("{ staff { id } }", role="odd", session=WHO["session"])
    assert rows == {"staff": [{"id": 1}]}


def test_equal_parents_hide_nothing_and_cost_nothing(staff: Served) -> None:
    permissions = [select("a", ["id", "name"], OWN_ROW), select("b", ["id", "name"], OWN_ROW)]
    load(staff, {"table": "staff", "select_permissions": permissions}, roles={"ab": ["a", "b"]})
    (root, *_) = staff.engine.schema("ab").visible()
    assert (root.select.masks, len(root.select.columns)) == ({}, 2)
