from __future__ import annotations

import pytest

from nself.graphql.errors import ApiError
from nself.graphql.language.document import operation


def test_the_only_operation_needs_no_name() -> None:
    assert operation("query Q { a }", None).node.name is not None
    assert operation("query Q { a }", "Q").kind.value == "query"
    assert operation("mutation { a }", None).kind.value == "mutation"


@pytest.mark.parametrize("name", [None, "C", ""])
def test_among_several_one_must_be_named(name: str | None) -> None:
    with pytest.raises(ApiError) as caught:
        operation("query A { a } query B { b }", name)
    assert caught.value.code == "validation-failed"
    assert operation("query A { a } query B { b }", "B").node.name.value == "B"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text", ["", "{", "{ a", "query", "{ a(b: ) }", "fragment f on x { a }", "{ a } }", "\ufeff\x00"]
)
def test_what_is_not_graphql_is_refused(text: str) -> None:
    with pytest.raises(ApiError) as caught:
        operation(text, None)
    assert caught.value.code == "validation-failed"


def test_a_long_chain_of_fragments_is_no_cycle() -> None:
    chain = "".join(f"fragment f{i} on t {{ ...f{i + 1} }} " for i in range(3000)) + "fragment f3000 on t { a }"
    assert len(operation("{ ...f0 } " + chain, None).fragments) == 3001


def test_a_cycle_through_nested_fields_is_found() -> None:
    with pytest.raises(ApiError) as caught:
        operation("{ ...a } fragment a on t { x { ... on u { ...b } } } fragment b on u { y { ...a } }", None)
    assert caught.value.message == "the fragment definition(s) a, b form a cycle"


def test_where_the_syntax_breaks_is_told_aside() -> None:
    with pytest.raises(ApiError) as caught:
        operation("{ a\n b( }", None)
    assert (caught.value.message, caught.value.path) == ("not a valid graphql query", "$.query")
    assert caught.value.internal["locations"] == [[2, 5]]


@pytest.mark.parametrize("filling", ["a ", "#a\n", "   " * 10, '"' + "x" * 50 + '" '])
def test_a_text_that_takes_long_to_read_is_refused_before(filling: str) -> None:
    text = "{ a(b: [%s]) }"
    assert operation(text % (filling * 10), None, most_tokens=100)
    with pytest.raises(ApiError, match="the operation is too long"):
        operation(text % (filling * 200), None, most_tokens=100)
    assert operation(text % (filling * 200), None)
