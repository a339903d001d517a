from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nself.graphql.transforms.evaluate import evaluated, filled
from nself.graphql.transforms.failures import TemplateError
from nself.graphql.transforms.functions import session_functions

BODY = {"name": 'A "quoted" one', "count": 3, "nothing": None, "rows": [{"id": 1}, {"id": 2}], "a key": True}
NAMES = {"$body": BODY, "$base_url": "http://host"}
FUNCTIONS = session_functions({"x-hasura-user-id": "7"})


def made(template: str) -> Any:
    return evaluated(template, NAMES, FUNCTIONS)


def refused(template: str) -> tuple[str, str]:
    with pytest.raises(TemplateError) as caught:
        made(template)
    return caught.value.code, caught.value.message


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{ $body.count }}", 3),
        ("$body.count", 3),
        ("{{ $body['a key'] }}", True),
        ("{{ $body.rows[1].id }}", 2),
        ('{"id": {{ $body.rows[0].id }}, "in": {"list": [1, {{ $body.count }}]}}', {"id": 1, "in": {"list": [1, 3]}}),
        ('{"a": {{ {"b": 1} }}}', {"a": {"b": 1}}),
        ('"{{ $body.name }} of {{ $body.count }}, {{ $body.nothing }}"', 'A "quoted" one of 3, null'),
        ('"\\u00e9\\n \\ud83d\\ude00 { }"', "é\n 😀 { }"),
        ('{{ $body?.missing.deeper }}', None),
        ('{{ $body?.missing ?? "instead" }}', "instead"),
        ("{{ $body.nothing ?? $body.count }}", 3),
        ("{{ if $body.count >= 3 && ($body.count != 4) }} 1 {{ else }} 2 {{ end }}", 1),
        ("{{ if false }} 1 {{ elif $body.count == 3 }} 2 {{ else }} 3 {{ end }}", 2),
        ("{{ if 1 in [1, 2] || false }} 1 {{ else }} 2 {{ end }}", 1),
        ("{{ range i, x := $body.rows }} {{ x.id }} {{ end }}", [1, 2]),
        ("[0, {{ range _, x := $body.rows }} {{ x.id }} {{ end }}]", [0, 1, 2]),
        ("{{ range i, _ := $body.rows }} {{ if i > 0 }} {{ i }} {{ else }} null {{ end }} {{ end }}", [None, 1]),
        ('{{ getSessionVariable("X-Hasura-User-Id") }}', "7"),
        ('"user {{ getSessionVariable("x-hasura-user-id") }}"', "user 7"),
        ("1.10", Decimal("1.10")),
    ],
)  # fmt: skip
def test_a_template_makes_json(template: str, value: Any) -> None:
    assert made(template) == value


@pytest.mark.parametrize(
    ("call", "value"),
    [
        ('empty("")', True),
        ("empty(null)", True),
        ("empty($body)", False),
        ("size($body.rows)", 2),
        ('inverse("abc")', "cba"),
        ("not(true)", False),
        ("head($body.rows)", {"id": 1}),
        ("tail([1, 2])", [2]),
        ('toUpper("ab")', "AB"),
        ('toTitle("ab cd")', "Ab Cd"),
        ('fromPairs([["a", 1]])', {"a": 1}),
        ('toPairs({"a": 1})', [["a", 1]]),
        ("removeNulls([1, null])", [1]),
        ('concat(["a", "b"])', "ab"),
        ('concat([{"a": 1}, {"a": 2}])', {"a": 2}),
        ('escapeUri("a b/c")', "a%20b%2Fc"),
    ],
)
def test_functions(call: str, value: Any) -> None:
    assert made(f"{{{{ {call} }}}}") == value


@pytest.mark.parametrize(
    ("template", "error"),
    [
        ("$body.count }}", ("Parse Error", "Unexpected token '}'.")),
        ("[1", ("Parse Error", "Unexpected end of the template.")),
        ("{{ if true }} 1", ("Parse Error", "Unexpected end of the template.")),
        ("{{ end }}", ("Parse Error", "Unexpected token 'end'.")),
        ('"\\ud83d"', ("Parse Error", "Unexpected token '\\'.")),
        ("{{ $other }}", ("Name Error", "Variable '$other' not in scope")),
        ("{{ __import__(1) }}", ("Name Error", "Variable '__import__' not in scope")),
        ("{{ $body.missing }}", ("Path Error", "'missing' not found in path")),
        ("{{ $body.rows[2] }}", ("Path Error", "'2' not found in path")),
        ("{{ $body.name.__class__ }}", ("Path Error", "'__class__' not found in path")),
        ("{{ if 1 }} 1 {{ end }}", ("Type Error", "Expected a boolean, found Number.")),
        ('{{ if 1 > "a" }} 1 {{ end }}', ("Type Error", "Cannot compare Number with String.")),
        ('"{{ $body.rows }}"', ("Type Error", "Cannot interpolate type: 'Array'.")),
        ("{{ range _, x := $body.name }}1{{ end }}", ("Type Error", "Expected an array to range over, found String.")),
        ('{{ getSessionVariable("x-other") }}', ("Function Error", 'Session variable "x-other" not found')),
        ('{{ inverse(0) }}', ("Function Error", "Cannot divide by zero.")),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(template: str, error: tuple[str, str]) -> None:
    assert refused(template) == error


def test_an_error_says_where_in_the_template() -> None:
    with pytest.raises(TemplateError) as caught:
        made('{\n  "a": {{ $other }}\n}')
    assert caught.value.told["source_position"] == {
        "start_line": 1,
        "start_column": 11,
        "end_line": 1,
        "end_column": 17,
    }


@pytest.mark.parametrize(
    "template",
    [
        "[" * 1000 + "]" * 1000,
        "{{ " + "(" * 1000 + "1" + ")" * 1000 + " }}",
        "{{ 1" + " ?? 1" * 1000 + " }}",
        " " * 300_000,
        "1" * 5000,
        # Each level ten times as many: a billion in all.
        "{{ range a, _ := $ten }} " * 9 + "1" + " {{ end }}" * 9,
        # Each level twice as long.
        '{{ concat([concat(["' + "x" * 1000 + '"' + "])" * 2 + " }}",
    ],
)
def test_templates_have_bounds(template: str) -> None:
    names = {**NAMES, "$ten": list(range(10))}
    try:
        found = evaluated(template, names, FUNCTIONS)
    except TemplateError as error:
        assert error.code in ("Limit Error", "Parse Error")
    else:
        assert len(json.dumps(found)) < 10_000


def test_text_templates_are_the_inside_of_a_string() -> None:
    assert filled("{{ $base_url }}/{{ $body.count }}?q=%20", NAMES, FUNCTIONS) == "http://host/3?q=%20"
    assert filled('as "is"', NAMES, FUNCTIONS) == 'as "is"'
    assert filled("", NAMES, FUNCTIONS) == ""


def test_a_text_that_is_one_null_is_no_text() -> None:
    assert filled("{{ $body.nothing }}", NAMES, FUNCTIONS) is None
    assert filled("x{{ $body.nothing }}", NAMES, FUNCTIONS) == "xnull"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=15,
)


@given(JSON)
def test_json_is_a_template_of_itself(value: Any) -> None:
    text = json.dumps(value)
    if "{{" not in text:
        assert made(text) == value


@given(st.text(alphabet="{}[]\"'$.?:,()0 \\abein_=<>&|#", max_size=40))
def test_no_text_makes_the_parser_stumble(text: str) -> None:
    for run in (evaluated, filled):
        try:
            run(text, NAMES, FUNCTIONS)
        except TemplateError as error:
            assert error.told["message"]
