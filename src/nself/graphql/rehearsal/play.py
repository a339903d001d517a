"""The metadata as it is tried out: the same permissions, under names known beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from nself.graphql.metadata import export, parse
from nself.graphql.metadata.model import Metadata, Source
from nself.pg.catalog import Catalog, Name
from nself.records import dataclass

_RELATIONS: Final = ("object_relationships", "array_relationships", "computed_fields")
_PERMISSIONS: Final = ("select_permissions", "insert_permissions", "update_permissions", "delete_permissions")
_LEFT_OUT: Final = frozenset({"limit", "query_root_fields", "subscription_root_fields", "validate_input"})


@dataclass(frozen=True, slots=True)
class Names:
    """GraphQL's names of a table and its columns on the stage."""

    table: str
    columns: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """`parents` are {inherited role: roles it is made of}."""

    metadata: Metadata
    names: Mapping[Name, Names]
    parents: Mapping[str, Sequence[str]]


def plain(metadata: Metadata, source: Source, catalog: Catalog) -> Play:
    """Every table under a name of its own, every root field open, no row limit: rows that are usually met through
    relationships only are looked at straight. Nothing that calls another service stays."""
    names = {
        name: Names(
            f"t{number}", {column.name: f"c{index}" for index, column in enumerate(catalog.tables[name].columns)}
        )
        for number, name in enumerate(sorted(source.tables))
        if name in catalog.tables
    }
    whole = export.metadata(metadata)
    inherited = whole.get("inherited_roles", [])
    (exported,) = (each for each in whole["sources"] if each["name"] == source.name)
    tables = [_table(table, names[known]) for table in exported["tables"] if (known := _name(table)) in names]
    document = {
        "version": 3,
        "sources": [
            {"name": source.name, "kind": source.kind, "configuration": exported["configuration"], "tables": tables}
        ],
        "inherited_roles": inherited,
    }
    return Play(
        metadata=parse.metadata(document),
        names=names,
        parents={entry["role_name"]: entry["role_set"] for entry in inherited},
    )


def _name(table: Mapping[str, Any]) -> Name:
    return Name(table["table"]["schema"], table["table"]["name"])


def _table(table: Mapping[str, Any], names: Names) -> dict[str, Any]:
    columns = {sql: {"custom_name": name} for sql, name in names.columns.items()}
    return {
        "table": table["table"],
        "configuration": {"custom_name": names.table, "column_config": columns},
        **{key: table[key] for key in _RELATIONS if key in table},
        **{key: [_bare(entry) for entry in table[key]] for key in _PERMISSIONS if key in table},
    }


def _bare(entry: Mapping[str, Any]) -> dict[str, Any]:
    permission = {key: value for key, value in entry["permission"].items() if key not in _LEFT_OUT}
    return {"role": entry["role"], "permission": permission}
