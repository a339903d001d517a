from __future__ import annotations

from typing import Any

import pytest

from nself.graphql.errors import ApiError
from nself.graphql.metadata import parse
from nself.graphql.metadata.model import ForeignKeyUsing, Source, TrackedFunction
from nself.graphql.metadata.reader import Reader
from nself.pg.catalog import Name
from tests.graphql.metadata.documents import ARTICLE, AUTHOR, everything


def test_names_of_tables_come_in_three_spellings() -> None:
    spellings: list[Any] = ["users", {"name": "users"}, {"schema": "public", "name": "users"}]
    assert {Reader(spelling).qualified() for spelling in spellings} == {Name("public", "users")}


def test_the_parts_of_a_table_are_typed() -> None:
    source = parse.metadata(everything()).sources["default"]
    article = source.tables[ARTICLE]
    assert article.object_relationships[0].using == ForeignKeyUsing(columns=("author_id",))
    assert article.select_permissions[0].query_root_fields == ()
    assert article.select_permissions[0].subscription_root_fields is None
    assert article.insert_permissions[0].columns.every
    assert article.update_permissions[0].check is None
    assert source.tables[AUTHOR].config.root_fields == {"select": "writers", "insert_one": "addWriter"}
    assert source.tables[AUTHOR].config.columns["name"].custom_name == "fullName"


def test_column_config_wins_over_the_older_custom_column_names() -> None:
    config = parse.config(
        Reader({"custom_column_names": {"a": "old", "b": "kept"}, "column_config": {"a": {"custom_name": "new"}}})
    )
    assert {name: entry.custom_name for name, entry in config.columns.items()} == {"a": "new", "b": "kept"}


def test_the_flat_format_describes_the_default_source_and_keeps_its_configuration() -> None:
    old = TrackedFunction(function=Name("public", "old"))
    known = Source(rest={"configuration": {"connection_info": {}}}, functions={old.function: old})
    metadata = parse.metadata({"tables": [{"table": "author"}], "functions": ["search"]}, default_source=known)
    source = metadata.sources["default"]
    assert list(source.tables) == [AUTHOR]
    assert list(source.functions) == [Name("public", "search")]
    assert source.rest == {"configuration": {"connection_info": {}}}


@pytest.mark.parametrize(
    ("breaks", "path", "message"),
    [
        (lambda raw: raw["sources"][0].pop("name"), "$.sources[0]", 'key "name" not found'),
        (
            lambda raw: raw["sources"][0]["tables"][0].update(table=7),
            "$.sources[0].tables[0].table",
            "parsing Object failed, expected Object, but encountered Number",
        ),
        (
            lambda raw: raw["sources"][0]["tables"][1]["select_permissions"][0].update(role=""),
            "$.sources[0].tables[1].select_permissions[0].role",
            "empty string not allowed",
        ),
        (
            lambda raw: raw["sources"][0]["tables"][1]["select_permissions"][0]["permission"].update(limit=-1),
            "$.sources[0].tables[1].select_permissions[0].permission.limit",
            "unexpected negative value",
        ),
        (
            lambda raw: raw["sources"][0]["tables"].append({"table": "author"}),
            "$.sources[0].tables[3]",
            'multiple declarations exist for the following table: "author"',
        ),
        (lambda raw: raw.update(version=4), "$.version", "expected 1, 2 or 3, encountered 4"),
        (
            lambda raw: raw["sources"][0]["tables"][1]["object_relationships"][0].update(using={}),
            "$.sources[0].tables[1].object_relationships[0].using",
            "using must have exactly one of foreign_key_constraint_on and manual_configuration",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_path(breaks: Any, path: str, message: str) -> None:
    raw = everything()
    breaks(raw)
    with pytest.raises(ApiError) as caught:
        parse.metadata(raw)
    assert (caught.value.code, caught.value.path, caught.value.message) == ("parse-failed", path, message)
