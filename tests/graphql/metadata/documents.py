"""Metadata that the tests of this folder share."""

from __future__ import annotations

import copy
from typing import Any

from nself.pg.catalog import Catalog, Column, Constraint, ForeignKey, Name, Table, Type

CHECK = {"type": "http", "definition": {"url": "http://checks"}}

Json = dict[str, Any]

EVERYTHING: Json = {
    "version": 3,
    "sources": [
        {
            "name": "default",
            "kind": "postgres",
            "tables": [
                {
                    "table": {"schema": "public", "name": "author"},
                    "configuration": {
                        "custom_name": "writer",
                        "comment": "who writes",
                        "custom_root_fields": {
                            "select": "writers",
                            "insert_one": {"name": "addWriter", "comment": "one"},
                        },
                        "column_config": {"name": {"custom_name": "fullName", "comment": "as printed"}},
                    },
                    "array_relationships": [
                        {
                            "name": "articles",
                            "using": {
                                "foreign_key_constraint_on": {
                                    "column": "author_id",
                                    "table": {"schema": "public", "name": "article"},
                                }
                            },
                            "comment": "all of them",
                        }
                    ],
                    "computed_fields": [
                        {"name": "initials", "definition": {"function": {"schema": "public", "name": "initials"}}}
                    ],
                    "event_triggers": [
                        {
                            "name": "greet",
                            "definition": {
                                "enable_manual": True,
                                "update": {"columns": ["name"], "payload": "*"},
                            },
                            "retry_conf": {"num_retries": 3, "interval_sec": 15, "timeout_sec": 60},
                            "webhook_from_env": "GREETER",
                            "headers": [{"name": "x-from", "value": "here"}, {"name": "k", "value_from_env": "KEY"}],
                            "request_transform": {"version": 2, "template_engine": "Kriti"},
                        }
                    ],
                },
                {
                    "table": {"schema": "public", "name": "article"},
                    "object_relationships": [
                        {"name": "author", "using": {"foreign_key_constraint_on": "author_id"}},
                        {
                            "name": "twin",
                            "using": {
                                "manual_configuration": {
                                    "column_mapping": {"id": "id"},
                                    "insertion_order": None,
                                    "remote_table": {"schema": "public", "name": "article"},
                                }
                            },
                        },
                    ],
                    "insert_permissions": [
                        {
                            "role": "user",
                            "permission": {
                                "check": {"author_id": "X-Hasura-User-Id"},
                                "columns": "*",
                                "set": {"author_id": "x-hasura-User-Id"},
                                "backend_only": True,
                            },
                        }
                    ],
                    "select_permissions": [
                        {
                            "role": "user",
                            "permission": {
                                "columns": ["id", "title"],
                                "filter": {"author": {"name": {"_eq": "X-Hasura-Name"}}},
                                "limit": 10,
                                "allow_aggregations": True,
                                "query_root_fields": [],
                            },
                            "comment": "their own",
                        }
                    ],
                    "update_permissions": [
                        {"role": "user", "permission": {"columns": ["title"], "filter": {}, "check": None}}
                    ],
                    "delete_permissions": [
                        {
                            "role": "user",
                            "permission": {
                                "filter": {},
                                "validate_input": CHECK,
                            },
                        }
                    ],
                },
                {"table": {"schema": "hr", "name": "mood"}, "is_enum": True},
            ],
            "configuration": {"connection_info": {"database_url": {"from_env": "HASURA_GRAPHQL_DATABASE_URL"}}},
            "functions": [{"function": {"schema": "public", "name": "search"}}],
        }
    ],
    "actions": [
        {
            "name": "greet",
            "definition": {
                "kind": "synchronous",
                "handler": "http://localhost/greet",
                "type": "mutation",
                "arguments": [{"name": "to", "type": "[String!]!", "description": "whom"}],
                "output_type": "Greeting",
            },
            "permissions": [{"role": "user"}],
        }
    ],
    "custom_types": {
        "enums": [{"name": "Tone", "values": [{"value": "WARM"}, {"value": "COLD", "description": "not nice"}]}],
        "objects": [{"name": "Greeting", "fields": [{"name": "text", "type": "String!"}], "description": "said"}],
        "scalars": [{"name": "Moment"}],
        "input_objects": [{"name": "Whom", "fields": [{"name": "id", "type": "uuid!"}]}],
    },
    "inherited_roles": [{"role_name": "boss", "role_set": ["user", "editor"]}],
    "network": {"tls_allowlist": []},
    "something_new": {"kept": True},
}


def everything() -> Json:
    return copy.deepcopy(EVERYTHING)


def column(name: str, kind: str = "int4", *, nullable: bool = True) -> Column:
    return Column(name=name, type=Type(name=kind), nullable=nullable)


AUTHOR, ARTICLE, MOOD = Name("public", "author"), Name("public", "article"), Name("hr", "mood")

CATALOG = Catalog(
    tables={
        AUTHOR: Table(
            name=AUTHOR,
            columns=(column("id", nullable=False), column("name", "text")),
            unique=(Constraint(name="author_pkey", columns=("id",), primary=True),),
        ),
        ARTICLE: Table(
            name=ARTICLE,
            columns=(column("id", nullable=False), column("title", "text"), column("author_id")),
            unique=(Constraint(name="article_pkey", columns=("id",), primary=True),),
            foreign_keys=(
                ForeignKey(name="article_author", columns=("author_id",), target=AUTHOR, target_columns=("id",)),
            ),
        ),
        MOOD: Table(
            name=MOOD,
            columns=(column("value", "text", nullable=False), column("comment", "text")),
            unique=(Constraint(name="mood_pkey", columns=("value",), primary=True),),
        ),
    }
)
"""A database that the metadata above fits."""
