from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nself.model.nodes import Items, Scalar, Table, parse


def problems(text: str) -> list[str]:
    return [str(problem) for problem in parse(text, "nself.yml")[1]]


def test_every_scalar_is_text_and_knows_its_line() -> None:
    table, found = parse("a: no\nb:\n  c: 1.10\n  d: [x, 'y']\ne: null\nf: 'null'\n", "nself.yml")
    assert not found
    assert table.entries["a"] == Scalar("no", 1)
    inner = table.entries["b"]
    assert isinstance(inner, Table)
    assert inner.entries["c"] == Scalar("1.10", 3)
    assert inner.entries["d"] == Items((Scalar("x", 4), Scalar("y", 4)), 4)
    assert inner.lines == {"c": 3, "d": 4}
    assert (table.entries["e"], table.entries["f"]) == (Scalar(None, 5), Scalar("null", 6))


def test_a_key_that_is_there_twice_is_reported_with_both_lines() -> None:
    assert problems("a: 1\nb:\n  c: 1\n  c: 2\na: 2\n") == [
        "nself.yml:4: b.c: is there twice, first in line 3",
        "nself.yml:5: a: is there twice, first in line 1",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &x [1]\nb: *x\n", "nself.yml:2: aliases (*name) are not read here: write the value out"),
        ("a: !!python/object/apply:os.system [id]\n", "nself.yml:1: tags (!name) are not read here"),
        ("a: !custom x\n", "nself.yml:1: tags (!name) are not read here"),
        ("? [a, b]\n: c\n", "nself.yml:1: a mapping key must be text"),
        ("- a\n- b\n", "nself.yml:1: expected a mapping (key: value) at the top"),
        ("just text\n", "nself.yml:1: expected a mapping (key: value) at the top"),
        ("a: 1\n---\nb: 2\n", "nself.yml:3: holds several documents (---): only the first is read"),
        ("a: " + "[" * 200, "nself.yml:1: is nested too deeply"),
    ],
)
def test_what_a_settings_file_has_no_use_for_is_refused(text: str, said: str) -> None:
    assert problems(text) == [said]


def test_broken_yaml_is_reported_with_its_line() -> None:
    (found,) = problems("a: 1\nb: [1, 2\nc: 3\n")
    assert found.startswith("nself.yml:3: is not valid YAML: ")


def test_an_empty_file_is_an_empty_table() -> None:
    for text in ("", "\n# nothing\n", "---\n", "~\n"):
        assert parse(text, "nself.yml") == (Table({}, {}, 1), [])


def test_a_bomb_of_aliases_does_not_explode() -> None:
    text = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    assert "aliases" in problems(text)[0]


@given(st.text(alphabet=st.sampled_from("ab: \n-[]{}'\"#&*!|>%@?,\t"), max_size=60))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    parse(text, "nself.yml")


@given(st.text(max_size=100))
def test_no_unicode_makes_the_reader_fail(text: str) -> None:
    parse(text, "nself.yml")
