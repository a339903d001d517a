"""What does not fit its type is refused with Hasura's words, at the path where it is used."""

from __future__ import annotations

from typing import Any

import pytest

from tests.graphql.served import Served

A = "$.selectionSet.authors.args"

REFUSED = [
    (
        "{ authors(limit: -1) { id } }",
        f"{A}.limit",
        "expected a non-negative 32-bit integer for type 'Int', but found an integer",
    ),
    (
        "{ authors(offset: -1) { id } }",
        f"{A}.offset",
        "expected a non-negative 64-bit integer for type 'Int', but found an integer",
    ),
    ("{ authors(where: {nope: {}}) { id } }", f"{A}.where.nope", "field 'nope' not found in type: 'authors_bool_exp'"),
    (
        "{ authors(where: {id: {_x: 1}}) { id } }",
        f"{A}.where.id._x",
        "field '_x' not found in type: 'Int_comparison_exp'",
    ),
    ("{ authors(where: {id: {_eq: null}}) { id } }", f"{A}.where.id._eq", "unexpected null value for type 'Int'"),
    (
        "{ authors(where: {id: {_in: [1, null]}}) { id } }",
        f"{A}.where.id._in[1]",
        "unexpected null value for type 'Int'",
    ),
    (
        "{ authors(where: 5) { id } }",
        f"{A}.where",
        "expected an object for type 'authors_bool_exp', but found an integer",
    ),
    ("{ authors(where: {name: {_eq: Ada}}) { id } }", f"{A}.where.name._eq", "unexpected enum value for type 'String'"),
    (
        "{ authors(where: {name: {_eq: 1}}) { id } }",
        f"{A}.where.name._eq",
        "expected a string for type 'String', but found an integer",
    ),
    (
        '{ authors(order_by: {id: "asc"}) { id } }',
        f"{A}.order_by[0].id",
        "expected an enum value for type 'order_by', but found a string",
    ),
    (
        "{ authors(order_by: {id: up}) { id } }",
        f"{A}.order_by[0].id",
        "expected one of the values ['asc', 'asc_nulls_first', 'asc_nulls_last', 'desc', 'desc_nulls_first', "
        "'desc_nulls_last'] for type 'order_by', but found 'up'",
    ),
    ("{ authors(wher: {}) { id } }", "$.selectionSet.authors", "'authors' has no argument named 'wher'"),
    ("{ authors { ide } }", "$.selectionSet.authors.selectionSet.ide", "field 'ide' not found in type: 'authors'"),
    ("{ authors { books } }", "$.selectionSet.authors.selectionSet.books", "missing selection set for 'books'"),
    (
        "{ authors { id { x } } }",
        "$.selectionSet.authors.selectionSet.id",
        "unexpected subselection set for non-object field",
    ),
    ("{ authors_by_pk { id } }", "$.selectionSet.authors_by_pk.args", "missing required field 'id'"),
    ("{ authors(where: {id: {_eq: $x}}) { id } }", f"{A}.where.id._eq", "unbound variable 'x'"),
    ("{ authors { ...none } }", "$.selectionSet.authors.selectionSet", "reference to undefined fragment 'none'"),
    ("{ authors @frob { id } }", "$.selectionSet", "directive 'frob' is not defined in the schema"),
    (
        '{ authors @include(if: "true") { id } }',
        "$.include.args.if",
        "expected a boolean for type 'Boolean', but found a string",
    ),
    (
        "{ authors(distinct_on: [name], order_by: {id: asc}) { id } }",
        "$.selectionSet.authors",
        '"distinct_on" columns must match initial "order_by" columns',
    ),
    (
        "{ a: authors(limit: 1) { id } a: authors(limit: 2) { id } }",
        "$.selectionSet.a",
        "inconsistent arguments or fields share the response key 'a'",
    ),
    (
        'mutation { insert_books(objects: {author_id: 1, title: "x", author: {data: {name: "n"}}}) { affected_rows } }',
        "$.selectionSet.insert_books.args.objects[0]",
        'cannot insert object relationship "author" as "author_id" column values are already determined',
    ),
    (
        'mutation { insert_authors(objects: {name: "x", books: {data: {author_id: 3}}}) { affected_rows } }',
        "$.selectionSet.insert_authors.args.objects[0].books.data[0]",
        'cannot insert "author_id" columns as their values are already being determined by parent insert',
    ),
    (
        "mutation { update_books(where: {}) { affected_rows } }",
        "$.selectionSet.update_books.args",
        "at least any one of _set, _inc, _append, _prepend, _delete_key, _delete_elem and _delete_at_path operator is "
        "expected",
    ),
    (
        "mutation { update_books(where: {}, _set: {id: 1, sold: 2}, _inc: {sold: 1, id: 3}) { affected_rows } }",
        "$.selectionSet.update_books.args",
        "Column found in multiple operators: ['sold', 'id'].",
    ),
    (
        "mutation { update_books(where: null, _set: {id: 1}) { affected_rows } }",
        "$.selectionSet.update_books.args.where",
        "expected an object for type 'books_bool_exp', but found null",
    ),
    ("subscription { authors { id } }", "$", "subscriptions are not supported over HTTP, use websockets instead"),
]


@pytest.mark.parametrize(("query", "path", "message"), REFUSED, ids=[query for query, _, _ in REFUSED])
def test_it_is_refused(reading: Served, query: str, path: str, message: str) -> None:
    error = reading.refused(query)
    assert (error.message, error.path) == (message, path)
    assert error.code in {"validation-failed", "not-supported"}


VARIABLES = [
    (
        "$n: String",
        "limit: $n",
        {"n": "1"},
        f"{A}.limit",
        "variable 'n' is declared as 'String', but used where 'Int' is expected",
    ),
    (
        "$n: [Int]",
        "limit: $n",
        {"n": [1]},
        f"{A}.limit",
        "variable 'n' is declared as '[Int]', but used where 'Int' is expected",
    ),
    (
        "$n: Int!",
        "where: {name: {_eq: $n}}",
        {"n": 1},
        f"{A}.where.name._eq",
        "variable 'n' is declared as 'Int!', but used where 'String' is expected",
    ),
    ("$n: Int!", "limit: $n", {}, "$.variableValues", "expecting a value for non-nullable variable: 'n'"),
    ("$n: Int!", "limit: $n", {"n": None}, "$.variableValues.n", "null value found for non-nullable type: 'Int!'"),
    ("$n: Int", "limit: $n", {"m": 1}, "$.variableValues", "unexpected variables in variableValues: m"),
    ("$n: Int, $n: Int", "limit: $n", {}, "$", "multiple definitions for variable 'n'"),
    (
        "$w: authors_bool_exp",
        "where: $w",
        {"w": {"books": {"price": {"_frob": 1}}}},
        f"{A}.where.books.price._frob",
        "field '_frob' not found in type: 'numeric_comparison_exp'",
    ),
    (
        "$w: authors_bool_exp",
        "where: $w",
        {"w": {"id": {"_eq": None}}},
        f"{A}.where.id._eq",
        "unexpected null value for type 'Int'",
    ),
    (
        "$w: authors_bool_exp",
        "where: $w",
        {"w": ["x"]},
        f"{A}.where",
        "expected an object for type 'authors_bool_exp', but found a list",
    ),
    (
        "$o: order_by",
        "order_by: {id: $o}",
        {"o": 1},
        f"{A}.order_by[0].id",
        "expected an enum value for type 'order_by', but found an integer",
    ),
]


@pytest.mark.parametrize(
    ("declared", "used", "values", "path", "message"), VARIABLES, ids=[str(v[:3]) for v in VARIABLES]
)
def test_variables_are_checked_where_they_are_used(
    reading: Served, declared: str, used: str, values: Any, path: str, message: str
) -> None:
    error = reading.refused(f"query ({declared}) {{ authors({used}) {{ id }} }}", values)
    assert (error.message, error.path) == (message, path)


@pytest.mark.parametrize(
    ("declared", "used", "values", "count"),
    [
        ("$n: Int = 1", "limit: $n", {}, 1),
        ("$n: Int = 1", "limit: $n", {"n": 2}, 2),
        ("$n: Int", "limit: $n", {}, 3),
        ("$n: Int", "limit: $n", {"n": None}, 3),
        ("$n: Int", "offset: $n", {"n": "2"}, 1),
        ("$w: authors_bool_exp", "where: $w", {"w": None}, 3),
        ("$w: authors_bool_exp! = {id: {_eq: 1}}", "where: $w", {}, 1),
        ("$w: authors_bool_exp!", "where: {_and: [$w, $w]}", {"w": {"id": {"_gt": 1}}}, 2),
        ("$w: [authors_bool_exp!]", "where: {_or: $w}", {"w": [{"id": {"_eq": 1}}, {"id": {"_eq": 2}}]}, 2),
        ("$w: [authors_bool_exp!]", "where: {_or: $w}", {"w": []}, 0),
        ("$i: Int!", "where: {id: {_in: [1, $i]}}", {"i": 3}, 2),
        ("$i: [Int!]", "where: {id: {_nin: $i}}", {"i": []}, 3),
        ("$i: Int!", "where: {id: {_in: $i}}", {"i": 2}, 1),
        ("$o: [authors_order_by!]", "order_by: $o", {"o": [{"name": None}, {"id": "desc"}]}, 3),
        ("$o: order_by", "order_by: [{name: $o}, {id: asc}]", {"o": None}, 3),
        ("$b: Boolean", "where: {email: {_is_null: $b}}", {"b": True}, 1),
        ("$b: Boolean", "where: {email: {_is_null: $b}}", {"b": False}, 2),
        ("$j: jsonb", "where: {extra: {_contains: $j}}", {"j": {"level": 1}}, 1),
        ("$j: Int", "where: {extra: {_contains: {level: $j}}}", {"j": 3}, 1),
        ("$t: [String!]", "where: {tags: {_contains: $t}}", {"t": ["verse"]}, 2),
        ("$t: [String!]", "where: {tags: {_eq: $t}}", {"t": "{math,verse}"}, 1),
        ("$t: String", "where: {extra: {_has_keys_any: [$t]}}", {"t": "langs"}, 1),
        ('$d: date = "1800-01-01"', "where: {born: {_gt: $d}}", {}, 1),
        ("$unused: Nonsense", "limit: 1", {}, 1),
    ],
)
def test_values_come_in_many_ways(reading: Served, declared: str, used: str, values: Any, count: int) -> None:
    query = f"query ({declared}) {{ authors({used}) {{ id }} }}"
    for _ in range(2):
        assert len(reading.ask(query, values)["authors"]) == count
