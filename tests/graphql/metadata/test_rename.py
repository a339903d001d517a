"""New names reach everything that says the old ones."""

from __future__ import annotations

from typing import Any

from nself.graphql.metadata import dependencies, export, parse, rename
from nself.graphql.metadata.dependencies import Part
from nself.pg.catalog import Catalog, Column, ForeignKey, Name, Table, Type

AUTHOR, ARTICLE = Name("public", "author"), Name("public", "article")
INT = Type(name="int4")


def columns(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name=name, type=INT, nullable=True) for name in names)


CATALOG = Catalog(
    tables={
        AUTHOR: Table(name=AUTHOR, columns=columns("id", "boss")),
        ARTICLE: Table(
            name=ARTICLE,
            columns=columns("id", "writer", "state"),
            foreign_keys=(ForeignKey(name="fk", columns=("writer",), target=AUTHOR, target_columns=("id",)),),
        ),
    }
)
TO_REMOTE = {
    "remote_schema": "bank",
    "lhs_fields": ["id", "writer"],
    "remote_field": {"account": {"arguments": {"who": "$writer", "deep": [{"key": "$id"}], "text": "writer"}}},
}
DEEP = {
    "_or": [
        {"author": {"boss": {"_ceq": "id"}}},
        {"_exists": {"_table": {"schema": "public", "name": "author"}, "_where": {"boss": {"_ceq": ["$", "writer"]}}}},
        {"_not": {"author": {"articles": {"state": {"_in": [1]}}}}},
    ]
}


def metadata() -> Any:
    return parse.metadata(
        {
            "version": 3,
            "sources": [
                {
                    "name": "default",
                    "kind": "postgres",
                    "tables": [
                        {
                            "table": "author",
                            "array_relationships": [
                                {
                                    "name": "articles",
                                    "using": {"foreign_key_constraint_on": {"table": "article", "column": "writer"}},
                                },
                                {
                                    "name": "by_hand",
                                    "using": {
                                        "manual_configuration": {
                                            "remote_table": "article",
                                            "column_mapping": {"boss": "writer"},
                                        }
                                    },
                                },
                            ],
                        },
                        {
                            "table": "article",
                            "configuration": {"column_config": {"writer": {"custom_name": "by"}}},
                            "object_relationships": [
                                {"name": "author", "using": {"foreign_key_constraint_on": "writer"}}
                            ],
                            "remote_relationships": [
                                {"name": "account", "definition": {"to_remote_schema": TO_REMOTE}},
                                {
                                    "name": "twin",
                                    "definition": {
                                        "to_source": {
                                            "source": "default",
                                            "table": "author",
                                            "relationship_type": "object",
                                            "field_mapping": {"writer": "boss"},
                                        }
                                    },
                                },
                            ],
                            "insert_permissions": [
                                {
                                    "role": "user",
                                    "permission": {"check": DEEP, "columns": ["writer"], "set": {"state": 1}},
                                }
                            ],
                        },
                    ],
                }
            ],
        }
    )


def tables(whole: Any) -> dict[str, Any]:
    return {one["table"]["name"]: one for one in export.metadata(whole)["sources"][0]["tables"]}


def test_a_column_and_a_table_are_renamed_wherever_they_are_named() -> None:
    names = rename.Renames(
        tables={AUTHOR: Name("public", "person")},
        columns={(ARTICLE, "writer"): "person_id", (ARTICLE, "state"): "status", (AUTHOR, "boss"): "chief"},
    )
    found = tables(rename.apply(metadata(), CATALOG, "default", names))
    person, article = found["person"], found["article"]
    over, by_hand = (entry["using"] for entry in person["array_relationships"])
    assert over["foreign_key_constraint_on"]["column"] == "person_id"
    assert by_hand["manual_configuration"]["column_mapping"] == {"chief": "person_id"}
    assert article["configuration"]["column_config"] == {"person_id": {"custom_name": "by"}}
    assert article["object_relationships"][0]["using"] == {"foreign_key_constraint_on": "person_id"}
    account, twin = (entry["definition"] for entry in article["remote_relationships"])
    assert account["to_remote_schema"]["lhs_fields"] == ["id", "person_id"]
    assert account["to_remote_schema"]["remote_field"]["account"]["arguments"] == {
        "who": "$person_id",
        "deep": [{"key": "$id"}],
        "text": "writer",
    }
    assert twin["to_source"]["field_mapping"] == {"person_id": "chief"}
    assert twin["to_source"]["table"] == {"schema": "public", "name": "person"}
    permission = article["insert_permissions"][0]["permission"]
    assert permission["columns"] == ["person_id"]
    assert permission["set"] == {"status": 1}
    first, second, third = permission["check"]["_or"]
    assert first == {"author": {"chief": {"_ceq": "id"}}}
    assert second["_exists"] == {
        "_table": {"schema": "public", "name": "person"},
        "_where": {"chief": {"_ceq": ["$", "person_id"]}},
    }
    assert third == {"_not": {"author": {"articles": {"status": {"_in": [1]}}}}}


def needing(*parts: Part) -> set[str]:
    return {str(entry).removesuffix(' in source "default"') for entry in dependencies.dependents(
        metadata(), CATALOG, "default", set(parts))}  # fmt: skip


def test_whatever_names_a_column_depends_on_it() -> None:
    assert needing(Part("column", AUTHOR, "boss")) == {
        "relationship author.by_hand",
        "remote relationship article.twin",
        "permission article.user.insert",
    }
    assert needing(Part("column", ARTICLE, "writer")) >= {
        "relationship author.articles",
        "relationship article.author",
        "remote relationship article.account",
        "remote relationship article.twin",
        "permission article.user.insert",
    }
    assert "permission article.user.insert" in needing(Part("column", ARTICLE, "state"))


def test_dropping_with_cascade_takes_remote_relationships_too() -> None:
    gone = {Part("column", ARTICLE, "writer")}
    left = tables(dependencies.refuse_or_drop(metadata(), CATALOG, "default", gone, cascade=True))
    assert "remote_relationships" not in left["article"]
    assert "insert_permissions" not in left["article"]
    assert "array_relationships" not in left["author"]
