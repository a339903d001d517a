"""Input types of inserts and updates."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from nself.graphql.language.types import Enum, EnumValue, InputField, InputObject, ListOf, NonNull, Type
from nself.graphql.schema import columns
from nself.graphql.schema.filters import bool_exp
from nself.graphql.schema.means import Change, RelatedRow, RelatedRows, RoleTable
from nself.graphql.schema.role import RoleSchema
from nself.graphql.schema.tables import TableColumn, is_enum_value
from nself.pg.catalog import Constraint

PLACEHOLDER = "_PLACEHOLDER"


def insertable(table: RoleTable) -> list[TableColumn]:
    rule = table.rules.insert
    return [column for column in table.model.columns.values() if rule is not None and column.sql in rule.columns]


def updatable(table: RoleTable) -> list[TableColumn]:
    rule = table.rules.update
    return [column for column in table.model.columns.values() if rule is not None and column.sql in rule.columns]


def insert_input(schema: RoleSchema, table: RoleTable) -> InputObject:
    def fields() -> Iterator[InputField]:
        for column in insertable(table):
            yield InputField(
                name=column.name,
                type=columns.value_type(schema, column),
                description=column.comment or None,
                means=column,
            )
        for relation in table.model.relations.values():
            target = schema.related(relation)
            if not can_insert(target):
                continue
            if relation.many:
                type_, means = array_input(schema, target), RelatedRows(relation, target)
                yield InputField(name=relation.name, type=type_, means=means)
            else:
                yield InputField(
                    name=relation.name, type=object_input(schema, target), means=RelatedRow(relation, target)
                )

    description = f'input type for inserting data into table "{table.model.table.name}"'
    return schema.type_of(table, "{0}_insert_input", lambda name: InputObject(name, fields, description, rows=True))


def can_insert(table: RoleTable) -> bool:
    table_ = table.model.table
    return table.rules.insert is not None and table_.insertable and bool(table_.columns)


def object_input(schema: RoleSchema, table: RoleTable) -> InputObject:
    def fields() -> Iterator[InputField]:
        yield InputField(name="data", type=NonNull(insert_input(schema, table)))
        yield from _conflict_field(schema, table)

    description = f'input type for inserting object relation for remote table "{table.model.table.name}"'
    return schema.type_of(table, "{0}_obj_rel_insert_input", lambda name: InputObject(name, fields, description))


def array_input(schema: RoleSchema, table: RoleTable) -> InputObject:
    def fields() -> Iterator[InputField]:
        yield InputField(name="data", type=NonNull(ListOf(NonNull(insert_input(schema, table)))))
        yield from _conflict_field(schema, table)

    description = f'input type for inserting array relation for remote table "{table.model.table.name}"'
    return schema.type_of(table, "{0}_arr_rel_insert_input", lambda name: InputObject(name, fields, description))


def _conflict_field(schema: RoleSchema, table: RoleTable) -> Iterator[InputField]:
    conflict = on_conflict(schema, table)
    if conflict is not None:
        yield InputField(name="on_conflict", type=conflict, description="upsert condition")


def on_conflict(schema: RoleSchema, table: RoleTable) -> InputObject | None:
    """None for a table without constraints to conflict with."""
    if not _constraints(table):
        return None

    def fields() -> Iterator[InputField]:
        constraint = _constraint(schema, table)
        yield InputField(name="constraint", type=constraint if schema.row_commands else NonNull(constraint))
        chosen = NonNull(ListOf(NonNull(_update_column(schema, table))))
        yield InputField(name="update_columns", type=chosen, default="[]")
        if table.rules.select is not None:
            yield InputField(name="where", type=bool_exp(schema, table))

    description = f'on_conflict condition type for table "{table.model.table.name}"'
    return schema.type_of(table, "{0}_on_conflict", lambda name: InputObject(name, fields, description))


def _constraints(table: RoleTable) -> list[Constraint]:
    return [constraint for constraint in table.model.table.unique if is_enum_value(constraint.name)]


def _constraint(schema: RoleSchema, table: RoleTable) -> Enum:
    def make(name: str) -> Enum:
        values = {
            table.naming.enum_value(constraint.name): EnumValue(
                table.naming.enum_value(constraint.name),
                f"unique or primary key constraint on columns {', '.join(map(_quoted, constraint.columns))}",
                constraint.name,
            )
            for constraint in _constraints(table)
        }
        return Enum(name=name, values=values, description=f'unique or primary key constraints on table "{title}"')

    title = table.model.table.name
    return schema.type_of(table, "{0}_constraint", make)


def _quoted(name: str) -> str:
    return f'"{name}"'


def _update_column(schema: RoleSchema, table: RoleTable) -> Enum:
    values = columns.enum_values(table, updatable(table)) or {
        PLACEHOLDER: EnumValue(PLACEHOLDER, "placeholder (do not use)")
    }
    description = f'update columns of table "{table.model.table.name}"'
    return schema.type_of(
        table, "{0}_update_column", lambda name: Enum(name=name, values=values, description=description)
    )


ChangeColumns = Callable[[TableColumn], bool]

_CHANGES: tuple[tuple[str, Change, ChangeColumns, str], ...] = (
    (
        "_append",
        Change.APPEND,
        columns.is_jsonb,
        "append existing jsonb value of filtered columns with new jsonb value",
    ),
    (
        "_delete_at_path",
        Change.DELETE_AT_PATH,
        columns.is_jsonb,
        "delete the field or element with specified path (for JSON arrays, negative integers count from the end)",
    ),
    (
        "_delete_elem",
        Change.DELETE_ELEM,
        columns.is_jsonb,
        "delete the array element with specified index (negative integers count from the end). "
        "throws an error if top level container is not an array",
    ),
    (
        "_delete_key",
        Change.DELETE_KEY,
        columns.is_jsonb,
        "delete key/value pair or string element. key/value pairs are matched based on their key value",
    ),
    ("_inc", Change.INC, columns.is_numeric, "increments the numeric columns with given value of the filtered values"),
    (
        "_prepend",
        Change.PREPEND,
        columns.is_jsonb,
        "prepend existing jsonb value of filtered columns with new jsonb value",
    ),
    ("_set", Change.SET, lambda column: True, "sets the columns of the filtered rows to the given values"),
)


def changes(schema: RoleSchema, table: RoleTable) -> Iterator[InputField]:
    """The arguments of an update that say what to change; none for a role that may change nothing."""
    for name, change, fits, description in _CHANGES:
        listed = [column for column in updatable(table) if fits(column)]
        if listed:
            type_ = _change_input(schema, table, change, listed)
            yield InputField(name=name, type=type_, description=description, means=change)
    if schema.row_commands:
        yield from _commanded(schema, table)


def _commanded(schema: RoleSchema, table: RoleTable) -> Iterator[InputField]:
    """What `update` of /v1/query can do besides."""
    for name, change, fits in (
        ("_mul", Change.MUL, columns.is_numeric),
        ("_default", Change.DEFAULT, lambda column: True),
    ):
        listed = [column for column in updatable(table) if fits(column)]
        if listed:
            yield InputField(name=name, type=_change_input(schema, table, change, listed), means=change)


def _change_input(schema: RoleSchema, table: RoleTable, change: Change, listed: list[TableColumn]) -> InputObject:
    def fields() -> Iterator[InputField]:
        for column in listed:
            type_ = _changed_type(schema, change, column)
            yield InputField(name=column.name, type=type_, description=column.comment or None, means=column)

    description = f'input type for updating data in table "{table.model.table.name}"'
    return schema.type_of(
        table, f"{{0}}_{change.name.lower()}_input", lambda name: InputObject(name, fields, description)
    )


def _changed_type(schema: RoleSchema, change: Change, column: TableColumn) -> Type:
    match change:
        case Change.DEFAULT:
            return columns.scalar_type(schema, "Boolean")
        case Change.DELETE_KEY:
            return columns.scalar_type(schema, "String")
        case Change.DELETE_ELEM:
            return columns.scalar_type(schema, "Int")
        case Change.DELETE_AT_PATH:
            return ListOf(NonNull(columns.scalar_type(schema, "String")), literal=True)
        case _:
            return columns.value_type(schema, column)


def pk_columns(schema: RoleSchema, table: RoleTable) -> InputObject:
    def fields() -> Iterator[InputField]:
        for column in table.model.primary_key:
            yield InputField(name=column.name, type=NonNull(columns.value_type(schema, column)), means=column)

    description = f"primary key columns input for table: {table.name}"
    return schema.type_of(table, "{0}_pk_columns_input", lambda name: InputObject(name, fields, description))


def updates(schema: RoleSchema, table: RoleTable) -> InputObject:
    def fields() -> Iterator[InputField]:
        yield from changes(schema, table)
        yield InputField(
            name="where",
            type=NonNull(bool_exp(schema, table)),
            description="filter the rows which have to be updated",
        )

    return schema.type_of(table, "{0}_updates", lambda name: InputObject(name, fields))
