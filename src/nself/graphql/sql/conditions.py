"""Boolean expressions over a table's rows, whoever wrote them: a request's `where` or a permission.

Both compile to these nodes; here alone they become SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import count
from typing import LiteralString, TypeAlias

from msgspec import Struct

from nself.graphql.language.scalars import BOOL, SHAPES
from nself.graphql.sql import tree as sql
from nself.graphql.sql.calls import FunctionCall
from nself.graphql.sql.operators import Operator
from nself.graphql.sql.values import Constants, Source, Together, VariableList
from nself.pg.catalog import Name, Type


class All(Struct, frozen=True):
    parts: tuple[Condition, ...]


class AnyOf(Struct, frozen=True):
    parts: tuple[Condition, ...]


class Not(Struct, frozen=True):
    part: Condition


class Masked(Struct, frozen=True):
    """A cell that is null in rows that do not satisfy `visible`: an inherited role may see it through some parents."""

    cell: str | FunctionCall
    visible: Condition


Cell: TypeAlias = str | FunctionCall | Masked
"""A value of a row: a column by the database's name, or what a function makes of the row."""


class Compare(Struct, frozen=True, kw_only=True):
    """`type` is the cell's, after the casts if there are any. `operand` holds one value, or the list of `_in`; where
    the operator takes an object, `parts` are its members."""

    cell: Cell
    type: Type
    operator: Operator
    operand: Source
    casts: tuple[Type, ...] = ()
    parts: tuple[Source, ...] = ()


class IsNull(Struct, frozen=True):
    cell: Cell
    wanted: bool = True


class CompareColumns(Struct, frozen=True, kw_only=True):
    """`of_root` takes the right column from the table whose rows the whole expression chooses."""

    column: Cell
    symbol: LiteralString
    other: Cell
    of_root: bool = False


class Related(Struct, frozen=True):
    """Some row of another table, joined by {column here: column there}, satisfies the condition."""

    table: Name
    mapping: tuple[tuple[str, str], ...]
    condition: Condition


class Produced(Struct, frozen=True):
    """Some row that a function gives for this row satisfies the condition."""

    call: FunctionCall
    condition: Condition


class Rooted(Struct, frozen=True):
    """A permission that compares with columns of its own table, wherever that table stands in the statement."""

    condition: Condition


class Counted(Struct, frozen=True, kw_only=True):
    """A function over the related rows compared with values: `<relationship>_aggregate`."""

    table: Name
    mapping: tuple[tuple[str, str], ...]
    condition: Condition
    function: LiteralString
    cells: tuple[Cell, ...]
    distinct: bool
    type: Type
    comparisons: tuple[tuple[Operator, Source], ...]


Condition: TypeAlias = All | AnyOf | Not | Compare | IsNull | CompareColumns | Related | Produced | Rooted | Counted

ALWAYS = All(())
NEVER = AnyOf(())


def all_of(*conditions: Condition) -> Condition:
    """Their conjunction, flat."""
    flat: list[Condition] = []
    for condition in conditions:
        flat += condition.parts if isinstance(condition, All) else (condition,)
    return flat[0] if len(flat) == 1 else All(tuple(flat))


def any_of(*conditions: Condition) -> Condition:
    """Their disjunction, true where one of them always is."""
    if ALWAYS in conditions:
        return ALWAYS
    distinct = tuple(dict.fromkeys(conditions))
    return distinct[0] if len(distinct) == 1 else AnyOf(distinct)


class Aliases:
    """Names for the tables of one statement, from a counter: the same plan always prints the same text."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._cells: dict[tuple[str, Masked], sql.Expression] = {}

    def cell(self, cell: Masked, alias: str) -> sql.Expression:
        """The same tree each time: DISTINCT ON and ORDER BY must have one expression, down to the aliases in it."""
        found = self._cells.get((alias, cell))
        if found is None:
            visible = to_sql(cell.visible, alias, self)
            found = self._cells[alias, cell] = sql.When(visible, cell_sql(cell.cell, alias, self), sql.NULL)
        return found

    def next(self, letter: LiteralString = "t") -> str:
        return f"{letter}.{next(self._numbers)}"


def to_sql(condition: Condition, alias: str, aliases: Aliases, root: str | None = None) -> sql.Expression:
    """True for the rows of `alias` that satisfy the condition."""
    return _Writer(aliases, root or alias).write(condition, alias)


def cell_sql(cell: Cell, alias: str, aliases: Aliases) -> sql.Expression:
    """The value of a cell in the rows of `alias`."""
    match cell:
        case str():
            return sql.Column(alias, cell)
        case FunctionCall():
            return cell.on(alias)
        case Masked():
            return aliases.cell(cell, alias)


def joined(mapping: Mapping[str, str] | tuple[tuple[str, str], ...], here: str, there: str) -> sql.Expression:
    """The rows of `there` that belong to a row of `here`."""
    pairs = mapping.items() if isinstance(mapping, Mapping) else mapping
    return sql.both(*(sql.Infix(sql.Column(there, right), "=", sql.Column(here, left)) for left, right in pairs))


class _Writer(Struct, frozen=True):
    aliases: Aliases
    root: str

    def write(self, condition: Condition, alias: str) -> sql.Expression:
        match condition:
            case All(parts):
                return sql.both(*(self.write(part, alias) for part in parts))
            case AnyOf(parts):
                return sql.AnyOf(tuple(self.write(part, alias) for part in parts))
            case Not(part):
                return sql.Not(self.write(part, alias))
            case IsNull(cell, wanted):
                null = sql.Null(cell_sql(cell, alias, self.aliases))
                return null if wanted else sql.Not(null)
            case CompareColumns(column=column, symbol=symbol, other=other, of_root=of_root):
                right = cell_sql(other, self.root if of_root else alias, self.aliases)
                return sql.Infix(cell_sql(column, alias, self.aliases), symbol, right)
            case Compare():
                left = cell_sql(condition.cell, alias, self.aliases)
                for type_ in condition.casts:
                    left = sql.Cast(left, type_)
                if condition.parts:
                    return _called(left, condition.type, condition.operator, condition.parts)
                return compared(left, condition.type, condition.operator, condition.operand)
            case Related(table, mapping, inner):
                there = self.aliases.next()
                where = sql.both(joined(mapping, alias, there), self.write(inner, there))
                return sql.Exists(sql.Select(columns=(), source=sql.Table(table, there), where=where))
            case Produced(call, inner):
                there = self.aliases.next()
                source = sql.Invoked(call.on(alias), there)
                return sql.Exists(sql.Select(columns=(), source=source, where=self.write(inner, there)))
            case Rooted(inner):
                return to_sql(inner, alias, self.aliases)
            case Counted():
                return self.counted(condition, alias)

    def counted(self, condition: Counted, alias: str) -> sql.Expression:
        if not condition.comparisons:
            return sql.TRUE
        there = self.aliases.next()
        columns = tuple(cell_sql(cell, there, self.aliases) for cell in condition.cells)
        if len(columns) > 1:
            columns = (sql.Record(columns),)
        call = sql.Call(condition.function, columns or (sql.STAR,), distinct=condition.distinct)
        tests = (compared(call, condition.type, operator, source) for operator, source in condition.comparisons)
        where = sql.both(joined(condition.mapping, alias, there), self.write(condition.condition, there))
        source = sql.Table(condition.table, there)
        return sql.Scalar(sql.Select(columns=((sql.both(*tests), None),), source=source, where=where))


def compared(left: sql.Expression, type_: Type, operator: Operator, operand: Source) -> sql.Expression:
    """`left` of the given type against the operand, by the operator's row."""
    if operator.symbol == "<>" and type_.name in SHAPES:
        # PostGIS has an equality and no inequality.
        return sql.Not(compared(left, type_, replace(operator, symbol="=", negated=False), operand))
    if operator.operand == "boolean":
        return sql.Infix(sql.Null(left), "=", sql.Parameter(operand, BOOL))
    if operator.operand == "many":
        return _among(left, type_, operator, operand)
    if operator.function:
        return _called(left, type_, operator, (operand,))
    wanted = operator.operand_type(type_)
    if wanted.array and isinstance(operand, Together | Constants | VariableList):
        return sql.Infix(left, operator.symbol, sql.Parameter(operand, replace(wanted, array=False), many=True))
    return sql.Infix(left, operator.symbol, sql.Parameter(operand, wanted))


def _called(left: sql.Expression, type_: Type, operator: Operator, operands: tuple[Source, ...]) -> sql.Expression:
    """The operator's function, which lives where the column's type does."""
    types = operator.part_types(type_) or (operator.operand_type(type_),)
    arguments = (sql.Parameter(source, part) for source, part in zip(operands, types, strict=True))
    return sql.Call(operator.symbol, (left, *arguments), schema=type_.schema)


def _among(left: sql.Expression, type_: Type, operator: Operator, operand: Source) -> sql.Expression:
    """IN as `= ANY(array)`: the length of the list is not part of the statement."""
    quantifier: LiteralString = "ALL" if operator.negated else "ANY"
    several = isinstance(operand, Together | Constants | VariableList)
    if type_.array or type_.name in SHAPES:
        # An array of arrays would be one array with more dimensions, and GeoJSON is no shape's own notation: take the
        # texts as rows instead. A session variable holds them all in one literal.
        listed = sql.Parameter(operand, Type(name="text", array=not several), many=several)
        rows = sql.Select(columns=((sql.Typed(sql.Call("unnest", (listed,)), type_), None),))
        return sql.Infix(left, operator.symbol, _quantified(quantifier, sql.Rows(rows)))
    if several:
        return sql.Infix(left, operator.symbol, _quantified(quantifier, sql.Parameter(operand, type_, many=True)))
    return sql.Infix(left, operator.symbol, _quantified(quantifier, sql.Parameter(operand, replace(type_, array=True))))


def _quantified(quantifier: LiteralString, of: sql.Expression) -> sql.Expression:
    return sql.Call(quantifier, (of,))
