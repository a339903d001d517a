"""Computed fields over HTTP's back: values and rows that functions make of a row, and who may see them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.graphql.served import Served

SCHEMA = """
CREATE TABLE author (id int PRIMARY KEY, first_name text NOT NULL, last_name text, secret text);
CREATE TABLE article (id int PRIMARY KEY, author_id int NOT NULL REFERENCES author, title text, published bool);
INSERT INTO author VALUES (1, 'Ann', 'Lee', 's1'), (2, 'Bo', NULL, 's2'), (3, 'Cy', 'Roe', 's3');
INSERT INTO article VALUES (1, 1, 'one', true), (2, 1, 'two', false), (3, 2, 'three', true), (4, 3, 'four', false);
CREATE FUNCTION full_name(author) RETURNS text STABLE LANGUAGE plpgsql
    AS $$ BEGIN RETURN concat_ws(' ', $1.first_name, $1.last_name); END $$;
CREATE FUNCTION name_length(a author) RETURNS int STABLE LANGUAGE sql AS $$ SELECT length(a.first_name) $$;
CREATE FUNCTION tags(a author) RETURNS text[] STABLE LANGUAGE sql AS $$ SELECT ARRAY[a.first_name, a.secret] $$;
CREATE FUNCTION details(a author) RETURNS jsonb STABLE LANGUAGE sql AS $$
    SELECT jsonb_build_object('name', jsonb_build_array(a.first_name)) $$;
CREATE FUNCTION greeting(hello text, a author, mark text DEFAULT '!') RETURNS text STABLE LANGUAGE sql
    AS $$ SELECT hello || ' ' || a.first_name || mark $$;
CREATE FUNCTION is_me(a author, session json) RETURNS bool STABLE LANGUAGE sql
    AS $$ SELECT a.id = (session->>'x-hasura-user-id')::int $$;
CREATE FUNCTION articles_of(a author) RETURNS SETOF article STABLE LANGUAGE sql
    AS $$ SELECT * FROM article WHERE author_id = a.id $$;
CREATE FUNCTION search(a author, word text) RETURNS SETOF article STABLE LANGUAGE sql
    AS $$ SELECT * FROM article WHERE author_id = a.id AND title LIKE '%' || word || '%' $$;
"""


def field(name: str, function: str, **definition: str) -> dict[str, Any]:
    return {"name": name, "definition": {"function": function, **definition}}


FIELDS = [
    field("full_name", "full_name"),
    field("name_length", "name_length"),
    field("tags", "tags"),
    field("details", "details"),
    field("greeting", "greeting", table_argument="a"),
    field("is_me", "is_me", session_argument="session"),
    field("all_articles", "articles_of"),
    field("search", "search"),
]


def allowed(role: str, columns: Any, filter_: Any, **more: Any) -> dict[str, Any]:
    return {"role": role, "permission": {"columns": columns, "filter": filter_, **more}}


AUTHOR = {
    "table": "author",
    "computed_fields": FIELDS,
    "select_permissions": [
        allowed("reader", ["id", "first_name"], {}, computed_fields=["full_name"], allow_aggregations=True),
        allowed("blind", ["id"], {}),
        allowed("me", ["id"], {"is_me": {"_eq": True}}, computed_fields=["is_me"]),
        allowed("long", ["id"], {"name_length": {"$gt": 2}}),
        allowed("short", ["id"], {"name_length": 2}),
        allowed("published", ["id"], {"all_articles": {"published": True}}),
        allowed("limited", ["id"], {}, computed_fields=["full_name"], allow_aggregations=True, limit=1),
    ],
    "update_permissions": [allowed("reader", ["first_name"], {})],
}
ARTICLE = {
    "table": "article",
    "select_permissions": [
        allowed("reader", ["id", "title"], {"published": True}, allow_aggregations=True),
        allowed("limited", ["id", "title"], {"published": True}, limit=1),
    ],
}


@pytest.fixture
def authors(empty: Served) -> Iterator[Served]:
    empty.sql(SCHEMA)
    assert empty.track(AUTHOR, ARTICLE) == []
    yield empty


def test_values_and_rows_of_functions_are_fields(authors: Served) -> None:
    asked = (
        "{ author(order_by: {id: asc}, limit: 1) { full_name tags details all_articles(order_by: {id: desc}) { id } } }"
    )
    assert authors.ask(asked)["author"] == [
        {
            "full_name": "Ann Lee",
            "tags": ["Ann", "s1"],
            "details": {"name": ["Ann"]},
            "all_articles": [{"id": 2}, {"id": 1}],
        }
    ]


def test_a_json_value_gives_the_part_that_a_path_names(authors: Served) -> None:
    assert authors.ask('{ author(limit: 1) { details(path: "name[0]") } }') == {"author": [{"details": "Ann"}]}


def test_arguments_are_given_by_name_and_defaults_left_out(authors: Served) -> None:
    query = """query($h: String) { author(limit: 1) {
        a: greeting(args: {hello: $h}) b: greeting(args: {hello: "x", mark: "?"}) } }"""
    assert authors.ask(query, {"h": "hi"}) == {"author": [{"a": "hi Ann!", "b": "x Ann?"}]}
    assert authors.ask(query, {"h": None}) == {"author": [{"a": None, "b": "x Ann?"}]}


def test_an_argument_without_a_default_cannot_be_omitted(authors: Served) -> None:
    error = authors.refused('{ author { greeting(args: {mark: "?"}) } }')
    assert (error.code, error.message) == ("not-supported", "Non default arguments cannot be omitted")
    assert error.path == "$.selectionSet.author.selectionSet.greeting.args.args"
    assert authors.refused("{ author { greeting } }").message == "missing required field 'args'"


def test_rows_take_the_arguments_of_a_list_beside_their_own(authors: Served) -> None:
    query = (
        '{ author(where: {id: {_eq: 1}}) { search(args: {word: "o"}, where: {published: {_eq: false}}) { title } } }'
    )
    assert authors.ask(query) == {"author": [{"search": [{"title": "two"}]}]}


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ('{full_name: {_ilike: "%LEE"}}', [1]),
        ("{name_length: {_gt: 2}}", [1]),
        ('{tags: {_contains: ["s3"]}}', [3]),
        ("{full_name: {_is_null: true}}", []),
        ("{all_articles: {published: {_eq: true}}}", [1, 2]),
        ('{_not: {all_articles: {title: {_eq: "one"}}}}', [2, 3]),
    ],
)
def test_filters_take_what_needs_no_arguments(authors: Served, where: str, ids: list[int]) -> None:
    found = authors.ask(f"{{ author(where: {where}, order_by: {{id: asc}}) {{ id }} }}")["author"]
    assert [row["id"] for row in found] == ids


@pytest.mark.parametrize("name", ["greeting", "search"])
def test_filters_and_orders_do_not_know_what_needs_arguments(authors: Served, name: str) -> None:
    assert authors.refused(f"{{ author(where: {{{name}: {{}}}}) {{ id }} }}").message == (
        f"field '{name}' not found in type: 'author_bool_exp'"
    )
    assert authors.refused(f"{{ author(order_by: {{{name}: asc}}) {{ id }} }}").message == (
        f"field '{name}' not found in type: 'author_order_by'"
    )


@pytest.mark.parametrize(
    ("order", "ids"),
    [
        ("{full_name: desc}", [3, 2, 1]),
        ("[{name_length: asc}, {id: desc}]", [3, 2, 1]),
        ("[{all_articles_aggregate: {count: desc}}, {id: asc}]", [1, 2, 3]),
        ("{all_articles_aggregate: {max: {id: asc}}}", [1, 2, 3]),
    ],
)
def test_orders_take_values_and_aggregates_of_rows(authors: Served, order: str, ids: list[int]) -> None:
    found = authors.ask(f"{{ author(order_by: {order}) {{ id }} }}")["author"]
    assert [row["id"] for row in found] == ids


def test_an_order_over_a_relationship_takes_computed_values(authors: Served) -> None:
    relation = {"name": "author", "using": {"foreign_key_constraint_on": "author_id"}}
    authors.track(AUTHOR, {**ARTICLE, "object_relationships": [relation]})
    found = authors.ask("{ article(order_by: [{author: {full_name: desc}}, {id: asc}]) { id } }")["article"]
    assert [row["id"] for row in found] == [4, 3, 1, 2]


def test_aggregates_take_values_of_fitting_types(authors: Served) -> None:
    query = """{ author_aggregate { aggregate {
        max { full_name } min { name_length } sum { name_length } avg { name_length } } } }"""
    assert authors.ask(query)["author_aggregate"]["aggregate"] == {
        "max": {"full_name": "Cy Roe"},
        "min": {"name_length": 2},
        "sum": {"name_length": 7},
        "avg": {"name_length": pytest.approx(7 / 3)},
    }


def test_nodes_that_a_limit_bounds_still_are_rows_of_their_table(authors: Served) -> None:
    query = "{ author_aggregate(order_by: {id: asc}) { aggregate { count max { full_name } } nodes { full_name } } }"
    assert authors.ask(query, role="limited")["author_aggregate"] == {
        "aggregate": {"count": 3, "max": {"full_name": "Cy Roe"}},
        "nodes": [{"full_name": "Ann Lee"}],
    }


def test_what_a_limit_cuts_off_still_are_rows_of_their_table(authors: Served) -> None:
    query = "{ author(distinct_on: id, order_by: {id: desc}, limit: 2, offset: 1) { full_name all_articles { id } } }"
    assert [row["full_name"] for row in authors.ask(query)["author"]] == ["Bo", "Ann Lee"]


def test_a_role_sees_the_values_it_is_granted_only(authors: Served) -> None:
    assert authors.ask("{ author(where: {id: {_eq: 2}}) { full_name } }", role="reader") == {
        "author": [{"full_name": "Bo"}]
    }
    for query in (
        "{ author { tags } }",
        "{ author(where: {tags: {}}) { id } }",
        "{ author(order_by: {tags: asc}) { id } }",
    ):
        assert "'tags' not found" in authors.refused(query, role="reader").message
    assert "'full_name' not found" in authors.refused("{ author { full_name } }", role="blind").message
    aggregate = authors.refused("{ author_aggregate { aggregate { max { tags } } } }", role="reader")
    assert "'tags' not found" in aggregate.message


def test_rows_of_a_function_are_the_rows_that_the_role_may_see(authors: Served) -> None:
    rows = "{ author(order_by: {id: asc}) { all_articles { id } } }"
    assert [len(row["all_articles"]) for row in authors.ask(rows, role="reader")["author"]] == [1, 1, 0]
    limited = authors.ask("{ author { all_articles { id } } }", role="limited")["author"]
    assert all(len(row["all_articles"]) <= 1 for row in limited)
    # Not by a filter either: the third author's only article is hidden.
    hidden = '{ author(where: {all_articles: {title: {_eq: "four"}}}) { id } }'
    assert authors.ask(hidden, role="reader") == {"author": []}
    counted = "{ author(order_by: [{all_articles_aggregate: {count: desc}}, {id: desc}]) { id } }"
    assert [row["id"] for row in authors.ask(counted, role="reader")["author"]] == [2, 1, 3]


def test_rows_of_a_table_that_a_role_does_not_know_are_no_field(authors: Served) -> None:
    for query in ("{ author { all_articles { id } } }", "{ author(where: {all_articles: {}}) { id } }"):
        assert "'all_articles' not found" in authors.refused(query, role="blind").message


def test_permissions_filter_by_computed_values_and_rows(authors: Served) -> None:
    ids = {
        role: [row["id"] for row in authors.ask("{ author(order_by: {id: asc}) { id } }", role=role)["author"]]
        for role in ("long", "short", "published")
    }
    assert ids == {"long": [1], "short": [2, 3], "published": [1, 2]}


def test_the_session_is_an_argument_that_no_client_gives(authors: Served) -> None:
    query = "{ author(where: {is_me: {_eq: true}}) { id is_me } }"
    mine = {"author": [{"id": 2, "is_me": True}]}
    assert authors.ask(query, role="me", session={"x-hasura-user-id": "2"}) == mine
    assert authors.ask(query, role="me", session={}) == {"author": []}
    assert "has no argument" in authors.refused('{ author { is_me(args: {session: "{}"}) } }', role="me").message


def test_returning_computes_from_the_row_as_it_is_now(authors: Served) -> None:
    update = '{ update_author(where: {full_name: {_eq: "Bo"}}, _set: {first_name: "Di"}) { returning { full_name } } }'
    assert authors.ask(f"mutation {update}", role="reader") == {"update_author": {"returning": [{"full_name": "Di"}]}}
    insert = '{ insert_author_one(object: {id: 9, first_name: "Ed"}) { full_name all_articles { id } } }'
    assert authors.ask(f"mutation {insert}")["insert_author_one"] == {"full_name": "Ed", "all_articles": []}
    delete = "{ delete_author_by_pk(id: 9) { full_name } }"
    assert authors.ask(f"mutation {delete}")["delete_author_by_pk"] == {"full_name": "Ed"}


def test_a_row_survives_columns_that_were_dropped_or_added_meanwhile(authors: Served) -> None:
    query = "{ author(order_by: {id: asc}, limit: 1) { full_name all_articles { id } } }"
    authors.sql("ALTER TABLE author ADD COLUMN later int DEFAULT 7")
    assert authors.ask(query)["author"][0]["full_name"] == "Ann Lee"
    authors.sql("ALTER TABLE author DROP COLUMN later")
    assert authors.ask(query + " ")["author"][0]["full_name"] == "Ann Lee"


def test_a_function_gone_meanwhile_is_an_error_until_the_next_load(authors: Served) -> None:
    authors.sql("DROP FUNCTION name_length(author)")
    error = authors.refused("{ author { name_length } }")
    assert (error.code, error.message.endswith("reload the metadata")) == ("unexpected", True)
    (problem, *others) = authors.track(AUTHOR, ARTICLE)
    assert problem.reason.endswith('no such function exists: "name_length"')
    # What hangs on it does not fall open: the permissions that compare with it allow nothing.
    assert [entry.kind for entry in others] == ["select_permission", "select_permission"]
    assert "'author' not found" in authors.refused("{ author { id } }", role="long").message
    assert authors.ask("{ author(limit: 1) { full_name } }") == {"author": [{"full_name": "Ann Lee"}]}


def test_an_overload_made_meanwhile_does_not_change_what_is_called(authors: Served) -> None:
    authors.sql("CREATE FUNCTION name_length(a article) RETURNS int STABLE LANGUAGE sql AS $$ SELECT -1 $$")
    assert authors.ask("{ author(where: {id: {_eq: 1}}) { name_length } }") == {"author": [{"name_length": 3}]}


def test_hostile_names_of_tables_columns_and_functions_are_only_names(empty: Served) -> None:
    empty.sql(
        """CREATE TABLE "a""b" (id int PRIMARY KEY, "t.1" text, "row" int);
        INSERT INTO "a""b" VALUES (1, 'x', 2);
        CREATE FUNCTION "f"");--"(r "a""b", "word" text) RETURNS text STABLE LANGUAGE sql
            AS $$ SELECT r."t.1" || r."row" || word $$;"""
    )
    found = empty.track(
        {
            "table": 'a"b',
            "configuration": {"custom_name": "odd"},
            "computed_fields": [field("joined", 'f");--')],
            "select_permissions": [
                allowed("limited", "*", {}, computed_fields=["joined"], limit=1, allow_aggregations=True)
            ],
        }
    )
    assert found == []
    query = """{ odd_aggregate { nodes { joined(args: {word: "'; DROP TABLE x; --"}) } } }"""
    nodes = [{"joined": "x2'; DROP TABLE x; --"}]
    assert empty.ask(query, role="limited") == {"odd_aggregate": {"nodes": nodes}}


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        ("f(a author) RETURNS author STABLE LANGUAGE sql AS $$ SELECT a $$", "is not a BASE type"),
        ("f(a author) RETURNS SETOF int STABLE LANGUAGE sql AS $$ SELECT 1 $$", "does not return rows of a table"),
        ("f(a author, VARIADIC b text[]) RETURNS int STABLE LANGUAGE sql AS $$ SELECT 1 $$", "VARIADIC"),
        ('f(a author, "two words" int) RETURNS int STABLE LANGUAGE sql AS $$ SELECT 1 $$', '"two words"'),
    ],
)
def test_a_function_that_cannot_be_a_field_is_told_why(authors: Served, function: str, reason: str) -> None:
    authors.sql(f"CREATE FUNCTION {function}")
    (problem,) = authors.track({**AUTHOR, "computed_fields": [*FIELDS, field("f", "f")]}, ARTICLE)
    assert problem.kind == "computed_field"
    assert reason in problem.reason
    assert "'f' not found" in authors.refused("{ author { f } }").message


@pytest.mark.parametrize("name", ["full name", "__full", "articles"])
def test_a_name_that_cannot_be_or_is_taken_is_refused(authors: Served, name: str) -> None:
    using = {"foreign_key_constraint_on": {"table": "article", "column": "author_id"}}
    relations = [{"name": "articles", "using": using}]
    author = {**AUTHOR, "array_relationships": relations, "computed_fields": [*FIELDS, field(name, "full_name")]}
    (problem,) = authors.track(author, ARTICLE)
    assert (problem.kind, f'"{name}"' in problem.reason) == ("computed_field", True)
    assert authors.ask("{ author(limit: 1) { articles { id } } }")["author"][0]["articles"] == [{"id": 1}, {"id": 2}]


def test_a_filter_on_columns_of_its_own_table_means_them_wherever_it_stands(empty: Served) -> None:
    empty.sql(
        """CREATE TABLE room (id int PRIMARY KEY, opened int);
        CREATE TABLE member (room_id int REFERENCES room, joined int);
        CREATE TABLE note (id int PRIMARY KEY, room_id int REFERENCES room, posted int);
        INSERT INTO room VALUES (1, 99);
        INSERT INTO member VALUES (1, 5);
        INSERT INTO note VALUES (1, 1, 3), (2, 1, 7);"""
    )
    members = {
        "manual_configuration": {"remote_table": "member", "column_mapping": {"room_id": "room_id"}},
    }
    notes = {"foreign_key_constraint_on": {"table": "note", "column": "room_id"}}
    joined_before = {"members": {"joined": {"_clt": ["$", "posted"]}}}
    empty.track(
        {
            "table": "room",
            "array_relationships": [{"name": "notes", "using": notes}],
            "select_permissions": [allowed("user", ["id"], {})],
        },
        "member",
        {
            "table": "note",
            "array_relationships": [{"name": "members", "using": members}],
            "select_permissions": [allowed("user", ["id"], joined_before)],
        },
    )
    assert empty.ask("{ room { notes { id } } }", role="user") == {"room": [{"notes": [{"id": 2}]}]}
    hidden, seen = "{ room(where: {notes: {id: {_eq: 1}}}) { id } }", "{ room(where: {notes: {id: {_eq: 2}}}) { id } }"
    assert empty.ask(hidden, role="user") == {"room": []}
    assert empty.ask(seen, role="user") == {"room": [{"id": 1}]}
