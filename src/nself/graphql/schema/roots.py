"""Root fields: what a role finds at the top of queries and mutations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from graphql import OperationType

from nself.graphql.language.types import Field, InputField, ListOf, NonNull, Object, Type, arguments
from nself.graphql.schema import columns, function_roots, inputs, objects
from nself.graphql.schema.filters import bool_exp
from nself.graphql.schema.means import Action, Part, RoleTable, Root
from nself.graphql.schema.namespaces import gathered
from nself.graphql.schema.role import RoleSchema
from nself.graphql.schema.spelling import shown
from nself.graphql.schema.streams import stream_arguments

_NAMES: Final[Mapping[Action, tuple[str, str, str]]] = {
    Action.SELECT: ("select", "{0}", 'fetch data from the table: "{1}"'),
    Action.SELECT_AGGREGATE: ("select_aggregate", "{0}_aggregate", 'fetch aggregated fields from the table: "{1}"'),
    Action.SELECT_BY_KEY: (
        "select_by_pk",
        "{0}_by_pk",
        'fetch data from the table: "{1}" using primary key columns',
    ),
    Action.SELECT_STREAM: (
        "select_stream",
        "{0}_stream",
        'fetch data from the table in a streaming manner: "{1}"',
    ),
    Action.INSERT: ("insert", "insert_{0}", 'insert data into the table: "{1}"'),
    Action.INSERT_ONE: ("insert_one", "insert_{0}_one", 'insert a single row into the table: "{1}"'),
    Action.UPDATE: ("update", "update_{0}", 'update data of the table: "{1}"'),
    Action.UPDATE_BY_KEY: ("update_by_pk", "update_{0}_by_pk", 'update single row of the table: "{1}"'),
    Action.UPDATE_MANY: ("update_many", "update_{0}_many", 'update multiples rows of table: "{1}"'),
    Action.DELETE: ("delete", "delete_{0}", 'delete data from the table: "{1}"'),
    Action.DELETE_BY_KEY: ("delete_by_pk", "delete_{0}_by_pk", 'delete single row from the table: "{1}"'),
}
"""{action: (its key in custom_root_fields, the default name, the default description)}."""


_NONE: Final = "There are no queries available to the current role."


def query_root(schema: RoleSchema) -> Object:
    def fields() -> Iterator[Field]:
        own = [field for table in schema.visible() for field in _queries(schema, table, _offered(schema, table))]
        found = list(gathered(schema, [*own, *function_roots.queries(schema)], "query"))
        if schema.dialect is not None:
            found = list(schema.dialect.queries(schema))
        found += [field for roots in schema.elsewhere for field in roots.queries(schema)]
        # An object without fields is no GraphQL: tools would refuse the whole schema.
        yield from found or [
            Field(name="no_queries_available", type=columns.scalar_type(schema, "String"), means=_NONE)
        ]

    return schema.type("query_root", lambda name: Object(name, fields))


def root_of(schema: RoleSchema, kind: OperationType) -> Object:
    """What the fields of such an operation belong to."""
    return {
        OperationType.QUERY: query_root,
        OperationType.MUTATION: mutation_root,
        OperationType.SUBSCRIPTION: subscription_root,
    }[kind](schema)


def subscription_root(schema: RoleSchema) -> Object:
    def own() -> Iterator[Field]:
        for table in schema.visible():
            offered = _subscribed(table)
            yield from _queries(schema, table, offered)
            if table.rules.select is not None and table.readable and offered("select_stream"):
                args = stream_arguments(schema, table)
                yield _root(table, Action.SELECT_STREAM, objects.rows_type(schema, table), args)
        yield from function_roots.queries(schema)

    def fields() -> Iterator[Field]:
        yield from gathered(schema, own(), "subscription")
        for roots in schema.elsewhere:
            yield from roots.subscriptions(schema)

    return schema.type("subscription_root", lambda name: Object(name, fields))


def mutation_root(schema: RoleSchema) -> Object:
    def own() -> Iterator[Field]:
        for table in schema.visible():
            yield from _inserts(schema, table)
            yield from _updates(schema, table)
            yield from _deletes(schema, table)
        yield from function_roots.mutations(schema)

    def fields() -> Iterator[Field]:
        yield from gathered(schema, own(), "mutation")
        for roots in schema.elsewhere:
            yield from roots.mutations(schema)

    return schema.type("mutation_root", lambda name: Object(name, fields, "mutation root"))


def _root(table: RoleTable, action: Action, type_: Type, args: Mapping[str, InputField]) -> Field:
    key, name, description = _NAMES[action]
    config, naming = table.model.tracked.config, table.naming
    field = Field(
        name=naming.root(name, table.model.base, config.root_fields.get(key)),
        type=type_,
        means=Root(action, table),
        arguments=args,
        description=objects.described(
            config.root_field_comments.get(key), description.format(table.name, table.model.table.name)
        ),
    )
    return shown(naming, field)


Offered = Callable[[str], bool]
"""Whether a role's permission lets a table have this root field."""


def _offered(schema: RoleSchema, table: RoleTable) -> Offered:
    rule = table.rules.select
    return lambda root: rule is None or rule.roots is None or root in rule.roots or schema.row_commands


def _subscribed(table: RoleTable) -> Offered:
    rule = table.rules.select
    return lambda root: rule is None or rule.subscription_roots is None or root in rule.subscription_roots


def _queries(schema: RoleSchema, table: RoleTable, offered: Offered) -> Iterator[Field]:
    rule = table.rules.select
    if rule is None:
        return
    if objects.is_shown(schema, table) and offered("select"):
        args = objects.table_arguments(schema, table)
        yield _root(table, Action.SELECT, objects.rows_type(schema, table), args)
    if (rule.aggregations or schema.row_commands) and offered("select_aggregate"):
        args = objects.table_arguments(schema, table)
        yield _root(table, Action.SELECT_AGGREGATE, NonNull(objects.aggregate(schema, table)), args)
    if _has_key(table) and offered("select_by_pk"):
        yield _root(table, Action.SELECT_BY_KEY, objects.row(schema, table), _key_arguments(schema, table))


def _has_key(table: RoleTable) -> bool:
    key = table.model.primary_key
    return bool(key) and all(
        column.sql in table.select.columns and column.name in table.model.columns for column in key
    )


def _key_arguments(schema: RoleSchema, table: RoleTable) -> dict[str, InputField]:
    return arguments(
        *(
            InputField(
                name=column.name,
                type=NonNull(columns.value_type(schema, column)),
                description=column.comment or None,
                means=column,
            )
            for column in table.model.primary_key
        )
    )


def response(schema: RoleSchema, table: RoleTable) -> Object:
    def fields() -> Iterator[Field]:
        yield Field(
            name="affected_rows",
            type=NonNull(columns.scalar_type(schema, "Int")),
            means=Part.AFFECTED_ROWS,
            description="number of rows affected by the mutation",
        )
        if objects.is_shown(schema, table):
            yield Field(
                name="returning",
                type=objects.rows_type(schema, table),
                means=Part.RETURNING,
                description="data from the rows affected by the mutation",
            )

    description = f'response of any mutation on the table "{table.model.table.name}"'
    return schema.type_of(table, "{0}_mutation_response", lambda name: Object(name, fields, description))


def _inserts(schema: RoleSchema, table: RoleTable) -> Iterator[Field]:
    if not inputs.can_insert(table):
        return
    row = inputs.insert_input(schema, table)
    conflict = inputs.on_conflict(schema, table)
    upsert = InputField(name="on_conflict", type=conflict, description="upsert condition") if conflict else None
    rows = InputField(name="objects", type=NonNull(ListOf(NonNull(row))), description="the rows to be inserted")
    yield _root(table, Action.INSERT, response(schema, table), arguments(rows, upsert))
    if objects.is_shown(schema, table):
        one = InputField(name="object", type=NonNull(row), description="the row to be inserted")
        yield _root(table, Action.INSERT_ONE, objects.row(schema, table), arguments(one, upsert))


def _updates(schema: RoleSchema, table: RoleTable) -> Iterator[Field]:
    if table.rules.update is None or not table.model.table.updatable:
        return
    changes = list(inputs.changes(schema, table))
    if not changes:
        return
    where = InputField(
        name="where", type=NonNull(bool_exp(schema, table)), description="filter the rows which have to be updated"
    )
    yield _root(table, Action.UPDATE, response(schema, table), arguments(*changes, where))
    if table.rules.select is not None and _has_key(table):
        key = InputField(name="pk_columns", type=NonNull(inputs.pk_columns(schema, table)))
        yield _root(table, Action.UPDATE_BY_KEY, objects.row(schema, table), arguments(*changes, key))
    many = InputField(
        name="updates",
        type=NonNull(ListOf(NonNull(inputs.updates(schema, table)))),
        description="updates to execute, in order",
    )
    yield _root(table, Action.UPDATE_MANY, ListOf(response(schema, table)), arguments(many))


def _deletes(schema: RoleSchema, table: RoleTable) -> Iterator[Field]:
    if table.rules.delete is None or not table.model.table.deletable:
        return
    where = InputField(
        name="where", type=NonNull(bool_exp(schema, table)), description="filter the rows which have to be deleted"
    )
    yield _root(table, Action.DELETE, response(schema, table), arguments(where))
    if table.rules.select is not None and _has_key(table):
        yield _root(table, Action.DELETE_BY_KEY, objects.row(schema, table), _key_arguments(schema, table))
