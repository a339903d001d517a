"""What a source's tables and columns are called in GraphQL: the row commands of /v1/query speak of them by SQL name."""

from __future__ import annotations

from dataclasses import dataclass

from nself.graphql.errors import ApiError
from nself.graphql.metadata.conflicts import ROOTS, base_name, field_name
from nself.graphql.metadata.dependencies import target_of
from nself.graphql.metadata.model import Source, TrackedTable
from nself.pg.catalog import Catalog, Name, Table


@dataclass(frozen=True, slots=True)
class Names:
    """One source's naming. Lookups of what is not there raise ApiError."""

    source: Source
    catalog: Catalog

    def table(self, name: Name) -> TrackedTable:
        if name not in self.source.tables or name not in self.catalog.tables:
            raise ApiError("not-exists", f'table "{name}" does not exist', path="$.args.table")
        return self.source.tables[name]

    def facts(self, name: Name) -> Table:
        self.table(name)
        return self.catalog.tables[name]

    def base(self, name: Name) -> str:
        """The table's type; the names of its inputs begin with it."""
        return base_name(self.table(name))

    def root(self, name: Name, operation: str) -> str:
        pattern = {**ROOTS["query_root"], **ROOTS["mutation_root"]}[operation]
        return field_name(self.table(name), operation, pattern)

    def column(self, name: Name, column: str, *, path: str) -> str:
        if self.facts(name).column(column) is None:
            raise ApiError("permission-denied", f'no such column exists: "{column}"', path=path)
        config = self.table(name).config.columns.get(column)
        return (config.custom_name if config else None) or column

    def relationship(self, name: Name, relationship: str) -> Name | None:
        """The table it leads to, None if there is no such relationship."""
        return target_of(self.source, self.catalog)(name, relationship)
