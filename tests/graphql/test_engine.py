"""What requests may do to the engine, and the engine to the database."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from nself.graphql.engine import Engine, Request
from nself.graphql.errors import ApiError
from nself.graphql.metadata import parse
from nself.graphql.sessions.session import Session
from nself.graphql.sql.statement import CHANGED_BEHIND
from tests.cluster import Cluster
from tests.graphql.served import Served, metadata

ADMIN = Session(role="admin")


def test_a_failing_field_takes_back_the_whole_mutation(library: Served) -> None:
    error = library.refused(
        """mutation { first: insert_authors_one(object: {name: "New"}) { id }
            second: insert_books_one(object: {title: "x", author_id: 77}) { id } }"""
    )
    assert error.code == "constraint-violation"
    assert error.path == "$.selectionSet.second.args.object"
    assert error.message.startswith("Foreign key violation. insert or update on table")
    assert library.ask('{ authors(where: {name: {_eq: "New"}}) { id } }') == {"authors": []}


def test_a_failed_check_takes_back_the_insert(library: Served) -> None:
    session = {"x-hasura-user-id": "1", "x-hasura-email": "e"}
    error = library.refused(
        'mutation { insert_authors_one(object: {name: "Nemo"}) { id } }', role="writer", session=session
    )
    assert (error.code, error.path) == ("permission-error", "$.selectionSet.insert_authors_one.args.object")
    assert error.message == "check constraint of an insert/update permission has failed"
    assert library.ask('{ authors(where: {name: {_eq: "Nemo"}}) { id } }') == {"authors": []}


def test_an_update_check_and_filter_hold(library: Served) -> None:
    query = "mutation ($p: numeric!) { update_books(where: {}, _set: {price: $p}) { affected_rows } }"
    session = {"x-hasura-user-id": "1"}
    assert library.refused(query, {"p": 100}, role="writer", session=session).code == "permission-error"
    assert library.ask(query, {"p": 99}, role="writer", session=session)["update_books"] == {"affected_rows": 2}
    assert library.ask("{ books(where: {price: {_eq: 99}}) { author_id } }")["books"] == [{"author_id": 1}] * 2


def test_an_upsert_checks_updated_rows_by_the_update_permission(empty: Served) -> None:
    empty.sql("CREATE TABLE notes (id int PRIMARY KEY, owner int, body text)")
    empty.sql("INSERT INTO notes VALUES (1, 1, 'a'), (2, 2, 'b')")
    mine = {"owner": {"_eq": "X-Hasura-User-Id"}}
    every = {"columns": "*"}
    empty.track(
        {
            "table": "notes",
            "select_permissions": [{"role": "user", "permission": {**every, "filter": {}}}],
            "insert_permissions": [{"role": "user", "permission": {**every, "check": mine}}],
            "update_permissions": [
                {"role": "user", "permission": {"columns": ["body"], "filter": mine, "check": {"body": {"_neq": "no"}}}}
            ],
        }
    )
    query = """mutation ($id: Int!, $body: String!) { insert_notes_one(object: {id: $id, owner: 1, body: $body},
        on_conflict: {constraint: notes_pkey, update_columns: [body]}) { id body } }"""
    session: dict[str, Any] = {"role": "user", "session": {"x-hasura-user-id": "1"}}
    assert empty.ask(query, {"id": 1, "body": "new"}, **session)["insert_notes_one"] == {"id": 1, "body": "new"}
    assert empty.ask(query, {"id": 2, "body": "mine now"}, **session) == {"insert_notes_one": None}
    assert empty.refused(query, {"id": 1, "body": "no"}, **session).code == "permission-error"
    assert empty.ask(query, {"id": 3, "body": "no"}, **session)["insert_notes_one"] == {"id": 3, "body": "no"}
    assert empty.ask("{ notes(order_by: {id: asc}) { owner body } }")["notes"] == [
        {"owner": 1, "body": "new"},
        {"owner": 2, "body": "b"},
        {"owner": 1, "body": "no"},
    ]


def test_one_plan_serves_other_values_and_other_numbers_of_rows(library: Served) -> None:
    query = "mutation ($r: [genres_insert_input!]!) { insert_genres(objects: $r) { returning { name } } }"
    for names in (["a"], ["b", "c"], ["d", "e", "f"]):
        rows = [{"name": name, "about": None} for name in names]
        assert library.ask(query, {"r": rows}) == {"insert_genres": {"returning": [{"name": name} for name in names]}}
    assert library.ask(query, {"r": {"name": "g", "about": "alone"}})["insert_genres"]["returning"] == [{"name": "g"}]
    assert library.ask(query, {"r": [{"name": "h"}, {"name": "i", "about": "x"}]})["insert_genres"]["returning"] == [
        {"name": "h"},
        {"name": "i"},
    ]


def test_a_kept_plan_still_checks_the_values(reading: Served) -> None:
    query = "query ($n: Int, $ids: [Int!]) { authors(limit: $n, where: {id: {_in: $ids}}) { id } }"
    assert len(reading.ask(query, {"n": 1, "ids": [1, 2]})["authors"]) == 1
    assert reading.refused(query, {"n": -1, "ids": [1]}).path == "$.selectionSet.authors.args.limit"
    assert reading.refused(query, {"n": "1", "ids": [1]}).message.endswith("but found a string")
    assert reading.refused(query, {"n": 1, "ids": [1, None]}).path == "$.selectionSet.authors.args.where.id._in[1]"
    assert reading.refused(query, {"n": 1, "ids": [{}]}).message == (
        "expected a 32-bit integer for type 'Int', but found an object"
    )
    assert len(reading.ask(query, {"n": None, "ids": 2})["authors"]) == 1


def test_roles_do_not_share_plans(reading: Served) -> None:
    query = "{ authors { id } }"
    assert len(reading.ask(query)["authors"]) == 3
    assert len(reading.ask(query, role="reader")["authors"]) == 2
    for who in ("1", "2"):
        answer = reading.ask(query, role="writer", session={"x-hasura-user-id": who})
        assert answer == {"authors": [{"id": int(who)}]}
    assert reading.refused(query, role="writer").message == 'missing session variable: "x-hasura-user-id"'
    assert reading.refused(query, role="stranger").message == "field 'authors' not found in type: 'query_root'"


def test_values_never_become_sql(reading: Served) -> None:
    evil = "'; DROP TABLE authors; --\\"
    query = "query ($v: String, $p: String) { authors(where: {name: {_eq: $v}}) { extra(path: $p) } }"
    assert reading.ask(query, {"v": evil, "p": f'["{evil}"]'}) == {"authors": []}
    assert reading.ask(f"{{ authors(where: {{name: {{_like: {json.dumps(evil)}}}}}) {{ id }} }}") == {"authors": []}
    session = {"x-hasura-user-id": "1 OR true"}
    assert reading.refused("{ authors { id } }", role="writer", session=session).code == "data-exception"


@pytest.mark.parametrize(
    ("value", "code"),
    [("a\0b", "data-exception"), ("\ud800", "data-exception"), ({"k": "\0"}, "validation-failed"), (10**400, None)],
)
def test_strange_values_are_refused_cleanly(reading: Served, value: Any, code: str | None) -> None:
    query = "query ($v: String) { authors(where: {name: {_eq: $v}}) { id } }"
    error = reading.refused(query, {"v": value})
    assert error.code in {code, "validation-failed"}


def test_a_number_that_does_not_fit_is_the_databases_to_refuse(reading: Served) -> None:
    error = reading.refused("query ($v: bigint) { books(where: {sold: {_eq: $v}}) { id } }", {"v": 10**30})
    assert error.code == "data-exception"
    assert "out of range" in error.message


@pytest.mark.parametrize("number", ["1e999999999", "9" * 5000, "-1e400", "1e-400", "1.0"])
def test_numbers_of_any_size_in_the_document_end_soon_and_cleanly(reading: Served, number: str) -> None:
    for query in ("{ authors(limit: %s) { id } }", "{ authors(where: {id: {_eq: %s}}) { id } }"):
        try:
            assert "authors" in reading.ask(query % number)
        except ApiError as error:
            assert error.code == "validation-failed"
    priced = "{ books(where: {price: {_gt: %s}}) { id } }"
    try:
        assert "books" in reading.ask(priced % number)
    except ApiError as error:
        assert error.code == "data-exception"


def nested(depth: int) -> str:
    return "{ authors { id " + "books { author { id " * depth + "}" * (2 * depth + 2)


@pytest.mark.parametrize("depth", [500, 5000])
def test_deep_nesting_is_refused_cleanly(reading: Served, depth: int) -> None:
    assert reading.refused(nested(depth)).code == "validation-failed"
    where: dict[str, Any] = {}
    for _ in range(depth):
        where = {"_not": where}
    query = "query ($w: authors_bool_exp) { authors(where: $w) { id } }"
    assert reading.refused(query, {"w": where}).code == "validation-failed"


def test_json_is_as_deep_as_it_can_be_written(reading: Served) -> None:
    def within(depth: int) -> Any:
        value: Any = 1
        for _ in range(depth):
            value = [value]
        return value

    query = "query ($j: jsonb) { authors(where: {extra: {_eq: $j}}) { id } }"
    assert reading.ask(query, {"j": within(300)}) == {"authors": []}
    assert reading.refused(query, {"j": within(50_000)}).code == "validation-failed"


def test_reasonable_nesting_is_served(reading: Served) -> None:
    assert reading.ask(nested(15))["authors"]


def test_fragments_that_multiply_are_refused(reading: Served) -> None:
    doubling = "".join(f"fragment f{i} on authors {{ ...f{i + 1} ...f{i + 1} }} " for i in range(40))
    error = reading.refused("{ authors { ...f0 } } " + doubling + "fragment f40 on authors { id }")
    assert error.message.startswith("the operation selects more than")


def test_fragment_cycles_are_refused(reading: Served) -> None:
    query = "{ authors { ...a } } fragment a on authors { id ...b } fragment b on authors { books { author { ...a } } }"
    assert reading.refused(query).message == "the fragment definition(s) a, b form a cycle"
    alone = "{ authors { id } } fragment a on authors { ...a }"
    assert reading.refused(alone).message == "the fragment definition(s) a form a cycle"


def test_more_values_than_the_protocol_can_count_are_refused(reading: Served) -> None:
    names = ", ".join(f'{{name: {{_eq: "{i}"}}}}' for i in range(33_000))
    error = reading.refused("{ authors(where: {_or: [" + names + "]}) { id } }")
    assert error.http_status == 500


def test_thousands_of_rows_are_one_insert(empty: Served) -> None:
    empty.sql("CREATE TABLE points (id int PRIMARY KEY, x int DEFAULT 7, label text)")
    empty.track("points")
    query = "mutation ($r: [points_insert_input!]!) { insert_points(objects: $r) { affected_rows } }"
    uniform = [{"id": i, "label": str(i)} for i in range(20_000)]
    assert empty.ask(query, {"r": uniform}) == {"insert_points": {"affected_rows": 20_000}}
    mixed = [{"id": -i, **({"x": i} if i % 2 else {})} for i in range(1, 3_000)]
    assert empty.ask(query, {"r": mixed}) == {"insert_points": {"affected_rows": 2_999}}
    assert empty.ask("{ points_by_pk(id: -2) { x } }") == {"points_by_pk": {"x": 7}}


def test_load_swaps_the_schema_at_once_and_reports_what_does_not_fit(library: Served) -> None:
    changed = metadata()
    tables = changed["sources"][0]["tables"]
    tables[2]["select_permissions"][0]["permission"]["filter"] = {"no_such": {"_eq": 1}}
    tables[2]["select_permissions"][1]["permission"]["filter"] = {"price": {"_frob": 1}}
    tables.append({"table": {"schema": "public", "name": "ghosts"}})
    found = {(entry.kind, entry.name) for entry in library.load(changed)}
    assert found == {
        ("table", "table ghosts in source default"),
        ("select_permission", "select_permission reader in table books in source default"),
        ("select_permission", "select_permission writer in table books in source default"),
    }
    assert library.refused("{ books { id } }", role="reader").message == "field 'books' not found in type: 'query_root'"
    assert library.ask("{ authors { id } }", role="reader")["authors"]
    assert library.load(metadata()) == []
    assert library.ask("{ books { id } }", role="reader")["books"]


def test_a_changed_table_shows_after_load(library: Served) -> None:
    query = "{ authors(order_by: {id: asc}, limit: 1) { id pen_name } }"
    library.sql("ALTER TABLE authors ADD pen_name text DEFAULT 'p'")
    assert "pen_name" in library.refused(query).message
    library.load(metadata())
    assert library.ask(query) == {"authors": [{"id": 1, "pen_name": "p"}]}
    library.sql("ALTER TABLE authors DROP pen_name")
    error = library.refused(query)
    assert (error.code, error.message) == ("unexpected", CHANGED_BEHIND)
    assert error.internal["error"]["message"] == "column t.1.pen_name does not exist"


def test_internal_details_are_kept_only_when_wanted(library: Served) -> None:
    library.sql("ALTER TABLE books RENAME price TO cost")
    internal = library.refused("{ books { price } }").internal
    assert internal["error"]["status_code"] == "42703"
    assert internal["statement"].startswith("SELECT")
    quiet = Engine(library.engine.pools)
    library.run(quiet.load(parse.metadata(metadata())))
    library.sql("ALTER TABLE books RENAME sold TO gone")
    with pytest.raises(ApiError) as caught:
        library.run(quiet.execute(Request(query="{ books { sold } }"), ADMIN))
    assert caught.value.internal is None


def test_requests_and_loads_at_the_same_time_do_not_disturb_each_other(library: Served) -> None:
    async def go() -> list[bytes]:
        asks = [library.execute(f"{{ authors_by_pk(id: {1 + i % 3}) {{ id }} }}") for i in range(60)]
        loads = [library.engine.load(library_metadata) for _ in range(3)]
        answers, _ = await asyncio.gather(asyncio.gather(*asks), asyncio.gather(*loads))
        return answers

    library_metadata = parse.metadata(metadata())
    answers = library.run(go())
    assert answers == [b'{"data":{"authors_by_pk":{"id":%d}}}' % (1 + i % 3) for i in range(60)]


def test_after_lost_connections_it_works_again(library: Served, cluster: Cluster) -> None:
    assert library.ask("{ authors { id } }")
    database = library.run(library.database.fetch_value("SELECT current_database()"))
    cluster.run("postgres", f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'")
    outcomes = []
    for _ in range(8):
        try:
            outcomes.append(bool(library.ask("{ authors { id } }")))
        except ApiError as error:
            assert error.code == "unexpected"
            outcomes.append(False)
    assert outcomes[-1]


def test_explain_shows_the_statement_and_the_plan_of_each_root_field(reading: Served) -> None:
    request = Request(
        query="query ($i: Int!) { a: authors_by_pk(id: $i) { name } __typename books { id } }", variables={"i": 1}
    )
    explained = reading.run(reading.engine.explain(request, ADMIN))
    assert [entry["field"] for entry in explained] == ["a", "__typename", "books"]
    assert explained[0]["sql"].startswith("SELECT ")
    assert any("authors" in line for line in explained[0]["plan"])
    assert explained[1]["sql"] is None


def test_numbers_that_json_loses_become_strings_when_asked(library: Served) -> None:
    engine = Engine(library.engine.pools, stringify_numerics=True)
    library.run(engine.load(parse.metadata(metadata())))
    query = """{ books_by_pk(id: 1) { id sold price }
        books_aggregate { aggregate { sum { sold id } avg { id } max { price } } } }"""
    answer = json.loads(library.run(engine.execute(Request(query=query), ADMIN)).body)["data"]
    assert answer["books_by_pk"] == {"id": 1, "sold": "9007199254740993", "price": "12.50"}
    assert answer["books_aggregate"]["aggregate"] == {
        "sum": {"sold": "9007199254741035", "id": 10},
        "avg": {"id": 2.5},
        "max": {"price": "12.50"},
    }


def test_a_session_variable_may_hold_a_list_of_arrays(empty: Served) -> None:
    empty.sql("CREATE TABLE notes (id int PRIMARY KEY, tags text[]); INSERT INTO notes VALUES (1, '{a,b}'), (2, '{c}')")
    for operator, seen in (("_in", [1]), ("_nin", [2])):
        listed = {"columns": ["id"], "filter": {"tags": {operator: "X-Hasura-Tags"}}}
        empty.track({"table": "notes", "select_permissions": [{"role": "user", "permission": listed}]})
        session = {"x-hasura-tags": '{"{a,b}","{x}"}'}
        found = empty.ask("{ notes { id } }", role="user", session=session)["notes"]
        assert [row["id"] for row in found] == seen


@pytest.mark.parametrize(
    ("selection", "answer"),
    [
        ("__typename", {"__typename": "books_aggregate"}),
        ("aggregate { __typename }", {"aggregate": {"__typename": "books_aggregate_fields"}}),
        ("aggregate { max { __typename } }", {"aggregate": {"max": {"__typename": "books_max_fields"}}}),
    ],
)
@pytest.mark.parametrize("limit", [0, 5])
def test_an_aggregate_may_be_asked_for_its_type_alone(reading: Served, selection: str, answer: Any, limit: int) -> None:
    found = reading.ask(f"{{ books_aggregate(limit: {limit}) {{ {selection} }} }}")
    assert found == {"books_aggregate": answer}


@pytest.mark.parametrize(
    ("predicate", "all_of_them"),
    [("{}", True), ("{_is_null: null}", True), ("{_is_null: false}", True), ("{_is_null: true}", False)],
)
def test_a_count_may_be_compared_with_nothing_or_null(reading: Served, predicate: str, all_of_them: bool) -> None:
    where = f"{{books_aggregate: {{count: {{predicate: {predicate}}}}}}}"
    found = reading.ask(f"{{ some: authors(where: {where}) {{ id }} every: authors {{ id }} }}")
    assert found["every"]
    assert found["some"] == (found["every"] if all_of_them else [])


@pytest.mark.parametrize("together", [True, False])
def test_many_rows_keep_every_character(empty: Served, together: bool) -> None:
    empty.sql("CREATE TABLE notes (id serial PRIMARY KEY, body text)")
    empty.track({"table": "notes"})
    plain = ["", "null", "NULL", "{x}", "a,b", " spaced ", "ünï ✓ 🦀", "\x7f", None]
    bodies = [*plain, 'quoted "text"', "back\\slash", "line\nbreak", "\ttab", "\x01"]
    for written in (plain, bodies):
        query = "mutation ($r: [notes_insert_input!]!) { insert_notes(objects: $r) { returning { body } } }"
        given: dict[str, Any] = {"r": [{"body": body} for body in written]}
        if not together:
            rows = ", ".join(f"{{body: $v{number}}}" for number in range(len(written)))
            declared = ", ".join(f"$v{number}: String" for number in range(len(written)))
            query = f"mutation ({declared}) {{ insert_notes(objects: [{rows}]) {{ returning {{ body }} }} }}"
            given = {f"v{number}": body for number, body in enumerate(written)}
        answer = empty.ask(query, given)["insert_notes"]["returning"]
        assert [row["body"] for row in answer] == written
