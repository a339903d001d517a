from __future__ import annotations

from typing import Any

import pytest

from nself.graphql.metadata import export, parse
from nself.graphql.metadata.reader import Reader
from tests.graphql.metadata.documents import everything


def test_metadata_survives_a_round_trip_with_keys_nobody_knows() -> None:
    raw = everything()
    assert export.metadata(parse.metadata(raw)) == raw


def test_what_is_exported_parses_to_the_same() -> None:
    metadata = parse.metadata(everything())
    assert parse.metadata(export.metadata(metadata)) == metadata


@pytest.mark.parametrize(
    "using",
    [
        {"foreign_key_constraint_on": ["a", "b"]},
        {"foreign_key_constraint_on": {"columns": ["a", "b"], "table": {"schema": "s", "name": "t"}}},
        {
            "manual_configuration": {
                "column_mapping": {"a": "b"},
                "insertion_order": "after_parent",
                "remote_table": {"schema": "s", "name": "t"},
            }
        },
    ],
)
def test_relationships_of_every_kind_come_back(using: dict[str, Any]) -> None:
    assert export.using(parse.using(Reader(using))) == using


def test_empty_and_default_parts_are_left_out() -> None:
    raw = {"sources": [{"name": "default", "tables": [{"table": "t", "is_enum": False, "select_permissions": []}]}]}
    exported = export.metadata(parse.metadata(raw))
    assert exported["sources"][0]["tables"] == [{"table": {"schema": "public", "name": "t"}}]
