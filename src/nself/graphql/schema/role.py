"""The GraphQL schema of one role, over all sources: its types, made once, when first needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from typing import Any, TypeVar

from nself.graphql.elsewhere import Dialect, Roots, RowFields
from nself.graphql.language.types import Enum, InputObject, Interface, Named, Object, Scalar, Union
from nself.graphql.made_once import MadeOnce
from nself.graphql.metadata.customization import Customization
from nself.graphql.schema.computed import RowsField
from nself.graphql.schema.functions import RootFunction
from nself.graphql.schema.means import RoleTable
from nself.graphql.schema.naming import HASURA, Naming
from nself.graphql.schema.rules import NOTHING, Rules
from nself.graphql.schema.spelling import respell
from nself.graphql.schema.tables import EnumRows, Relation, TableColumn, TableKey, TableModel
from nself.pg.catalog import Name

T = TypeVar("T", Object, InputObject, Enum, Scalar, Interface, Union)


class RoleSchema:
    """`backend`: fields for trusted servers only are visible. `functions` are those the role may call. `elsewhere`
    brings root fields that are no table's, `row_fields` what is shown with rows and comes from elsewhere."""

    row_commands = False
    """Whether this is what the row commands of /v1/query may ask: a few changes more than GraphQL has, and every table
    that may be read at all, whichever root fields a permission offers."""

    every_type: Mapping[str, Named] | None = None
    """All types by name, once introspection has made them."""

    def __init__(
        self,
        role: str,
        tables: Mapping[TableKey, TableModel],
        rules: Mapping[TableKey, Rules],
        enums: EnumRows,
        *,
        backend: bool,
        functions: Sequence[RootFunction] = (),
        elsewhere: Sequence[Roots] = (),
        row_fields: Sequence[RowFields] = (),
    ) -> None:
        self.role, self.tables, self.enums, self.backend = role, tables, enums, backend
        self.functions, self.elsewhere, self.row_fields = functions, elsewhere, row_fields
        self.dialect: Dialect | None = None
        self.kept: dict[object, Any] = {}
        """What those keep with it who bring its fields, under a key of their own."""
        self._rules = rules
        self._types: dict[str, Named] = {}
        self._tables: dict[TableKey, RoleTable] = {}

    @MadeOnce
    def checks_input(self) -> bool:
        """Whether a webhook wants to see what the role writes."""
        kinds = ("insert", "update", "delete")
        found = (getattr(rules, kind) for rules in self._rules.values() for kind in kinds)
        return any(rule is not None and rule.input_check is not None for rule in found)

    @MadeOnce
    def of_row_commands(self) -> RoleSchema:
        """The same role's for the row commands of /v1/query."""
        found = self._anew()
        found.row_commands = True
        return found

    def in_dialect(self, dialect: Dialect) -> RoleSchema:
        """The same role's, with other fields at the root and more of them in rows."""
        found = self._anew()
        found.dialect, found.kept, found.row_fields = dialect, {}, (*self.row_fields, dialect)
        for made in ("of_row_commands", "to_describe"):
            found.__dict__.pop(made, None)
        return found

    @MadeOnce
    def to_describe(self) -> RoleSchema:
        """The same once more, for introspection: that makes every type there is, in a thread of its own."""
        return self._anew()

    def _anew(self) -> RoleSchema:
        found = copy(self)
        found.kept, found._types, found._tables, found.every_type = {}, {}, {}, None
        return found

    def table(self, key: TableKey) -> RoleTable:
        found = self._tables.get(key)
        if found is None:
            rules = self._rules.get(key, NOTHING)
            found = self._tables[key] = RoleTable(self.tables[key], self._permitted(rules), self._naming(key))
        return found

    def _naming(self, key: TableKey) -> Naming:
        """The row commands speak the engine's own language, and need to tell the sources' tables apart at most."""
        if not self.row_commands:
            return self.tables[key].naming
        number = list(dict.fromkeys(known.source for known in self.tables)).index(key.source)
        return Naming(customization=Customization(root_prefix=f"s{number}_", type_prefix=f"s{number}_"))

    def beside(self, table: RoleTable, name: Name) -> RoleTable:
        """The table of this name in the source of another."""
        return self.table(TableKey(table.model.source, name))

    def related(self, relation: Relation) -> RoleTable:
        """The table a relationship leads to."""
        return self.table(TableKey(relation.source, relation.target))

    def _permitted(self, rules: Rules) -> Rules:
        if self.backend:
            return rules
        hidden = {
            kind: None
            for kind in ("insert", "update", "delete")
            if getattr(getattr(rules, kind), "backend_only", False)
        }
        return Rules(**{kind: getattr(rules, kind) for kind in Rules.__struct_fields__} | hidden) if hidden else rules

    def computed_rows(self, table: RoleTable, *, plain: bool = True) -> Iterator[tuple[RowsField, RoleTable]]:
        """The table's computed fields that give rows the role may see; `plain` ones need no arguments."""
        for field in table.model.computed.values():
            if isinstance(field, RowsField) and not (plain and field.routine.inputs):
                target = self.beside(table, field.target)
                if target.rules.select is not None:
                    yield field, target

    def visible(self) -> Iterator[RoleTable]:
        """Tables this role has any rule for."""
        return (self.table(key) for key in self.tables if key in self._rules)

    def type_of(self, table: RoleTable, pattern: str, make: Callable[[str], T]) -> T:
        """A type of a table, such as `{0}_bool_exp`."""
        return self.type(table.naming.type(pattern, table.model.base), make, table.naming)

    def shared_type(self, naming: Naming, name: str, make: Callable[[str], T]) -> T:
        """A type that several tables use, as their sources spell it."""
        return self.type(naming.shared_type(name), make, naming)

    def type(self, name: str, make: Callable[[str], T], naming: Naming = HASURA) -> T:
        found = self._types.get(name)
        if found is None:
            found = self._types[name] = make(name)
            respell(found, naming)
        return found  # type: ignore[return-value]  # one name, one kind: the makers see to it

    def spelled_values(self, column: TableColumn) -> Mapping[str, str]:
        """{value of an enum column: what GraphQL calls it}. All as they are, if two would fall together."""
        values = list(self.values_of(column) or ())
        there = self.table(column.enum) if column.enum and column.enum in self.tables else None
        spelled = [there.naming.enum_value(value) if there else value for value in values]
        return dict(zip(values, spelled if len(set(spelled)) == len(values) else values, strict=True))

    def values_of(self, column: TableColumn) -> Mapping[str, str | None] | None:
        """The values of an enum column."""
        return self.enums.get(column.enum) if column.enum else None
