from __future__ import annotations

from pathlib import Path
from typing import Any

from nself.graphql.metadata import directory, export, parse

WHOLE: dict[str, Any] = {
    "version": 3,
    "sources": [],
    "actions": [
        {
            "name": "invite",
            "definition": {
                "handler": "{{HOOK}}/invite",
                "output_type": "[Invited!]!",
                "arguments": [
                    {"name": "whom", "type": "[Person!]!", "description": 'The "guests"'},
                    {"name": "until", "type": "timestamptz"},
                ],
                "headers": [{"name": "a", "value": "b"}, {"name": "c", "value_from_env": "D"}],
                "forward_client_headers": True,
                "ignored_client_headers": ["x"],
                "timeout": 5,
                "request_transform": {"version": 2, "method": "PUT", "template_engine": "Kriti"},
                "response_transform": {"body": "{{ $body }}"},
                "type": "mutation",
                "kind": "asynchronous",
            },
            "comment": "Invites people",
            "permissions": [{"role": "user"}],
        },
        {"name": "count", "definition": {"handler": "http://hook", "output_type": "Int!", "type": "query"}},
    ],
    "custom_types": {
        "input_objects": [
            {
                "name": "Person",
                "description": "Somebody",
                "fields": [{"name": "name", "type": "String!"}, {"name": "mood", "type": "Mood"}],
            }
        ],
        "objects": [
            {
                "name": "Invited",
                "fields": [{"name": "id", "type": "Int!", "description": "Which"}, {"name": "note", "type": "Any"}],
                "relationships": [
                    {
                        "name": "person",
                        "type": "object",
                        "source": "default",
                        "remote_table": {"schema": "public", "name": "person"},
                        "field_mapping": {"id": "id"},
                    }
                ],
            }
        ],
        "scalars": [{"name": "Any"}],
        "enums": [{"name": "Mood", "values": [{"value": "good", "description": "well"}, {"value": "bad"}]}],
    },
}


def test_json_survives_the_round_trip() -> None:
    assert export.metadata(parse.metadata(WHOLE)) == WHOLE


def test_defaults_are_left_out() -> None:
    known = {
        **WHOLE["actions"][1]["definition"],
        "kind": "synchronous",
        "timeout": 30,
        "arguments": None,
        "headers": [],
    }
    whole = {**WHOLE, "actions": [{"name": "count", "definition": known, "comment": None, "permissions": []}]}
    assert export.metadata(parse.metadata(whole))["actions"] == [WHOLE["actions"][1]]


def test_the_directory_holds_signatures_as_graphql(tmp_path: Path) -> None:
    metadata = parse.metadata(WHOLE)
    files = directory.render(metadata)
    assert "extend type Mutation" in files["actions.graphql"]
    assert "output_type" not in files["actions.yaml"]
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert directory.read(tmp_path) == metadata
