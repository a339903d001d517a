from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from nself.graphql.errors import ApiError
from nself.graphql.language import scalars
from nself.pg.catalog import Type


@pytest.mark.parametrize(
    ("type_", "name"),
    [
        (Type(name="int4"), "Int"),
        (Type(name="int8"), "bigint"),
        (Type(name="int2"), "smallint"),
        (Type(name="float4"), "Float"),
        (Type(name="float8"), "float8"),
        (Type(name="varchar"), "String"),
        (Type(name="bool"), "Boolean"),
        (Type(name="citext", schema="public"), "citext"),
        (Type(name="sql_identifier", schema="information_schema", kind="domain"), "sql_identifier"),
        (Type(name="text", array=True), "String"),
    ],
)
def test_scalars_have_the_names_clients_expect(type_: Type, name: str) -> None:
    assert scalars.scalar_name(type_) == name


@pytest.mark.parametrize(
    ("type_name", "value", "text"),
    [
        ("int4", 5, "5"),
        ("int4", "5", "5"),
        ("int4", 3.0, "3"),
        ("float4", 1.5, "1.5"),
        ("bool", True, "true"),
        ("int8", 9007199254740993, "9007199254740993"),
        ("numeric", Decimal("1.10"), "1.10"),
        ("uuid", "a0ee", "a0ee"),
        ("jsonb", {"a": [1, None, "é"]}, '{"a":[1,null,"é"]}'),
        ("jsonb", "text", '"text"'),
        ("jsonb", Decimal("1.50"), "1.50"),
        ("point", "(1,2)", "(1,2)"),
        ("bytea", "\\x00ff", "\\x00ff"),
    ],
)
def test_values_become_the_text_postgresql_reads(type_name: str, value: Any, text: str) -> None:
    assert scalars.encoder(Type(name=type_name))(value, "$") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (["a", "b"], '{"a","b"}'),
        ([], "{}"),
        ([None, "NULL"], '{NULL,"NULL"}'),
        (['quo"te', "back\\slash", "c,d", "{e}"], '{"quo\\"te","back\\\\slash","c,d","{e}"}'),
        ([["a"], ["b"]], '{{"a"},{"b"}}'),
        ("{1,2}", "{1,2}"),
    ],
)
def test_lists_become_array_literals(value: Any, text: str) -> None:
    assert scalars.encoder(Type(name="text", array=True))(value, "$") == text


@pytest.mark.parametrize(
    ("type_name", "value", "message"),
    [
        ("int4", 2**31, "expected a 32-bit integer for type 'Int', but found an integer"),
        ("int4", True, "expected a 32-bit integer for type 'Int', but found a boolean"),
        ("int4", 1.5, "expected a 32-bit integer for type 'Int', but found a float"),
        ("text", 5, "expected a string for type 'String', but found an integer"),
        ("bool", 1, "expected a boolean for type 'Boolean', but found an integer"),
        ("float4", [], "expected a float for type 'Float', but found a list"),
        ("numeric", float("nan"), "a number must be finite"),
        ("numeric", float("inf"), "a number must be finite"),
        ("int4", float("inf"), "expected a 32-bit integer for type 'Int', but found a float"),
    ],
)
def test_values_of_the_wrong_kind_are_refused_at_their_path(type_name: str, value: Any, message: str) -> None:
    with pytest.raises(ApiError) as caught:
        scalars.encoder(Type(name=type_name))(value, "$.here")
    assert (caught.value.message, caught.value.path) == (message, "$.here")


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("$", "{}"),
        ("a", '{"a"}'),
        ("$.a.b", '{"a","b"}'),
        (".a[0]", '{"a","0"}'),
        ("objs.[0].['b c'][\"d\"]", '{"objs","0","b c","d"}'),
        ("['!@#$%^']", '{"!@#$%^"}'),
        ("$[10]", '{"10"}'),
    ],
)
def test_json_paths_become_keys(path: str, keys: str) -> None:
    assert scalars.json_path(path, "$") == keys


@pytest.mark.parametrize("path", ["a[", "a[x]", "a..b", "['a", "a[]", "a."])
def test_what_is_no_json_path_is_refused(path: str) -> None:
    with pytest.raises(ApiError):
        scalars.json_path(path, "$")


@pytest.mark.parametrize(
    ("value", "fits"),
    [(0, True), ("12", True), (2**40, True), (-1, False), ("-1", False), ("x", False), ("9" * 5000, False)],
)
def test_offsets_may_be_big_and_may_be_strings(value: Any, fits: bool) -> None:
    if fits:
        assert scalars.row_offset(value, "$") == str(value)
    else:
        with pytest.raises(ApiError):
            scalars.row_offset(value, "$")
