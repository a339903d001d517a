"""One name must not stand for two types: a role could read one table through another's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.graphql.served import Served


@pytest.mark.parametrize(
    ("tables", "left_out"),
    [
        (["users", "users_aggregate"], {"users_aggregate"}),
        (["users", "users_bool_exp"], {"users_bool_exp"}),
        (["order_by"], {"order_by"}),
        (["String"], {"String"}),
        (["date"], {"date"}),
        (["query_root"], {"query_root"}),
        (["a b"], {"a b"}),
        (["__secret"], {"__secret"}),
        (["Int_comparison_exp"], {"Int_comparison_exp"}),
    ],
)
def test_a_table_whose_types_would_clash_is_left_out_and_reported(
    empty: Served, tables: list[str], left_out: set[str]
) -> None:
    for table in tables:
        empty.sql(f'CREATE TABLE "{table}" (id int PRIMARY KEY, day date)')
    found = empty.track(*tables)
    assert {entry.name for entry in found} == {f"table {name} in source default" for name in left_out}
    assert all(entry.reason.startswith("Inconsistent object: ") for entry in found)
    for table in set(tables) - left_out:
        assert empty.ask(f"{{ {table} {{ id }} {table}_aggregate {{ aggregate {{ count }} }} }}")


def test_two_tables_of_one_name_do_not_mix(empty: Served) -> None:
    empty.sql("CREATE SCHEMA a; CREATE TABLE a.notes (id int, secret text); CREATE TABLE a_notes (id int)")
    other: dict[str, Any] = {"table": {"schema": "a", "name": "notes"}}
    [entry] = empty.track("a_notes", other)
    assert 'the name "a_notes" is already taken' in entry.reason
    assert empty.track("a_notes", {**other, "configuration": {"custom_name": "notes"}}) == []
    assert empty.ask("{ a_notes { id } notes { secret } }") == {"a_notes": [], "notes": []}


def test_names_need_not_be_tame_below_a_custom_name(empty: Served) -> None:
    empty.sql('CREATE TABLE "wild ""table""" (id int PRIMARY KEY, "true" int, "né" int, "from" int)')
    empty.sql('INSERT INTO "wild ""table""" VALUES (1, 2, 3, 4)')
    columns = {"né": {"custom_name": "born"}}
    wild = {"table": 'wild "table"', "configuration": {"custom_name": "wild", "column_config": columns}}
    assert empty.track(wild) == []
    assert empty.ask(
        "{ wild(where: {true: {_eq: 2}, from: {_in: [4]}}, order_by: {born: asc}) { true born from } }"
    ) == {"wild": [{"true": 2, "born": 3, "from": 4}]}
