from __future__ import annotations

from typing import Any

import pytest

from tests.graphql.served import Served

COLORS: dict[str, Any] = {"table": "colors", "is_enum": True}
CARS: dict[str, Any] = {
    "table": "cars",
    "object_relationships": [{"name": "shade", "using": {"foreign_key_constraint_on": "color"}}],
}


@pytest.fixture
def cars(empty: Served) -> Served:
    empty.sql(
        """CREATE TABLE colors (value text PRIMARY KEY, comment text);
        CREATE TABLE cars (id serial PRIMARY KEY, color text NOT NULL REFERENCES colors);
        INSERT INTO colors VALUES ('red', 'fast'), ('blue', NULL); INSERT INTO cars (color) VALUES ('red')"""
    )
    return empty


def test_columns_pointing_to_an_enum_table_take_its_values_only(cars: Served) -> None:
    assert cars.track(COLORS, CARS) == []
    query = "mutation ($c: colors_enum!) { insert_cars_one(object: {color: $c}) { color shade { comment } } }"
    assert cars.ask(query, {"c": "blue"}) == {"insert_cars_one": {"color": "blue", "shade": {"comment": None}}}
    bad = "expected one of the values ['blue', 'red'] for type 'colors_enum', but found 'pink'"
    assert cars.refused(query, {"c": "pink"}).message == bad
    error = cars.refused("{ cars(where: {color: {_eq: pink}}) { id } }")
    assert (error.message, error.path) == (bad, "$.selectionSet.cars.args.where.color._eq")
    error = cars.refused('{ cars(where: {color: {_eq: "red"}}) { id } }')
    assert error.message == "expected an enum value for type 'colors_enum', but found a string"
    error = cars.refused("{ cars(where: {color: {_like: red}}) { id } }")
    assert error.message == "field '_like' not found in type: 'colors_enum_comparison_exp'"


def test_rows_of_a_variable_are_checked_one_by_one(cars: Served) -> None:
    cars.track(COLORS, CARS)
    query = "mutation ($r: [cars_insert_input!]!) { insert_cars(objects: $r) { affected_rows } }"
    assert cars.ask(query, {"r": [{"color": "red"}, {"color": "blue"}]})["insert_cars"] == {"affected_rows": 2}
    error = cars.refused(query, {"r": [{"color": "red"}, {"color": "pink"}]})
    assert error.path == "$.selectionSet.insert_cars.args.objects[1].color"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("INSERT INTO colors VALUES ('dark red')", 'the value "dark red" is not a valid GraphQL enum value name'),
        ("INSERT INTO colors VALUES ('true')", 'the value "true" is not a valid GraphQL enum value name'),
        (
            "INSERT INTO colors VALUES ('a b'), ('c d')",
            'the values "a b", "c d" are not valid GraphQL enum value names',
        ),
        ("DELETE FROM cars; DELETE FROM colors", "the table must have at least one row"),
    ],
)
def test_rows_that_cannot_be_values_make_the_table_inconsistent(cars: Served, change: str, reason: str) -> None:
    cars.sql(change)
    found = {entry.name: entry.reason for entry in cars.track(COLORS, CARS)}
    start = 'Inconsistent object: the table "colors" cannot be used as an enum because '
    assert found == {
        "table colors in source default": start + reason,
        "object_relation shade in table cars in source default": 'Inconsistent object: table "colors" is not tracked',
    }
    assert "cars" in cars.ask("{ cars { color } }")
