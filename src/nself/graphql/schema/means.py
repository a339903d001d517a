"""What fields stand for: the planner matches on these, the types only carry them."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import TYPE_CHECKING, LiteralString

from msgspec import Struct

from nself.graphql.schema.computed import RowsField, ScalarField
from nself.graphql.schema.functions import RootFunction
from nself.graphql.schema.naming import Naming
from nself.graphql.schema.rules import Rules, SelectRule
from nself.graphql.schema.tables import Readable, Relation, TableColumn, TableModel
from nself.graphql.sql.calls import FunctionCall
from nself.graphql.sql.conditions import ALWAYS, Cell, Masked
from nself.pg.catalog import Type
from nself.records import dataclass

if TYPE_CHECKING:
    from nself.graphql.joins import Lookup
    from nself.graphql.plan.context import Context
    from nself.graphql.plan.selection import Selected
    from nself.graphql.sql import tree as sql


@dataclass(frozen=True, slots=True, eq=False)
class RoleTable:
    """A table with one role's rules for it."""

    model: TableModel
    rules: Rules
    naming: Naming

    @property
    def name(self) -> str:
        return self.model.name

    @property
    def select(self) -> SelectRule:
        assert self.rules.select is not None
        return self.rules.select

    @property
    def readable(self) -> list[TableColumn]:
        if self.rules.select is None:
            return []
        return [column for column in self.model.columns.values() if column.sql in self.rules.select.columns]

    @property
    def computed(self) -> list[ScalarField]:
        """The computed values that are granted."""
        if self.rules.select is None:
            return []
        fields = (field for field in self.model.computed.values() if isinstance(field, ScalarField))
        return [field for field in fields if field.name in self.select.computed]

    @property
    def values(self) -> list[Readable]:
        """All that can be had of a row without saying more than its name."""
        return [*self.readable, *(field for field in self.computed if not field.routine.inputs)]

    def cell(self, of: Readable, call: FunctionCall | None = None) -> Cell:
        """Where a value comes from, for all that reads it: null in rows that show it to none of the role's parents.
        `call` is a computed field's, without arguments unless given."""
        if isinstance(of, TableColumn):
            visible = self.select.masks.get(of.sql, ALWAYS)
            return of.sql if visible == ALWAYS else Masked(of.sql, visible)
        call = call or of.routine.call()
        visible = self.select.computed[of.name]
        return call if visible == ALWAYS else Masked(call, visible)


class ColumnValue(Struct, frozen=True):
    column: TableColumn


class ComputedValue(Struct, frozen=True):
    field: ScalarField


class ComputedRows(Struct, frozen=True):
    field: RowsField
    table: RoleTable


class RelatedRow(Struct, frozen=True):
    """An object relationship."""

    relation: Relation
    table: RoleTable


class RelatedRows(Struct, frozen=True):
    """An array relationship."""

    relation: Relation
    table: RoleTable


class RelatedAggregate(Struct, frozen=True):
    relation: Relation
    table: RoleTable


class ComputedAggregate(Struct, frozen=True):
    """`<computed field>_aggregate` in an order."""

    field: RowsField
    table: RoleTable


class Promised(Struct, frozen=True):
    """A field of a row that another place fills in, asked with the values of `columns`. `plan` makes who asks."""

    columns: tuple[TableColumn, ...]
    plan: Callable[[Context, Selected], Lookup]


class Action(Enum):
    """What a root field does with its table."""

    SELECT = auto()
    SELECT_BY_KEY = auto()
    SELECT_AGGREGATE = auto()
    SELECT_STREAM = auto()
    INSERT = auto()
    INSERT_ONE = auto()
    UPDATE = auto()
    UPDATE_BY_KEY = auto()
    UPDATE_MANY = auto()
    DELETE = auto()
    DELETE_BY_KEY = auto()


class Root(Struct, frozen=True):
    action: Action
    table: RoleTable


class FunctionRoot(Struct, frozen=True):
    """A root field that calls a function."""

    function: RootFunction
    table: RoleTable
    aggregate: bool


class RootValue(Struct, frozen=True):
    """A root field that plans itself: the source to ask, and what."""

    plan: Callable[[Context, Selected], tuple[str, sql.Expression]]


class RowValue(Struct, frozen=True):
    """A field of a row that plans itself, given the row's alias."""

    plan: Callable[[Context, Selected, str], sql.Expression]


class Namespace(Struct, frozen=True):
    """The root fields of a source, together in one."""

    source: str


class Part(Enum):
    """Fields of an aggregate or of a mutation's response."""

    AGGREGATE = auto()
    NODES = auto()
    COUNT = auto()
    AFFECTED_ROWS = auto()
    RETURNING = auto()
    SCHEMA = auto()
    TYPE = auto()


class Function(Struct, frozen=True):
    """`sum`, `max`, …; `keeps_type` ones give what the column holds, the others a Float."""

    name: LiteralString
    keeps_type: bool


class Logic(Enum):
    AND = auto()
    OR = auto()
    NOT = auto()


class CastTo(Struct, frozen=True):
    """`_cast: {String: {...}}`: a column compared as if it were of another type."""


class CastType(Struct, frozen=True):
    """One member of a CastTo."""

    type: Type


class AnyRow(Struct, frozen=True):
    """`_exists` in a boolean expression: one of its members."""


class RowsOf(Struct, frozen=True):
    """A table, wherever one of several is named by a key."""

    table: RoleTable


class ColumnComparison(Struct, frozen=True):
    """Columns of a row compared with others: a list of {column, other} or {column, root}."""

    symbol: LiteralString


class RelatedCount(Struct, frozen=True):
    """`<relationship>_aggregate` in a boolean expression."""

    relation: Relation
    table: RoleTable


class Predicate(Struct, frozen=True):
    """One function of a RelatedCount."""

    function: LiteralString


class Change(Enum):
    """How an update's argument changes columns."""

    SET = auto()
    INC = auto()
    APPEND = auto()
    PREPEND = auto()
    DELETE_KEY = auto()
    DELETE_ELEM = auto()
    DELETE_AT_PATH = auto()
    MUL = auto()
    DEFAULT = auto()


FUNCTIONS = (
    Function("avg", keeps_type=False),
    Function("max", keeps_type=True),
    Function("min", keeps_type=True),
    Function("stddev", keeps_type=False),
    Function("stddev_pop", keeps_type=False),
    Function("stddev_samp", keeps_type=False),
    Function("sum", keeps_type=True),
    Function("var_pop", keeps_type=False),
    Function("var_samp", keeps_type=False),
    Function("variance", keeps_type=False),
)
