"""A permission's boolean expression, JSON in metadata -> a condition. What it cannot mean is an ExpressionError."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from nself.errors import NselfError
from nself.graphql.errors import ApiError
from nself.graphql.language.scalars import BOOL, INT, encoder
from nself.graphql.language.types import Encode
from nself.graphql.schema.computed import Computed, RowsField
from nself.graphql.schema.tables import Relation, TableColumn, TableModel, Tables
from nself.graphql.sql.calls import FunctionCall
from nself.graphql.sql.conditions import (
    AnyOf,
    Compare,
    CompareColumns,
    Condition,
    Counted,
    IsNull,
    Not,
    Produced,
    Related,
    Rooted,
    all_of,
)
from nself.graphql.sql.operators import COMPARE_COLUMNS, OperandPart, Operator, by_name, casts
from nself.graphql.sql.values import Constant, Constants, SessionVariable, Source, Together
from nself.pg.catalog import Name, Type
from nself.records import dataclass

_ALIASES = {"_ne": "_neq"}


class ExpressionError(NselfError):
    """The expression names what is not there or compares what cannot be compared."""


def compiled(expression: Any, table: TableModel, tables: Tables) -> Condition:
    """The condition of a permission on `table`."""
    condition = _Compiler(tables, table).condition(expression, table)
    return Rooted(condition) if _compares_with_root(expression) else condition


def _compares_with_root(expression: Any) -> bool:
    """Whether `["$", column]` stands anywhere in it."""
    match expression:
        case Mapping():
            return any(map(_compares_with_root, expression.values()))
        case ["$", str()]:
            return True
        case list():
            return any(map(_compares_with_root, expression))
        case _:
            return False


def operand(value: Any, encode: Encode) -> Source:
    """One value, or the session variable that a text beginning `x-hasura-` names."""
    name = session_variable(value)
    if name is not None:
        return SessionVariable(name)
    if value is None:
        return Constant(None)
    try:
        return Constant(encode(value, "$"))
    except ApiError as error:
        raise ExpressionError(error.message) from error


def session_variable(value: Any) -> str | None:
    if isinstance(value, str) and value.lower().startswith("x-hasura-"):
        return value.lower()
    return None


@dataclass(frozen=True, slots=True)
class _Compiler:
    tables: Tables
    root: TableModel

    def condition(self, expression: Any, table: TableModel) -> Condition:
        if not isinstance(expression, Mapping):
            raise ExpressionError(f"expected an object for a boolean expression, but found {expression!r}")
        return all_of(*(self.entry(key, value, table) for key, value in expression.items()))

    def entry(self, key: str, value: Any, table: TableModel) -> Condition:
        match key:
            case "_and" | "$and":
                return all_of(*(self.condition(item, table) for item in _listed(key, value)))
            case "_or" | "$or":
                return AnyOf(tuple(self.condition(item, table) for item in _listed(key, value)))
            case "_not" | "$not":
                return Not(self.condition(value, table))
            case "_exists" | "$exists":
                return self.exists(value)
        column = table.by_sql.get(key)
        if column is not None:
            return self.column(column, value, table)
        relation = table.relations.get(key)
        if relation is not None:
            return Related(relation.target, relation.mapping, self.condition(value, self.tables[relation.target]))
        counted = table.relations.get(key.removesuffix("_aggregate"))
        if counted is not None and counted.many and key.endswith("_aggregate"):
            return self.aggregate(counted, value)
        computed = table.computed.get(key)
        if computed is not None:
            return self.computed(computed, value)
        raise ExpressionError(f'"{key}" does not exist')

    def computed(self, field: Computed, value: Any) -> Condition:
        if field.routine.inputs:
            raise ExpressionError(f'computed field "{field.name}" needs arguments: it cannot be compared here')
        call = field.routine.call()
        if isinstance(field, RowsField):
            return Produced(call, self.condition(value, self.tables[field.target]))
        if not isinstance(value, Mapping):
            return _comparison(call, field.type, "_eq", value, field.name)
        return all_of(
            *(_comparison(call, field.type, _plain(name), wanted, field.name) for name, wanted in value.items())
        )

    def exists(self, value: Any) -> Condition:
        match value:
            case {"_table": str() as name}:
                there = Name("public", name)
            case {"_table": {"name": str() as name, **rest}}:
                there = Name(str(rest.get("schema", "public")), name)
            case _:
                raise ExpressionError("_exists needs _table and _where")
        target = self.tables.get(there)
        if target is None:
            raise ExpressionError(f'table "{there}" does not exist')
        return Related(there, (), self.condition(value.get("_where", {}), target))

    def aggregate(self, relation: Relation, value: Any) -> Condition:
        target = self.tables[relation.target]
        if not isinstance(value, Mapping):
            raise ExpressionError("an aggregate condition is an object")
        return all_of(*(self.counted(relation, target, function, spec) for function, spec in value.items()))

    def counted(self, relation: Relation, target: TableModel, function: str, spec: Any) -> Condition:
        names = spec.get("arguments") or []
        columns = [target.by_sql.get(name) for name in ([names] if isinstance(names, str) else names)]
        if any(column is None for column in columns) or function not in {"count", "bool_and", "bool_or"}:
            raise ExpressionError(f"{function} of {names} is not an aggregate of {target.name}")
        type_ = INT if function == "count" else BOOL
        return Counted(
            table=relation.target,
            mapping=relation.mapping,
            condition=self.condition(spec.get("filter", {}), target),
            function="count" if function == "count" else "bool_and" if function == "bool_and" else "bool_or",
            cells=tuple(column.sql for column in columns if column),
            distinct=bool(spec.get("distinct", False)),
            type=type_,
            comparisons=tuple(
                _tested(_known(name, type_, function), type_, wanted, function)
                for name, wanted in spec.get("predicate", {}).items()
            ),
        )

    def column(self, column: TableColumn, value: Any, table: TableModel) -> Condition:
        if not isinstance(value, Mapping):
            return _comparison(column.sql, column.type, "_eq", value, column.sql)
        return all_of(*(self.operation(column, _plain(name), wanted, table) for name, wanted in value.items()))

    def operation(self, column: TableColumn, name: str, value: Any, table: TableModel) -> Condition:
        if name in COMPARE_COLUMNS:
            return self.columns(column, name, value, table)
        return _comparison(column.sql, column.type, name, value, column.sql)

    def columns(self, column: TableColumn, name: str, value: Any, table: TableModel) -> Condition:
        match value:
            case str() as other:
                of_root = False
            case [str() as other]:
                of_root = False
            case ["$", str() as other]:
                of_root = True
            case _:
                raise ExpressionError(f"{name} over relationships is not supported")
        if other not in (self.root if of_root else table).by_sql:
            raise ExpressionError(f'column "{other}" does not exist')
        return CompareColumns(column=column.sql, symbol=COMPARE_COLUMNS[name], other=other, of_root=of_root)


def _plain(name: str) -> str:
    """`$eq` and `_eq` are one operator."""
    name = "_" + name[1:] if name.startswith("$") else name
    return _ALIASES.get(name, name)


def _listed(key: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ExpressionError(f"{key} needs a list")
    return value


def _known(name: str, type_: Type, column: str) -> Operator:
    operator = by_name(type_, _plain(name))
    if operator is None:
        raise ExpressionError(f'unknown operator "{_plain(name)}" for column "{column}"')
    return operator


def _comparison(
    cell: str | FunctionCall, type_: Type, name: str, value: Any, shown: str, through: tuple[Type, ...] = ()
) -> Condition:
    """One operator of a cell called `shown`; `through` are the types it was cast to on the way to `type_`."""
    if name == "_cast":
        return all_of(*_cast(cell, type_, value, shown, through))
    operator = _known(name, type_, shown)
    if operator.operand == "boolean":
        return _null_test(cell, value)
    if operator.operand == "parts":
        parts = _parts(operator, type_, value)
        return Compare(cell=cell, type=type_, operator=operator, operand=parts[0], casts=through, parts=parts)
    source = _operand(operator, type_, value, shown)
    return Compare(cell=cell, type=type_, operator=operator, operand=source, casts=through)


def _cast(
    cell: str | FunctionCall, type_: Type, value: Any, shown: str, through: tuple[Type, ...]
) -> Iterator[Condition]:
    targets = casts(type_)
    for name, tests in (value if isinstance(value, Mapping) else {"": None}).items():
        if name not in targets or not isinstance(tests, Mapping):
            raise ExpressionError(f'column "{shown}" cannot be cast so')
        to = targets[name]
        for operator, wanted in tests.items():
            yield _comparison(cell, to, _plain(operator), wanted, shown, (*through, to))


def _parts(operator: Operator, type_: Type, value: Any) -> tuple[Source, ...]:
    if not isinstance(value, Mapping):
        raise ExpressionError(f"{operator.name} needs an object")
    unknown = sorted(set(value) - {part.name for part in operator.parts})
    if unknown:
        raise ExpressionError(f"{operator.name} has no {unknown[0]!r}")
    return tuple(
        _part(part, of, value.get(part.name))
        for part, of in zip(operator.parts, operator.part_types(type_), strict=True)
    )


def _part(part: OperandPart, type_: Type, value: Any) -> Source:
    if value is None and part.required:
        raise ExpressionError(f'key "{part.name}" not found')
    return Constant(part.default) if value is None else operand(value, encoder(type_))


def _tested(operator: Operator, type_: Type, value: Any, function: str) -> tuple[Operator, Source]:
    """A comparison of what an aggregate function gives."""
    boolean = operator.operand == "boolean"
    return operator, operand(value, encoder(BOOL)) if boolean else _operand(operator, type_, value, function)


def _operand(operator: Operator, type_: Type, value: Any, column: str) -> Source:
    wanted = operator.operand_type(type_)
    encode = encoder(wanted)
    if operator.operand == "many":
        return _many(value, encode)
    if wanted.array and isinstance(value, list) and any(session_variable(item) for item in value):
        return _many(value, encoder(replace(wanted, array=False)))
    if value is None:
        raise ExpressionError(f'unexpected null value for operator "{operator.name}" of column "{column}"')
    return operand(value, encode)


def _null_test(cell: str | FunctionCall, value: Any) -> Condition:
    match value:
        case bool():
            return IsNull(cell, value)
        case str() if value.lower() in {"true", "false"}:
            return IsNull(cell, value.lower() == "true")
        case _:
            raise ExpressionError("_is_null needs true or false")


def _many(value: Any, encode: Encode) -> Source:
    """A list, or a session variable that holds an array literal."""
    if not isinstance(value, list):
        if session_variable(value) is None:
            raise ExpressionError("expected a list or a session variable")
        return operand(value, encode)
    parts = tuple(operand(item, encode) for item in value)
    if all(isinstance(part, Constant) for part in parts):
        return Constants(tuple(part.value for part in parts if isinstance(part, Constant)))
    return Together(parts)


def preset(value: Any, column: TableColumn) -> Source:
    """What a permission's `set` puts into a column."""
    return operand(value, encoder(column.type))
