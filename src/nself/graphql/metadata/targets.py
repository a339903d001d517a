"""Where a relationship leads: the other table and {column here: column there}, from metadata and the catalog."""

from __future__ import annotations

from collections.abc import Mapping

from nself.graphql.metadata.model import ForeignKeyUsing, ManualUsing, Relationship
from nself.pg.catalog import Catalog, ForeignKey, Name
from nself.records import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    table: Name
    mapping: Mapping[str, str]


def resolve(catalog: Catalog, table: Name, entry: Relationship) -> Target | str:
    """The target, or the reason why there is none."""
    match entry.using:
        case ManualUsing(table=there, mapping=mapping):
            return Target(there, mapping)
        case ForeignKeyUsing(columns=columns, table=None):
            found = _foreign_keys(catalog, table, columns)
            if isinstance(found, str):
                return found
            return Target(found.target, dict(zip(found.columns, found.target_columns, strict=True)))
        case ForeignKeyUsing(columns=columns, table=Name() as there):
            found = _foreign_keys(catalog, there, columns, target=table)
            if isinstance(found, str):
                return found
            return Target(there, dict(zip(found.target_columns, found.columns, strict=True)))
        case _:
            raise AssertionError(entry.using)


def _foreign_keys(
    catalog: Catalog, table: Name, columns: tuple[str, ...], target: Name | None = None
) -> ForeignKey | str:
    keys = catalog.tables[table].foreign_keys if table in catalog.tables else ()
    fitting = [
        key for key in keys if sorted(key.columns) == sorted(columns) and (target is None or key.target == target)
    ]
    if not fitting:
        return "no foreign constraint exists on the given column(s)"
    if len({(key.target, key.target_columns) for key in fitting}) > 1:
        return "more than one foreign key constraint exists on the given column(s)"
    return fitting[0]
