"""Random and hostile operations over a schema with every kind of type: an answer or a refusal in words, no fault."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import GraphQLSchema, build_client_schema, get_introspection_query
from graphql.type import assert_valid_schema
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from nself.graphql.errors import ApiError
from tests.cluster import Cluster
from tests.graphql.fuzzed import HOSTILE, anything, operations
from tests.graphql.served import Served

TYPES = """
    int2 int4 int8 float4 float8 numeric money bool text varchar bpchar "char" citext name uuid date timestamp
    timestamptz time timetz interval json jsonb bytea inet cidr macaddr bit varbit xml point line lseg box path
    polygon circle int4range tsrange tsvector tsquery oid ltree hstore
"""
EVERYTHING = """
    CREATE EXTENSION citext; CREATE EXTENSION ltree; CREATE EXTENSION hstore;
    CREATE TYPE mood AS ENUM ('sad', 'it''s "ok"; DROP TABLE everything'); CREATE TYPE pair AS (a int, b text);
    CREATE DOMAIN positive AS int CHECK (value > 0);
    CREATE TABLE kinds (name text PRIMARY KEY, comment text); INSERT INTO kinds VALUES ('one', 'a "kind"'), ('two', '');
    CREATE TABLE everything (
        id serial PRIMARY KEY, parent int REFERENCES everything, kind text REFERENCES kinds, mood mood, pair pair,
        small positive, texts text[], numbers int[], documents jsonb[], "Weird ""name" int, {columns}
    );
    COMMENT ON TABLE everything IS 'a "table"; -- \\ ''';
    COMMENT ON COLUMN everything.kind IS E'""\\n{{}}';
    INSERT INTO everything (parent, kind, mood, texts) VALUES (NULL, 'one', 'sad', '{{a,b}}'), (1, 'two', NULL, NULL);
"""
RELAXED = settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


def columns() -> str:
    return ", ".join(f"c{index} {name}" for index, name in enumerate(TYPES.split()))


def metadata() -> list[Any]:
    own = {"id": {"_eq": "X-Hasura-User-Id"}}
    rows = {"columns": "*", "filter": {"_or": [own, {"kind": {"_eq": "one"}}]}, "allow_aggregations": True, "limit": 3}
    return [
        {
            "table": "everything",
            "configuration": {"column_config": {'Weird "name': {"custom_name": "weird"}}},
            "object_relationships": [{"name": "up", "using": {"foreign_key_constraint_on": "parent"}}],
            "array_relationships": [
                {
                    "name": "down",
                    "using": {"foreign_key_constraint_on": {"table": "everything", "column": "parent"}},
                }
            ],
            "select_permissions": [{"role": "user", "permission": rows}],
            "insert_permissions": [{"role": "user", "permission": {"columns": "*", "check": own}}],
            "update_permissions": [{"role": "user", "permission": {"columns": "*", "filter": own, "check": own}}],
        },
        {"table": "kinds", "is_enum": True},
    ]


@pytest.fixture(scope="module")
def served(cluster: Cluster) -> Iterator[Served]:
    with cluster.database() as dsn, Served(dsn) as served:
        served.sql(EVERYTHING.format(columns=columns()))
        assert served.track(*metadata()) == []
        yield served


def schema(served: Served, role: str) -> GraphQLSchema:
    found = build_client_schema(served.ask(get_introspection_query(), role=role))
    assert_valid_schema(found)
    return found


def outcome(served: Served, text: str, variables: Any, role: str = "admin") -> str:
    """`data`, or the code of a refusal. Whatever is asked, nothing may go wrong on our side."""
    session = {"x-hasura-user-id": "1"}
    try:
        answer = json.loads(served.run(served.execute(text, variables, role=role, session=session)))
    except ApiError as error:
        assert error.http_status < 500, (error.code, error.message, error.internal)
        assert error.path.startswith("$")
        assert error.message
        return error.code
    assert list(answer) == ["data"]
    return "data"


@pytest.mark.parametrize(
    ("role", "kind"), [("admin", "query"), ("user", "query"), ("admin", "mutation"), ("user", "mutation")]
)
def test_operations_by_chance_are_answered_or_refused(served: Served, role: str, kind: str) -> None:
    seen: set[str] = set()

    @RELAXED
    @given(asked=operations(schema(served, role), kind))
    def play(asked: tuple[str, Any]) -> None:
        seen.add(outcome(served, *asked, role))

    play()
    assert {"data", "validation-failed"} <= seen


def test_texts_torn_apart_are_refused(served: Served) -> None:
    whole = """query q($w: everything_bool_exp = {id: {_gt: 0}}, $n: Int = 3) {
        everything(where: $w, limit: $n, order_by: {up: {id: asc}}) { ...f down(limit: 1) @include(if: true) { id } } }
        fragment f on everything { id texts c20(path: "$.a[0]") }"""
    outcome(served, whole, None)
    cuts = st.tuples(st.integers(0, len(whole)), st.integers(0, 12), st.sampled_from([*HOSTILE, *"{}()[]$@!:.|&,#"]))

    @RELAXED
    @given(cuts=st.lists(cuts, min_size=1, max_size=3), variables=st.one_of(st.none(), anything))
    def play(cuts: list[tuple[int, int, str]], variables: Any) -> None:
        text = whole
        for at, length, put in cuts:
            text = text[:at] + put + text[at + length :]
        assume(variables is None or isinstance(variables, dict))
        outcome(served, text, variables)

    play()


@pytest.mark.parametrize(
    "query",
    [
        "{ " + "a { " * 3000 + "b" + " }" * 3000 + " }",
        "{ everything(where: " + "{_not: " * 2000 + "{}" + "}" * 2000 + ") { id } }",
        "{ everything(where: {id: {_in: [" + "1," * 50_000 + "1]}}) { id } }",
        "{ " + " ".join(f"a{index}: everything {{ id }}" for index in range(1000)) + " }",
        "query q { ...a } fragment a on query_root { ...b } fragment b on query_root { ...a }",
        "{ everything { ...a } } fragment a on everything { up { ...a } }",
        "".join(f"fragment f{i} on everything {{ ...f{i + 1} ...f{i + 1} }} " for i in range(40))
        + "fragment f40 on everything { id } { everything { ...f0 } }",
        "query (" + ", ".join(f"$v{index}: Int" for index in range(5000)) + ") { everything { id } }",
        "{ everything(limit: " + "9" * 5000 + ") { id } }",
        '{ everything(where: {c8: {_eq: "' + "x" * 1_000_000 + '"}}) { id } }',
        '{ everything(where: {c8: {_regex: "' + "(" * 5000 + '"}}) { id } }',
    ],
    ids=["depth", "nots", "list", "aliases", "cycle", "self", "doubling", "variables", "digits", "text", "regex"],
)  # fmt: skip
def test_huge_and_circular_operations_end(served: Served, query: str) -> None:
    outcome(served, query, None)


@pytest.mark.parametrize(
    "name", ['"; DROP TABLE everything; --', "a'b", 'a"b', "ünï", "sel ect", "x" * 63, "$1", "a.b", "\\"]
)
def test_whatever_tables_columns_and_roles_are_called(empty: Served, name: str) -> None:
    """Names reach the database quoted, and the answer as GraphQL names."""
    quoted = '"' + name.replace('"', '""') + '"'
    empty.sql(f"CREATE SCHEMA {quoted}; CREATE TABLE {quoted}.{quoted} ({quoted} text PRIMARY KEY, n int)")
    empty.track(
        {
            "table": {"schema": name, "name": name},
            "configuration": {"custom_name": "things", "column_config": {name: {"custom_name": "key"}}},
            "select_permissions": [
                {"role": name, "permission": {"columns": [name], "filter": {name: {"_eq": "X-Hasura-Key"}}}}
            ],
        }
    )
    insert = "mutation ($k: String!) { insert_things_one(object: {key: $k, n: 1}) { key n } }"
    assert empty.ask(insert, {"k": name}) == {"insert_things_one": {"key": name, "n": 1}}
    upsert = """mutation ($k: String!) { insert_things(objects: [{key: $k, n: 2}],
        on_conflict: {constraint: C, update_columns: [n]}) { affected_rows } }"""
    constraint = f"{name}_pkey"
    if constraint.isidentifier() and constraint.isascii() and len(constraint) < 63:
        assert empty.ask(upsert.replace("C", constraint, 1), {"k": name}) == {"insert_things": {"affected_rows": 1}}
    query = "{ things(order_by: {key: asc}, distinct_on: key) { key } }"
    assert empty.ask(query, role=name, session={"x-hasura-key": name}) == {"things": [{"key": name}]}
    assert empty.ask(query, role=name, session={"x-hasura-key": "other"}) == {"things": []}
    aggregate = "{ things_aggregate { aggregate { count(columns: [key]) max { key } } } }"
    assert empty.ask(aggregate)["things_aggregate"]["aggregate"] == {"count": 1, "max": {"key": name}}


def test_values_stay_values_wherever_they_go(served: Served) -> None:
    for text in HOSTILE:
        where = "query ($t: String!) { everything(where: {c8: {_eq: $t}}) { id } }"
        assert outcome(served, where, {"t": text}) in {"data", "data-exception"}
        assert outcome(served, where, {"t": text}, "user") in {"data", "data-exception"}
        literal = f"{{ everything(where: {{c8: {{_in: [{json.dumps(text)}]}}}}) {{ id }} }}"
        assert outcome(served, literal, None) in {"data", "data-exception", "validation-failed"}
    assert served.ask("{ everything_aggregate { aggregate { count } } }")
