"""A request's `where` -> a condition. The role's own filter goes into every table that is looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import LiteralString

from nself.graphql.language.scalars import BOOL, INT, invalid
from nself.graphql.language.types import EnumValue, InputField, members
from nself.graphql.plan.arguments import Coerced, Leaf, flag, source_of, sources_of
from nself.graphql.schema.computed import ScalarField
from nself.graphql.schema.filters import bool_exp
from nself.graphql.schema.means import (
    AnyRow,
    CastTo,
    CastType,
    ColumnComparison,
    ComputedRows,
    Logic,
    Predicate,
    RelatedCount,
    RelatedRows,
    RoleTable,
    RowsOf,
)
from nself.graphql.schema.of_commands import COLUMN, OTHER, ROOT
from nself.graphql.schema.role import RoleSchema
from nself.graphql.schema.tables import TableColumn
from nself.graphql.sql.conditions import (
    ALWAYS,
    AnyOf,
    Cell,
    Compare,
    CompareColumns,
    Condition,
    Counted,
    IsNull,
    Not,
    Produced,
    Related,
    all_of,
)
from nself.graphql.sql.operators import Operator
from nself.graphql.sql.values import Constant, Source
from nself.pg.catalog import Type


def where(schema: RoleSchema, table: RoleTable, value: Coerced) -> Condition:
    """The condition a `where` states, without the filter of the table itself. Null and absent are true."""
    if value is None:
        return ALWAYS
    assert isinstance(value, dict)
    fields = bool_exp(schema, table).fields
    return all_of(*(_entry(schema, table, fields[name], item) for name, item in value.items()))


def _entry(schema: RoleSchema, table: RoleTable, field: InputField, value: Coerced) -> Condition:
    if value is None:
        return ALWAYS
    match field.means:
        case Logic.NOT:
            return Not(where(schema, table, value))
        case Logic.AND:
            return all_of(*(where(schema, table, item) for item in _items(value)))
        case Logic.OR:
            return AnyOf(tuple(where(schema, table, item) for item in _items(value)))
        case TableColumn() as column:
            return _tests(table.cell(column), column.type, field, value)
        case ScalarField() as computed:
            return _tests(table.cell(computed), computed.type, field, value)
        case ComputedRows(computed, target):
            return Produced(computed.routine.call(), all_of(target.select.filter, where(schema, target, value)))
        case RelatedRows(relation, target):
            inner = all_of(target.select.filter, where(schema, target, value))
            return Related(relation.target, relation.mapping, inner)
        case RelatedCount():
            return _counted(schema, field, field.means, value)
        case AnyRow():
            return all_of(*_exists(schema, field, value))
        case ColumnComparison(symbol):
            return all_of(*(_compared(table, members(field), symbol, item) for item in _items(value)))
        case other:
            raise AssertionError(other)


def _exists(schema: RoleSchema, field: InputField, value: Coerced) -> Iterator[Condition]:
    """Some row of each table named satisfies what is asked of it."""
    assert isinstance(value, dict)
    tables = members(field)
    for name, asked in value.items():
        means = tables[name].means
        assert isinstance(means, RowsOf)
        inner = all_of(means.table.select.filter, where(schema, means.table, asked))
        yield Related(means.table.model.table.name, (), inner)


def _compared(table: RoleTable, fields: Mapping[str, InputField], symbol: LiteralString, value: Coerced) -> Condition:
    assert isinstance(value, dict)
    left = _cell(table, value[COLUMN])
    root = value.get(ROOT)
    if not isinstance(root, dict):
        return CompareColumns(column=left, symbol=symbol, other=_cell(table, value[OTHER]))
    ((name, column),) = root.items()
    means = members(fields[ROOT])[name].means
    assert isinstance(means, RowsOf)
    return CompareColumns(column=left, symbol=symbol, other=_cell(means.table, column), of_root=True)


def _cell(table: RoleTable, chosen: Coerced) -> Cell:
    assert isinstance(chosen, EnumValue)
    return table.cell(chosen.means)


def _items(value: Coerced) -> Iterable[Coerced]:
    assert isinstance(value, list)
    return value


def _tests(cell: Cell, type_: Type, field: InputField, value: Coerced) -> Condition:
    assert isinstance(value, dict)
    comparisons = members(field)
    return all_of(*(_operation(cell, type_, comparisons[name], item) for name, item in value.items()))


def _operation(cell: Cell, type_: Type, field: InputField, value: Coerced, casts: tuple[Type, ...] = ()) -> Condition:
    match field.means:
        case CastTo():
            return all_of(*_casts(cell, field, value, casts))
        case Operator(operand="boolean"):
            return ALWAYS if value is None else IsNull(cell, flag(value))
        case Operator(operand="parts") as operator:
            parts = _parts(operator, value)
            return Compare(cell=cell, type=type_, operator=operator, operand=parts[0], casts=casts, parts=parts)
        case Operator() as operator:
            operand = _operand(operator, value)
            return Compare(cell=cell, type=type_, operator=operator, operand=operand, casts=casts)
        case other:
            raise AssertionError(other)


def _casts(cell: Cell, field: InputField, value: Coerced, casts: tuple[Type, ...]) -> Iterator[Condition]:
    """The tests of the column as each type it is cast to."""
    assert value is None or isinstance(value, dict)
    targets = members(field)
    for name, tests in (value or {}).items():
        to, fields = targets[name].means, members(targets[name])
        assert isinstance(to, CastType)
        assert tests is None or isinstance(tests, dict)
        for operator, item in (tests or {}).items():
            yield _operation(cell, to.type, fields[operator], item, (*casts, to.type))


def _parts(operator: Operator, value: Coerced) -> tuple[Source, ...]:
    """The members of an operand that is an object, in the order of the function's arguments."""
    assert isinstance(value, dict)
    given = (value.get(part.name) for part in operator.parts)
    return tuple(
        Constant(part.default) if item is None else source_of(item)
        for part, item in zip(operator.parts, given, strict=True)
    )


def _operand(operator: Operator, value: Coerced) -> Source:
    if operator.operand == "many" or isinstance(value, list):
        return sources_of(value)
    return source_of(value)


def _counted(schema: RoleSchema, field: InputField, means: RelatedCount, value: Coerced) -> Condition:
    assert isinstance(value, dict)
    if len(value) != 1:
        raise invalid("exactly one aggregate function must be given", "$")
    (name, spec), *_ = value.items()
    predicate = members(field)[name]
    assert isinstance(spec, dict)
    assert isinstance(predicate.means, Predicate)
    tests = members(members(predicate)["predicate"])
    wanted = spec["predicate"]
    assert isinstance(wanted, dict)
    type_ = INT if predicate.means.function == "count" else BOOL
    chosen = spec.get("arguments") or []
    columns = chosen if isinstance(chosen, list) else [chosen]
    distinct = spec.get("distinct")
    return Counted(
        table=means.relation.target,
        mapping=means.relation.mapping,
        condition=all_of(means.table.select.filter, where(schema, means.table, spec.get("filter"))),
        function=predicate.means.function,
        cells=tuple(means.table.cell(column.means) for column in columns if isinstance(column, EnumValue)),
        distinct=isinstance(distinct, Leaf) and flag(distinct),
        type=type_,
        comparisons=tuple(
            (tests[name].means, _operand(tests[name].means, item)) for name, item in wanted.items() if item is not None
        ),
    )
