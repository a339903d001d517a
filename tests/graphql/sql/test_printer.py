"""Nothing but the printer writes SQL: what it quotes, PostgreSQL must read back as it was."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from nself.graphql.language.scalars import INT, TEXT
from nself.graphql.sql import tree as sql
from nself.graphql.sql.printer import identifier, literal, printed
from nself.graphql.sql.values import Constant
from nself.pg.catalog import Name, Type
from tests.graphql.served import Served

WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=12)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(name=WORDS, text=WORDS)
def test_any_name_and_any_text_survive_quoting(reading: Served, name: str, text: str) -> None:
    select = sql.Select(columns=((sql.Text(text), name),))
    row = reading.run(reading.database.fetch_row(printed(select).text))
    assert row is not None
    assert dict(row) == {name: text}


def test_quotes_are_doubled_and_backslashes_kept() -> None:
    assert identifier('a"b') == '"a""b"'
    assert literal("it's") == "'it''s'"
    assert literal("\\'") == "E'\\\\'''"


def test_equal_sources_are_one_parameter_and_numbers_follow_the_text() -> None:
    one, two = Constant("1"), Constant("2")
    both = sql.both(
        sql.Infix(sql.Column("t", "a"), "=", sql.Parameter(two, INT)),
        sql.Infix(sql.Column("t", "b"), "=", sql.Parameter(one, TEXT)),
        sql.Infix(sql.Column("t", "c"), "=", sql.Parameter(two, Type(name="citext", schema="ext"))),
    )
    select = sql.Select(columns=((sql.STAR, None),), source=sql.Table(Name("s", "t"), "t"), where=both)
    statement = printed(select)
    assert statement.parameters == (two, one)
    assert statement.text == (
        'SELECT * FROM "s"."t" AS "t" WHERE (("t"."a" = ($1::text)::"int4") AND ("t"."b" = ($2::text)::"text")'
        ' AND ("t"."c" = ($1::text)::"ext"."citext"))'
    )


def test_a_conjunction_is_flat_and_leaves_out_what_is_true() -> None:
    column = sql.Column("t", "a")
    assert sql.both() == sql.TRUE
    assert sql.both(sql.TRUE, column) == column
    assert sql.both(sql.All((column, column)), column) == sql.All((column, column, column))


def test_shapes_are_read_from_geojson() -> None:
    parameter = sql.Parameter(Constant("{}"), Type(name="geography", schema="public"))
    text = printed(sql.Select(columns=((parameter, None),))).text
    assert text == 'SELECT ("public".ST_GeomFromGeoJSON($1::text))::"public"."geography"'


def test_objects_of_many_keys_are_put_together_as_text(reading: Served) -> None:
    pairs = tuple((f"k{i}", sql.Cast(sql.NULL, TEXT) if i == 3 else sql.Number(i)) for i in range(60))
    select = sql.Select(columns=((sql.Cast(sql.Json(pairs), TEXT), None),))
    answer = reading.run(reading.database.fetch_value(printed(select).text))
    assert answer.startswith('{"k0":0,"k1":1,"k2":2,"k3":null,')
    assert answer.endswith('"k59":59}')
