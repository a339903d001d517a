from __future__ import annotations

import pytest
from graphql import get_introspection_query

from nself.graphql.admission.measure import ASSUMED_ROWS, Measured, measured
from nself.graphql.errors import ApiError
from nself.graphql.language.document import operation
from nself.graphql.language.scalars import scalar
from nself.graphql.language.types import Field, InputField, ListOf, NonNull, Object

INT = scalar("Int")


def library() -> Object:
    """Shelves hold books, a book has one author, an author has books again."""
    limit = {"limit": InputField(name="limit", type=INT)}

    def books(name: str) -> Field:
        return Field(name=name, type=NonNull(ListOf(NonNull(book))), arguments=limit)

    author = Object("author", lambda: [Field(name="id", type=INT), books("books")])
    book = Object("book", lambda: [Field(name="id", type=INT), Field(name="author", type=author)])
    nodes = Object("book_aggregate", lambda: [Field(name="nodes", type=NonNull(ListOf(NonNull(book))))])
    aggregate = Field(name="books_aggregate", type=NonNull(nodes), arguments=limit)
    return Object("query_root", lambda: [books("books"), aggregate])


def sized(text: str) -> Measured:
    return measured(operation(text, None), library())


def test_depth_counts_levels_and_nodes_count_fields_with_selections() -> None:
    found = sized("{ books { id author { id books { id } } } again: books { id } }")
    assert (found.depth, found.nodes) == (4, 4)


def test_a_list_costs_its_limit_times_that_of_the_lists_around_it() -> None:
    assert sized("{ books(limit: 3) { id } }").constant == 3
    assert sized("{ books(limit: 3) { author { books(limit: 5) { id } } } }").constant == 3 + 3 + 15
    assert sized("{ books { author { books { id } } } }").constant == ASSUMED_ROWS * (1 + 1 + ASSUMED_ROWS)
    assert sized("{ books_aggregate(limit: 7) { nodes { id } } }").constant == 1 + 7
    assert sized("{ books(limit: 99999999999999999999999999) { id } }").constant == 10**18


def test_a_limit_in_a_variable_is_looked_at_in_each_request() -> None:
    found = sized("query ($n: Int) { books(limit: $n) { author { books(limit: 2) { id } } } }")
    assert found.cost({"n": 10}) == 10 + 10 + 20
    assert found.cost({}) == found.cost({"n": None}) == ASSUMED_ROWS * 4
    assert found.cost({"n": 10**30}) > 10**18


def test_fragments_count_where_they_are_spread() -> None:
    found = sized("{ books(limit: 2) { ...B ... on book { author { id } } } } fragment B on book { author { id } }")
    assert (found.nodes, found.constant) == (3, 6)


def test_asking_for_the_schema_is_noted_and_costs_nothing() -> None:
    deep = "{ __schema { types { fields { type { ofType { ofType { ofType { name } } } } } } } __typename }"
    found = sized(deep)
    assert (found.introspects, found.depth, found.nodes) == (["__schema"], 1, 0)
    assert sized('{ ...F } fragment F on query_root { __type(name: "x") { name } }').introspects == ["__type"]


def test_fields_that_do_not_exist_are_measured_all_the_same() -> None:
    found = sized("{ what { is { this } } }")
    assert (found.depth, found.nodes, found.constant) == (3, 2, 2)


def test_fragments_that_multiply_are_cut_off() -> None:
    doubling = "".join(f"fragment F{n} on book {{ ...F{n + 1} ...F{n + 1} }} " for n in range(40))
    with pytest.raises(ApiError, match="selects more than 20000 fields"):
        sized("{ books { ...F0 } } " + doubling + "fragment F40 on book { id }")


def test_a_negative_limit_takes_nothing_off_the_cost() -> None:
    """It is refused where it counts, but not in a field that is skipped."""
    assert sized("{ books { id } less: books(limit: -1000000) @skip(if: true) { id } }").constant == 2 * ASSUMED_ROWS


@pytest.mark.parametrize(
    "text",
    [
        "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
        "{ __schema { types { ...F } } } fragment F on __Type { possibleTypes { interfaces { fields { name } } } }",
        "{ " + " ".join(f"a{n}: __schema {{ types {{ name }} }}" for n in range(9)) + " }",
    ],
)
def test_the_schema_is_not_told_over_and_over(text: str) -> None:
    with pytest.raises(ApiError, match="too much of the schema"):
        sized(text)


def test_the_usual_introspection_is_within_bounds() -> None:
    usual = get_introspection_query(input_value_deprecation=True, directive_is_repeatable=True)
    assert sized(usual).introspects == ["__schema"]
    assert sized('{ __type(name: "t") { fields { type { fields { type { name } } } } } }').introspects == ["__type"]
