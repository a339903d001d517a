from __future__ import annotations

from typing import Any

from nself.graphql.plan.operation import Plan
from nself.graphql.plans import Recent
from tests.graphql.served import Served, metadata


def plan(served: Served, query: str, variables: Any = None, *, role: str = "admin") -> Plan:
    found, _ = served.engine._loaded.plans.find(query, None, variables, role=role, backend=role == "admin")
    return found


def test_the_longest_unused_entry_goes_first() -> None:
    recent: Recent[str, int] = Recent(2, 100)
    recent.put("a", 1, 1)
    recent.put("b", 2, 1)
    assert recent.get("a") == 1
    recent.put("c", 3, 1)
    assert (recent.get("a"), recent.get("b"), recent.get("c")) == (1, None, 3)


def test_heavy_entries_leave_less_room() -> None:
    recent: Recent[str, int] = Recent(10, 100)
    for number, key in enumerate("abc"):
        recent.put(key, number, 40)
    assert [recent.get(key) for key in "abc"] == [None, 1, 2]
    recent.put("c", 3, 10)
    recent.put("d", 4, 50)
    assert [recent.get(key) for key in "bcd"] == [1, 3, 4]
    recent.put("e", 5, 101)
    assert len(recent) == 0


def test_values_that_no_plan_looks_at_do_not_fill_the_memory(reading: Served) -> None:
    query = "query ($unused: String) { genres { name } }"
    before = reading.engine.plan_counts()["plans"]
    for number in range(3):
        plan(reading, query, {"unused": f"{number}" * 1_000_000})
    assert reading.engine.plan_counts()["plans"] == before
    assert plan(reading, query, {"unused": "short"}) is plan(reading, query, {"unused": "short"})


def test_a_role_cannot_make_the_server_plan_without_end(reading: Served) -> None:
    query, many = "query ($w: authors_bool_exp) { authors(where: $w) { id } }", {"w": {"_or": [{"_and": []}] * 60_000}}
    session = {"role": "reader", "session": {"x-hasura-user-id": "1"}}
    assert reading.refused(query, many, **session).message.startswith("the variables hold too many objects")
    assert reading.ask(query, {"w": {"_or": [{"_and": []}] * 1000}}, **session)["authors"]


def test_a_warm_request_finds_the_same_plan(reading: Served) -> None:
    query = "query ($w: authors_bool_exp, $n: Int) { authors(where: $w, limit: $n) { id } }"
    first = plan(reading, query, {"w": {"id": {"_in": [1]}}, "n": 1})
    assert plan(reading, query, {"w": {"id": {"_in": [2, 3]}}, "n": 2}) is first
    assert plan(reading, query, {"w": {"id": {"_in": [1]}}, "n": None}) is not first
    assert plan(reading, query, {"w": {"id": {"_nin": [1]}}, "n": 1}) is not first
    assert plan(reading, query + " ", {"w": {"id": {"_in": [1]}}, "n": 1}) is not first
    assert plan(reading, query, {"w": {"id": {"_in": [1]}}, "n": 1}, role="reader") is not first


def test_bulk_inserts_of_any_length_are_one_plan(reading: Served) -> None:
    query = "mutation ($r: [genres_insert_input!]!) { insert_genres(objects: $r) { affected_rows } }"
    first = plan(reading, query, {"r": [{"name": "a"}]})
    assert plan(reading, query, {"r": [{"name": str(i)} for i in range(50)]}) is first
    assert plan(reading, query, {"r": [{"name": "a"}, {"about": "b"}]}) is not first


def test_a_plan_with_a_value_inside_is_not_kept(reading: Served) -> None:
    query = "query ($v: Int) { authors(where: {extra: {_contains: {level: $v}}}) { id } }"
    assert plan(reading, query, {"v": 3}) is not plan(reading, query, {"v": 3})
    assert reading.ask(query, {"v": 3}) == {"authors": [{"id": 1}]}
    assert reading.ask(query, {"v": 1}) == {"authors": [{"id": 2}]}


def test_loading_metadata_forgets_all_plans(library: Served) -> None:
    first = plan(library, "{ authors { id } }")
    assert plan(library, "{ authors { id } }") is first
    library.load(metadata())
    assert plan(library, "{ authors { id } }") is not first
