"""Remote schemas and remote relationships as JSON and as a directory: nothing is lost on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nself.graphql.metadata import directory, export, parse

RELATION = {
    "name": "author",
    "definition": {
        "to_remote_schema": {
            "remote_schema": "forum",
            "lhs_fields": ["id"],
            "remote_field": {"user": {"arguments": {"id": "$id", "deep": [{"x": 1}]}}},
        }
    },
}
OLDER = {
    "name": "older",
    "definition": {
        "remote_schema": "forum",
        "hasura_fields": ["id"],
        "remote_field": {"a": {"arguments": {}, "field": {"b": {"arguments": {"id": "$id"}}}}},
    },
}
TO_SOURCE = {
    "name": "articles",
    "definition": {
        "to_source": {
            "source": "default",
            "table": {"schema": "public", "name": "article"},
            "relationship_type": "array",
            "field_mapping": {"id": "author_id"},
        }
    },
}
WHOLE: dict[str, Any] = {
    "version": 3,
    "sources": [
        {
            "name": "default",
            "kind": "postgres",
            "tables": [
                {"table": {"schema": "public", "name": "article"}, "remote_relationships": [RELATION, OLDER, TO_SOURCE]}
            ],
        }
    ],
    "remote_schemas": [
        {
            "name": "forum",
            "definition": {
                "url_from_env": "FORUM",
                "timeout_seconds": 30,
                "customization": {
                    "root_fields_namespace": "forum",
                    "type_names": {"prefix": "A", "suffix": "B", "mapping": {"C": "D"}},
                    "field_names": [{"parent_type": "User", "prefix": "u_", "mapping": {"id": "key"}}],
                },
                "headers": [{"name": "A", "value": "b"}, {"name": "C", "value_from_env": "D"}],
                "forward_client_headers": True,
            },
            "comment": "said",
            "permissions": [{"role": "user", "definition": {"schema": "type Query { a: Int }\n"}}],
            "remote_relationships": [{"type_name": "User", "relationships": [TO_SOURCE]}],
        }
    ],
}


def test_json_comes_back_as_it_was() -> None:
    assert export.metadata(parse.metadata(WHOLE)) == WHOLE


def test_a_directory_comes_back_as_it_was(tmp_path: Path) -> None:
    for path, text in directory.render(parse.metadata(WHOLE)).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    assert "url_from_env: FORUM" in (tmp_path / "remote_schemas.yaml").read_text()
    assert directory.read(tmp_path) == parse.metadata(WHOLE)
