"""The SQL that the engine speaks, as a tree, and the one printer of it. Just what is used, not more.

Values are `Parameter`s, numbered here; identifiers are quoted here. Aliases made by the planner contain a dot, so that
no GraphQL name can be mistaken for one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString, TypeAlias

from nself.graphql.values import Source
from nself.pg import catalog


@dataclass(frozen=True, slots=True)
class Column:
    of: str
    name: str


@dataclass(frozen=True, slots=True)
class Whole:
    """A row as one value."""

    of: str


@dataclass(frozen=True, slots=True)
class Star:
    of: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """Always sent as text, or an array of texts, and cast here to what it is."""

    source: Source
    type: catalog.Type
    many: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """A string the planner itself chose."""

    value: str


@dataclass(frozen=True, slots=True)
class Number:
    value: int


@dataclass(frozen=True, slots=True)
class Keyword:
    word: LiteralString


TRUE, FALSE, NULL, DEFAULT = Keyword("true"), Keyword("false"), Keyword("NULL"), Keyword("DEFAULT")
STAR = Keyword("*")


@dataclass(frozen=True, slots=True)
class Cast:
    value: Expression
    type: catalog.Type


@dataclass(frozen=True, slots=True)
class CastToRows:
    """An array of texts as rows of a table, by its row type."""

    value: Expression
    table: catalog.Name


@dataclass(frozen=True, slots=True)
class Infix:
    left: Expression
    symbol: LiteralString
    right: Expression


@dataclass(frozen=True, slots=True)
class All:
    """AND over any number, none is true."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """OR over any number, none is false."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Not:
    value: Expression


@dataclass(frozen=True, slots=True)
class Null:
    """IS NULL."""

    value: Expression


@dataclass(frozen=True, slots=True)
class Call:
    function: LiteralString
    arguments: tuple[Expression, ...] = ()
    distinct: bool = False
    where: Expression | None = None
    over: bool = False


@dataclass(frozen=True, slots=True)
class Array:
    parts: tuple[Expression, ...]
    type: catalog.Type


@dataclass(frozen=True, slots=True)
class Element:
    """One element of an array."""

    of: Expression
    index: int


@dataclass(frozen=True, slots=True)
class Record:
    """A row's columns as one composite value, to be carried as text."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Json:
    """An object with these keys. GraphQL names need no escaping in JSON."""

    pairs: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True)
class When:
    condition: Expression
    then: Expression
    otherwise: Expression


@dataclass(frozen=True, slots=True)
class Exists:
    select: Select


@dataclass(frozen=True, slots=True)
class Scalar:
    """A subselect of one column and at most one row."""

    select: Select


@dataclass(frozen=True, slots=True)
class Rows:
    """A subselect of one column, as the right side of IN or ARRAY."""

    select: Select


Expression: TypeAlias = (
    Column
    | Whole
    | Star
    | Parameter
    | Text
    | Number
    | Keyword
    | Cast
    | CastToRows
    | Infix
    | All
    | AnyOf
    | Not
    | Null
    | Call
    | Array
    | Element
    | Record
    | Json
    | When
    | Exists
    | Scalar
    | Rows
)


@dataclass(frozen=True, slots=True)
class Table:
    name: catalog.Name
    alias: str


@dataclass(frozen=True, slots=True)
class Named:
    """A common table expression, read under an alias."""

    name: str
    alias: str


@dataclass(frozen=True, slots=True)
class Sub:
    select: Select
    alias: str


@dataclass(frozen=True, slots=True)
class Unnest:
    """Arrays side by side as rows. Without `columns` those of the rows' type."""

    arrays: tuple[Expression, ...]
    alias: str
    columns: tuple[str, ...] = ()


From: TypeAlias = Table | Named | Sub | Unnest


@dataclass(frozen=True, slots=True)
class Order:
    by: Expression
    direction: LiteralString


@dataclass(frozen=True, slots=True, kw_only=True)
class Select:
    columns: tuple[tuple[Expression, str | None], ...]
    source: From | None = None
    where: Expression = TRUE
    distinct: tuple[Expression, ...] = ()
    order: tuple[Order, ...] = ()
    limit: Expression | None = None
    offset: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """`updates` empty is DO NOTHING."""

    constraint: str
    updates: tuple[tuple[str, Expression], ...] = ()
    where: Expression = TRUE


@dataclass(frozen=True, slots=True, kw_only=True)
class Insert:
    """`rows` are VALUES, or a select."""

    into: Table
    columns: tuple[str, ...]
    rows: tuple[tuple[Expression, ...], ...] | Select
    conflict: Conflict | None = None
    returning: tuple[tuple[Expression, str | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    table: Table
    updates: tuple[tuple[str, Expression], ...]
    where: Expression
    returning: tuple[tuple[Expression, str | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    table: Table
    where: Expression
    returning: tuple[tuple[Expression, str | None], ...]


Change: TypeAlias = Insert | Update | Delete | Select


@dataclass(frozen=True, slots=True, kw_only=True)
class With:
    name: str
    change: Change
    select: Select


@dataclass(frozen=True, slots=True)
class Statement:
    """What goes to the database. The text is made of the printer's own words and quoted identifiers only."""

    text: LiteralString
    parameters: tuple[Source, ...]


def printed(tree: Select | With) -> Statement:
    printer = _Printer()
    text = printer.statement(tree)
    return Statement(text, tuple(printer.parameters))


def explained(statement: Statement) -> LiteralString:
    return "EXPLAIN (FORMAT TEXT) " + statement.text


def both(*parts: Expression) -> Expression:
    """AND, flat, without what is always true."""
    flat: list[Expression] = []
    for part in parts:
        flat += part.parts if isinstance(part, All) else () if part == TRUE else (part,)
    return flat[0] if len(flat) == 1 else All(tuple(flat)) if flat else TRUE


def identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    # Backslashes are plain in a standard string; a server set to read them otherwise must not be fooled.
    escaped = text.replace("'", "''")
    return f"E'{escaped.replace(chr(92), chr(92) * 2)}'" if "\\" in text else f"'{escaped}'"


_ARGUMENTS_OF_A_FUNCTION = 100
"""PostgreSQL's FUNC_MAX_ARGS: json_build_object takes half as many pairs."""


class _Printer:
    def __init__(self) -> None:
        self.parameters: list[Source] = []
        self._numbers: dict[Source, int] = {}

    def statement(self, tree: Select | With) -> str:
        if isinstance(tree, Select):
            return self.select(tree)
        return f"WITH {identifier(tree.name)} AS ({self.change(tree.change)}) {self.select(tree.select)}"

    def select(self, tree: Select) -> str:
        parts = ["SELECT"]
        if tree.distinct:
            parts.append(f"DISTINCT ON ({self.list(tree.distinct)})")
        parts.append(self.named(tree.columns))
        if tree.source is not None:
            parts.append(f"FROM {self.source(tree.source)}")
        parts.append(self.where(tree.where))
        if tree.order:
            parts.append("ORDER BY " + ", ".join(f"{self.expression(o.by)} {o.direction}" for o in tree.order))
        if tree.limit is not None:
            parts.append(f"LIMIT {self.expression(tree.limit)}")
        if tree.offset is not None:
            parts.append(f"OFFSET {self.expression(tree.offset)}")
        return " ".join(part for part in parts if part)

    def where(self, condition: Expression) -> str:
        return "" if condition == TRUE else f"WHERE {self.expression(condition)}"

    def source(self, tree: From) -> str:
        match tree:
            case Table(name, alias):
                return f"{name.quoted} AS {identifier(alias)}"
            case Named(name, alias):
                return f"{identifier(name)} AS {identifier(alias)}"
            case Sub(select, alias):
                return f"({self.select(select)}) AS {identifier(alias)}"
            case Unnest(arrays, alias, columns):
                names = f" ({', '.join(map(identifier, columns))})" if columns else ""
                return f"unnest({self.list(arrays)}) AS {identifier(alias)}{names}"

    def change(self, tree: Change) -> str:
        match tree:
            case Select():
                return self.select(tree)
            case Insert():
                return self.insert(tree)
            case Update(table=table, updates=updates, where=where, returning=returning):
                parts = ["UPDATE", self.source(table), "SET", self.updates(updates), self.where(where)]
            case Delete(table=table, where=where, returning=returning):
                parts = ["DELETE FROM", self.source(table), self.where(where)]
        return " ".join(part for part in (*parts, "RETURNING", self.named(returning)) if part)

    def insert(self, tree: Insert) -> str:
        columns = ", ".join(map(identifier, tree.columns))
        if isinstance(tree.rows, Select):
            rows = self.select(tree.rows)
        else:
            rows = "VALUES " + ", ".join(f"({self.list(row)})" for row in tree.rows)
        conflict = self.conflict(tree.conflict) if tree.conflict else ""
        returning = self.named(tree.returning)
        return f"INSERT INTO {self.source(tree.into)} ({columns}) {rows}{conflict} RETURNING {returning}"

    def conflict(self, tree: Conflict) -> str:
        start = f" ON CONFLICT ON CONSTRAINT {identifier(tree.constraint)} DO"
        if not tree.updates:
            return f"{start} NOTHING"
        return f"{start} UPDATE SET {self.updates(tree.updates)} {self.where(tree.where)}".rstrip()

    def updates(self, updates: Sequence[tuple[str, Expression]]) -> str:
        return ", ".join(f"{identifier(column)} = {self.expression(value)}" for column, value in updates)

    def named(self, columns: Sequence[tuple[Expression, str | None]]) -> str:
        return ", ".join(
            self.expression(value) + (f" AS {identifier(name)}" if name is not None else "") for value, name in columns
        )

    def list(self, parts: Sequence[Expression]) -> str:
        return ", ".join(map(self.expression, parts))

    def expression(self, tree: Expression) -> str:
        return _PRINT[type(tree)](self, tree)

    def parameter(self, tree: Parameter) -> str:
        number = self._numbers.get(tree.source)
        if number is None:
            number = self._numbers[tree.source] = len(self.parameters) + 1
            self.parameters.append(tree.source)
        return f"(${number}::text{'[]' if tree.many else ''})::{type_name(tree.type)}{'[]' if tree.many else ''}"

    def joined(self, parts: Sequence[Expression], word: str, empty: str) -> str:
        if not parts:
            return empty
        return "(" + f" {word} ".join(map(self.expression, parts)) + ")"

    def call(self, tree: Call) -> str:
        text = f"{tree.function}({'DISTINCT ' if tree.distinct else ''}{self.list(tree.arguments)})"
        if tree.where is not None:
            text += f" FILTER (WHERE {self.expression(tree.where)})"
        return f"{text} OVER ()" if tree.over else text

    def json(self, tree: Json) -> str:
        if 2 * len(tree.pairs) <= _ARGUMENTS_OF_A_FUNCTION:
            pairs = ", ".join(f"{literal(key)}, {self.expression(value)}" for key, value in tree.pairs)
            return f"json_build_object({pairs})"
        pieces = " || ',' || ".join(
            literal(f'"{key}":') + f" || coalesce(to_json({self.expression(value)})::text, 'null')"
            for key, value in tree.pairs
        )
        return f"('{{' || {pieces} || '}}')::json"


def type_name(type_: catalog.Type) -> str:
    name = identifier(type_.name)
    if type_.schema != "pg_catalog":
        name = f"{identifier(type_.schema)}.{name}"
    return name + ("[]" if type_.array else "")


_PRINT: dict[type, Callable[[_Printer, Any], str]] = {
    Column: lambda p, t: f"{identifier(t.of)}.{identifier(t.name)}",
    Whole: lambda p, t: identifier(t.of),
    Star: lambda p, t: f"{identifier(t.of)}.*",
    Parameter: _Printer.parameter,
    Text: lambda p, t: f"{literal(t.value)}::text",
    Number: lambda p, t: str(int(t.value)),
    Keyword: lambda p, t: t.word,
    Cast: lambda p, t: f"({p.expression(t.value)})::{type_name(t.type)}",
    CastToRows: lambda p, t: f"({p.expression(t.value)})::{t.table.quoted}[]",
    Infix: lambda p, t: f"({p.expression(t.left)} {t.symbol} {p.expression(t.right)})",
    All: lambda p, t: p.joined(t.parts, "AND", "true"),
    AnyOf: lambda p, t: p.joined(t.parts, "OR", "false"),
    Not: lambda p, t: f"(NOT {p.expression(t.value)})",
    Null: lambda p, t: f"({p.expression(t.value)} IS NULL)",
    Call: _Printer.call,
    Array: lambda p, t: f"ARRAY[{p.list(t.parts)}]::{type_name(t.type)}[]",
    Element: lambda p, t: f"({p.expression(t.of)})[{int(t.index)}]",
    Record: lambda p, t: f"ROW({p.list(t.parts)})",
    Json: _Printer.json,
    When: lambda p, t: (
        f"CASE WHEN {p.expression(t.condition)} THEN {p.expression(t.then)} ELSE {p.expression(t.otherwise)} END"
    ),
    Exists: lambda p, t: f"EXISTS ({p.select(t.select)})",
    Scalar: lambda p, t: f"({p.select(t.select)})",
    Rows: lambda p, t: f"({p.select(t.select)})",
}
