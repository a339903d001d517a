"""The one printer of SQL: parameters are numbered here, identifiers quoted here, nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, LiteralString

from nself.graphql.language.scalars import SHAPES
from nself.graphql.sql import tree as sql
from nself.graphql.sql.values import Source
from nself.pg import catalog


def printed(tree: sql.Select | sql.With) -> sql.Statement:
    printer = _Printer()
    text = printer.statement(tree)
    return sql.Statement(text, tuple(printer.parameters), printer.volatile)


def explained(statement: sql.Statement) -> LiteralString:
    return "EXPLAIN (FORMAT TEXT) " + statement.text


def identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    # Backslashes are plain in a standard string; a server set to read them otherwise must not be fooled.
    escaped = text.replace("'", "''")
    return f"E'{escaped.replace(chr(92), chr(92) * 2)}'" if "\\" in text else f"'{escaped}'"


def multiplexed(select: sql.Select) -> sql.Statement:
    """The select asked for many subscribers at once. Its parameters are columns of rows given as arrays: $1 the numbers
    that the results carry in their first column, $2 and so on the values of each parameter in its text form."""
    printer = _OfRows()
    inner = printer.select(select)
    numbers = range(1, len(printer.parameters) + 1)
    columns = ", ".join([identifier("id"), *(identifier(str(number)) for number in numbers)])
    arrays = ", ".join(["$1::integer[]", *(f"${number + 1}::text[]" for number in numbers)])
    rows, result = identifier(_ROWS), identifier("result.of")
    source = f"FROM unnest({arrays}) AS {rows} ({columns}) LEFT JOIN LATERAL ({inner}) AS {result} ON true"
    text = f"SELECT {rows}.{identifier('id')}, {result}.* {source}"
    return sql.Statement(text, tuple(printer.parameters), printer.volatile)


_ROWS = "subscriber.rows"
_ARGUMENTS_OF_A_FUNCTION = 100
"""PostgreSQL's FUNC_MAX_ARGS: json_build_object takes half as many pairs."""


class _Printer:
    def __init__(self) -> None:
        self.parameters: list[Source] = []
        self.volatile = False
        self._numbers: dict[Source, int] = {}

    def statement(self, tree: sql.Select | sql.With) -> str:
        if isinstance(tree, sql.Select):
            return self.select(tree)
        return f"WITH {identifier(tree.name)} AS ({self.change(tree.change)}) {self.select(tree.select)}"

    def select(self, tree: sql.Select) -> str:
        parts = ["SELECT"]
        if tree.distinct:
            parts.append(f"DISTINCT ON ({self.list(tree.distinct)})")
        parts.append(self.named(tree.columns))
        if tree.source is not None:
            parts.append(f"FROM {self.source(tree.source)}")
        parts.append(self.where(tree.where))
        if tree.together:
            parts.append("HAVING TRUE")
        if tree.order:
            parts.append("ORDER BY " + ", ".join(f"{self.expression(o.by)} {o.direction}" for o in tree.order))
        if tree.limit is not None:
            limit = self.expression(tree.limit)
            parts.append(f"FETCH FIRST ({limit}) ROWS WITH TIES" if tree.ties else f"LIMIT {limit}")
        if tree.offset is not None:
            parts.append(f"OFFSET {self.expression(tree.offset)}")
        return " ".join(part for part in parts if part)

    def where(self, condition: sql.Expression) -> str:
        return "" if condition == sql.TRUE else f"WHERE {self.expression(condition)}"

    def source(self, tree: sql.From) -> str:
        match tree:
            case sql.Table(name, alias):
                return f"{name.quoted} AS {identifier(alias)}"
            case sql.Named(name, alias):
                return f"{identifier(name)} AS {identifier(alias)}"
            case sql.Sub(select, alias):
                return f"({self.select(select)}) AS {identifier(alias)}"
            case sql.Unnest(arrays, alias, columns):
                names = f" ({', '.join(map(identifier, columns))})" if columns else ""
                return f"unnest({self.list(arrays)}) AS {identifier(alias)}{names}"
            case sql.Invoked(call, alias):
                return f"{self.invoke(call)} AS {identifier(alias)}"
            case sql.Beside(left, right):
                return f"{self.source(left)} CROSS JOIN LATERAL {self.source(right)}"

    def invoke(self, tree: sql.Invoke) -> str:
        arguments = (
            self.expression(value) if name is None else f"{identifier(name)} => {self.expression(value)}"
            for name, value in tree.arguments
        )
        self.volatile = self.volatile or tree.volatile
        return f"{tree.function.quoted}({', '.join(arguments)})"

    def change(self, tree: sql.Change) -> str:
        match tree:
            case sql.Select():
                return self.select(tree)
            case sql.Insert():
                return self.insert(tree)
            case sql.Update(table=table, updates=updates, where=where, returning=returning):
                parts = ["UPDATE", self.source(table), "SET", self.updates(updates), self.where(where)]
            case sql.Delete(table=table, where=where, returning=returning):
                parts = ["DELETE FROM", self.source(table), self.where(where)]
        return " ".join(part for part in (*parts, "RETURNING", self.named(returning)) if part)

    def insert(self, tree: sql.Insert) -> str:
        columns = ", ".join(map(identifier, tree.columns))
        if isinstance(tree.rows, sql.Select):
            rows = self.select(tree.rows)
        else:
            rows = "VALUES " + ", ".join(f"({self.list(row)})" for row in tree.rows)
        conflict = self.conflict(tree.conflict) if tree.conflict else ""
        returning = self.named(tree.returning)
        return f"INSERT INTO {self.source(tree.into)} ({columns}) {rows}{conflict} RETURNING {returning}"

    def conflict(self, tree: sql.Conflict) -> str:
        on = f" ON CONSTRAINT {identifier(tree.constraint)}" if tree.constraint is not None else ""
        start = f" ON CONFLICT{on} DO"
        if not tree.updates:
            return f"{start} NOTHING"
        return f"{start} UPDATE SET {self.updates(tree.updates)} {self.where(tree.where)}".rstrip()

    def updates(self, updates: Sequence[tuple[str, sql.Expression]]) -> str:
        return ", ".join(f"{identifier(column)} = {self.expression(value)}" for column, value in updates)

    def named(self, columns: Sequence[tuple[sql.Expression, str | None]]) -> str:
        return ", ".join(
            self.expression(value) + (f" AS {identifier(name)}" if name is not None else "") for value, name in columns
        )

    def list(self, parts: Sequence[sql.Expression]) -> str:
        return ", ".join(map(self.expression, parts))

    def expression(self, tree: sql.Expression) -> str:
        return _PRINT[type(tree)](self, tree)

    def parameter(self, tree: sql.Parameter) -> str:
        number = self.number(tree.source)
        if tree.many:
            return f"(${number}::text[])::{type_name(tree.type)}[]"
        return typed(f"${number}::text", tree.type)

    def number(self, source: Source) -> int:
        number = self._numbers.get(source)
        if number is None:
            number = self._numbers[source] = len(self.parameters) + 1
            self.parameters.append(source)
        return number

    def joined(self, parts: Sequence[sql.Expression], word: str, empty: str) -> str:
        if not parts:
            return empty
        return "(" + f" {word} ".join(map(self.expression, parts)) + ")"

    def call(self, tree: sql.Call) -> str:
        name = tree.function if tree.schema is None else f"{identifier(tree.schema)}.{tree.function}"
        text = f"{name}({'DISTINCT ' if tree.distinct else ''}{self.list(tree.arguments)})"
        if tree.where is not None:
            text += f" FILTER (WHERE {self.expression(tree.where)})"
        return f"{text} OVER ()" if tree.over else text

    def json(self, tree: sql.Json) -> str:
        if 2 * len(tree.pairs) <= _ARGUMENTS_OF_A_FUNCTION:
            pairs = ", ".join(f"{literal(key)}, {self.expression(value)}" for key, value in tree.pairs)
            return f"json_build_object({pairs})"
        pieces = " || ',' || ".join(
            literal(f'"{key}":') + f" || coalesce(to_json({self.expression(value)})::text, 'null')"
            for key, value in tree.pairs
        )
        return f"('{{' || {pieces} || '}}')::json"


class _OfRows(_Printer):
    """Reads each parameter from a row."""

    def parameter(self, tree: sql.Parameter) -> str:
        value = f"{identifier(_ROWS)}.{identifier(str(self.number(tree.source)))}"
        if tree.many:
            return f"({value}::text[])::{type_name(tree.type)}[]"
        return typed(value, tree.type)


def typed(text: str, type_: catalog.Type) -> str:
    """Shapes come as GeoJSON, everything else in PostgreSQL's own notation."""
    if type_.name in SHAPES and not type_.array:
        return f"({identifier(type_.schema)}.ST_GeomFromGeoJSON({text}))::{type_name(type_)}"
    return f"({text})::{type_name(type_)}"


def type_name(type_: catalog.Type) -> str:
    name = identifier(type_.name)
    if type_.schema != "pg_catalog":
        name = f"{identifier(type_.schema)}.{name}"
    return name + ("[]" if type_.array else "")


_PRINT: dict[type, Callable[[_Printer, Any], str]] = {
    sql.Column: lambda p, t: f"{identifier(t.of)}.{identifier(t.name)}",
    sql.Whole: lambda p, t: identifier(t.of),
    sql.Star: lambda p, t: f"{identifier(t.of)}.*",
    sql.Members: lambda p, t: f"({p.expression(t.of)}).*",
    sql.Parameter: lambda p, t: p.parameter(t),
    sql.Text: lambda p, t: f"{literal(t.value)}::text",
    sql.Number: lambda p, t: str(int(t.value)),
    sql.Keyword: lambda p, t: t.word,
    sql.Cast: lambda p, t: f"({p.expression(t.value)})::{type_name(t.type)}",
    sql.Typed: lambda p, t: typed(p.expression(t.value), t.type),
    sql.CastToRows: lambda p, t: f"({p.expression(t.value)})::{t.table.quoted}[]",
    sql.Infix: lambda p, t: f"({p.expression(t.left)} {t.symbol} {p.expression(t.right)})",
    sql.All: lambda p, t: p.joined(t.parts, "AND", "true"),
    sql.AnyOf: lambda p, t: p.joined(t.parts, "OR", "false"),
    sql.Not: lambda p, t: f"(NOT {p.expression(t.value)})",
    sql.Null: lambda p, t: f"({p.expression(t.value)} IS NULL)",
    sql.Call: _Printer.call,
    sql.Invoke: _Printer.invoke,
    sql.Array: lambda p, t: f"ARRAY[{p.list(t.parts)}]::{type_name(t.type)}[]",
    sql.Element: lambda p, t: f"({p.expression(t.of)})[{int(t.index)}]",
    sql.Last: lambda p, t: f"(array_agg({p.expression(t.value)}))[count(*)]",
    sql.Record: lambda p, t: f"ROW({p.list(t.parts)})",
    sql.Json: _Printer.json,
    sql.When: lambda p, t: (
        f"CASE WHEN {p.expression(t.condition)} THEN {p.expression(t.then)} ELSE {p.expression(t.otherwise)} END"
    ),
    sql.Exists: lambda p, t: f"EXISTS ({p.select(t.select)})",
    sql.Scalar: lambda p, t: f"({p.select(t.select)})",
    sql.Rows: lambda p, t: f"({p.select(t.select)})",
}
