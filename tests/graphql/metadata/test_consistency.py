from __future__ import annotations

from typing import Any

import pytest

from nself.graphql.metadata import consistency, parse
from nself.pg.catalog import Catalog
from tests.graphql.metadata.documents import CATALOG, everything


def without_functions() -> dict[str, Any]:
    raw = everything()
    del raw["sources"][0]["functions"], raw["sources"][0]["tables"][0]["computed_fields"]
    return raw


def found(raw: dict[str, Any], catalog: Catalog = CATALOG) -> dict[str, str]:
    return {entry.name: entry.reason for entry in consistency.check(parse.metadata(raw), {"default": catalog})}


def test_metadata_that_fits_is_consistent() -> None:
    assert found(without_functions()) == {}


def test_without_its_tables_only_the_tables_are_named() -> None:
    assert list(found(without_functions(), Catalog())) == [
        "table author in source default",
        "table article in source default",
        "table hr.mood in source default",
    ]


def test_what_hangs_on_a_missing_table_is_named_where_it_stands() -> None:
    tables = {name: table for name, table in CATALOG.tables.items() if name.name != "author"}
    assert found(without_functions(), Catalog(tables=tables)) == {
        "table author in source default": 'Inconsistent object: no such table/view exists in source: "author"',
        "object_relation author in table article in source default": (
            'Inconsistent object: table "author" is not tracked'
        ),
    }


@pytest.mark.parametrize(
    ("table", "change", "name", "reason"),
    [
        (
            1,
            {"is_enum": True},
            "table article in source default",
            'the table "article" cannot be used as an enum for the following reasons:\n'
            '  • the table’s primary key ("id") must have type "text", not type "integer"\n'  # noqa: RUF001
            "  • the table must have exactly one primary key and optionally one comment column, "
            "not 3 columns (author_id, id, title)\n",
        ),
        (
            1,
            {"configuration": {"column_config": {"title": {"custom_name": "author"}}}},
            "object_relation author in table article in source default",
            'field definition conflicts with custom field name for postgres column "title"',
        ),
        (
            1,
            {"delete_permissions": [], "update_permissions": [
                {"role": "user", "permission": {"columns": [], "filter": {}, "set": {"gone": 1}}}
            ]},
            "update_permission user in table article in source default",
            'in table "article": in permission for role "user": column "gone" does not exist',
        ),
        (
            0,
            {"array_relationships": [{"name": "x", "using": {"manual_configuration": {
                "remote_table": "article", "column_mapping": {"id": "writer"}
            }}}]},
            "array_relation x in table author in source default",
            'in table "author": in relationship "x": column "writer" of table "article" does not exist',
        ),
    ],
)  # fmt: skip
def test_reasons_are_told_in_hasuras_words(table: int, change: dict[str, Any], name: str, reason: str) -> None:
    raw = without_functions()
    raw["sources"][0]["tables"][table] |= change
    assert found(raw)[name] == f"Inconsistent object: {reason}"
