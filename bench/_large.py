"""A project of 300 tables and 5 roles: what a company has after some years."""

from __future__ import annotations

from typing import Any

TABLES, ROLES = 300, ("user", "editor", "manager", "support", "auditor")

_COLUMNS = (
    "name text NOT NULL, state int NOT NULL DEFAULT 0, note text, amount numeric, at timestamptz NOT NULL DEFAULT now()"
)


def schema() -> str:
    """Each table refers to an owner and to the table before it."""
    statements = ["CREATE TABLE people (id bigserial PRIMARY KEY, name text NOT NULL);"]
    for number in range(TABLES - 1):
        before = f"table_{number - 1}" if number else "people"
        statements.append(
            f"CREATE TABLE table_{number} (id bigserial PRIMARY KEY, owner_id bigint NOT NULL REFERENCES people, "
            f"before_id bigint REFERENCES {before}, {_COLUMNS});"
        )
    return "\n".join(statements)


def metadata() -> dict[str, Any]:
    tables = [{"table": {"schema": "public", "name": "people"}, "select_permissions": [*map(_everything, ROLES)]}]
    tables += [_table(number) for number in range(TABLES - 1)]
    source = {
        "name": "default",
        "kind": "postgres",
        "configuration": {"connection_info": {"database_url": {"from_env": "HASURA_GRAPHQL_DATABASE_URL"}}},
        "tables": tables,
    }
    return {"version": 3, "sources": [source]}


def _everything(role: str) -> dict[str, Any]:
    return {"role": role, "permission": {"columns": "*", "filter": {}}}


def _table(number: int) -> dict[str, Any]:
    following = []
    if number < TABLES - 2:
        pointing = {"table": {"schema": "public", "name": f"table_{number + 1}"}, "column": "before_id"}
        following = [{"name": "following", "using": {"foreign_key_constraint_on": pointing}}]
    own = {"owner_id": {"_eq": "X-Hasura-User-Id"}}
    columns = ["name", "state", "note", "amount"]
    return {
        "table": {"schema": "public", "name": f"table_{number}"},
        "object_relationships": [
            {"name": "owner", "using": {"foreign_key_constraint_on": "owner_id"}},
            {"name": "before", "using": {"foreign_key_constraint_on": "before_id"}},
        ],
        "array_relationships": following,
        "select_permissions": [
            {"role": role, "permission": {"columns": "*", "filter": own, "allow_aggregations": True}} for role in ROLES
        ],
        "insert_permissions": [
            {"role": role, "permission": {"columns": columns, "check": own, "set": {"owner_id": "X-Hasura-User-Id"}}}
            for role in ROLES
        ],
        "update_permissions": [
            {"role": role, "permission": {"columns": columns, "filter": own, "check": own}} for role in ROLES
        ],
        "delete_permissions": [{"role": role, "permission": {"filter": own}} for role in ROLES],
    }
