"""What a database holds, read from its catalog: tables, columns, constraints, functions. Facts only, no GraphQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal, NamedTuple

from nself.records import dataclass


def identifier(name: str) -> str:
    """A name of PostgreSQL's as SQL writes it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


class Name(NamedTuple):
    """A schema-qualified name. Sorts and compares as a tuple; `quoted` is safe inside SQL."""

    schema: str
    name: str

    def __str__(self) -> str:
        return self.name if self.schema == "public" else f"{self.schema}.{self.name}"

    @property
    def quoted(self) -> str:
        return ".".join(map(identifier, self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Type:
    """A column or argument type. `name` is the catalog's (`int4`, `jsonb`); for an array, the element's."""

    name: str
    schema: str = "pg_catalog"
    array: bool = False
    kind: Literal["base", "enum", "composite", "domain", "range", "pseudo"] = "base"

    def __str__(self) -> str:
        return self.name + ("[]" if self.array else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    name: str
    type: Type
    nullable: bool
    has_default: bool = False
    generated: Literal["", "stored", "identity-always", "identity-default"] = ""
    comment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """A primary key or unique constraint (or index usable by ON CONFLICT ON CONSTRAINT)."""

    name: str
    columns: tuple[str, ...]
    primary: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKey:
    name: str
    columns: tuple[str, ...]
    target: Name
    target_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table, view, materialized view, partitioned or foreign table."""

    name: Name
    kind: Literal["table", "view", "materialized", "partitioned", "foreign"] = "table"
    columns: tuple[Column, ...] = ()
    unique: tuple[Constraint, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    comment: str | None = None
    insertable: bool = True
    updatable: bool = True
    deletable: bool = True

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)

    @property
    def primary_key(self) -> Constraint | None:
        return next((constraint for constraint in self.unique if constraint.primary), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """An input argument of a function. `name` is empty for an unnamed one."""

    name: str
    type: Type
    has_default: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    name: Name
    arguments: tuple[Argument, ...] = ()
    returns: Type
    returns_table: Name | None = None
    """The table whose row type it returns, if it does."""
    returns_set: bool = False
    volatility: Literal["immutable", "stable", "volatile"] = "volatile"
    variadic: bool = False
    comment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """`functions` maps a name to its overloads. `enums` maps an enum type to its labels."""

    tables: Mapping[Name, Table] = field(default_factory=dict)
    functions: Mapping[Name, tuple[Function, ...]] = field(default_factory=dict)
    enums: Mapping[Name, tuple[str, ...]] = field(default_factory=dict)
