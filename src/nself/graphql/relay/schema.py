"""What the relay schema has instead of lists at its root, and beside them in rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from nself.graphql.errors import ApiError
from nself.graphql.language.scalars import anything, invalid
from nself.graphql.language.types import Field, InputField, Interface, ListOf, NonNull, Object, arguments
from nself.graphql.plan import choose, rows
from nself.graphql.plan.arguments import Leaf
from nself.graphql.plan.call import called
from nself.graphql.plan.context import Context
from nself.graphql.plan.selection import Selected, arguments_of, selected
from nself.graphql.relay.connection import Part, connection
from nself.graphql.relay.ids import global_id, read_id
from nself.graphql.schema import columns, objects
from nself.graphql.schema.call_inputs import args_field
from nself.graphql.schema.filters import bool_exp
from nself.graphql.schema.functions import RootFunction
from nself.graphql.schema.means import RoleTable, RootValue, RowValue
from nself.graphql.schema.ordering import order_by
from nself.graphql.schema.role import RoleSchema
from nself.graphql.schema.spelling import shown
from nself.graphql.schema.tables import Relation
from nself.graphql.sql import tree as sql
from nself.graphql.sql.conditions import joined


def of_relay(schema: RoleSchema) -> RoleSchema:
    """What the same role may ask at /v1beta1/relay."""
    if RelayFields not in schema.kept:
        schema.kept[RelayFields] = schema.in_dialect(RelayFields())
    found: RoleSchema = schema.kept[RelayFields]
    return found


class RelayFields:
    """Brings `id` and connections into rows, connections and `node` into the query root."""

    def of_rows(self, schema: RoleSchema, table: RoleTable) -> Iterator[Field]:
        if table.model.primary_key:
            yield _id(schema, RowValue(lambda ctx, one, alias: global_id(table, alias)))
        for relation in table.model.relations.values():
            target = schema.related(relation)
            if relation.many and _is_connected(schema, target):
                yield _related(schema, relation, target)

    def queries(self, schema: RoleSchema) -> Iterator[Field]:
        for table in schema.visible():
            if _is_connected(schema, table):
                yield _root(schema, table)
        for function in schema.functions:
            target = schema.table(function.target)
            if function.many and not function.mutation and _is_connected(schema, target):
                yield _called(schema, function, target)
        yield Field(
            name="node",
            type=node(schema),
            means=RootValue(_node),
            arguments=arguments(InputField(name="id", type=NonNull(columns.scalar_type(schema, "ID")))),
        )

    def abstract(self, schema: RoleSchema, table: RoleTable) -> Iterator[Interface]:
        if table.model.primary_key:
            yield node(schema)


def node(schema: RoleSchema) -> Interface:
    def possible() -> Iterator[Object]:
        return (objects.row(schema, table) for table in schema.visible() if _is_connected(schema, table))

    def fields() -> Iterator[Field]:
        yield _id(schema, None)

    return schema.type("Node", lambda name: Interface(name, fields, possible, "An object with globally unique ID"))


def _is_connected(schema: RoleSchema, table: RoleTable) -> bool:
    return bool(table.model.primary_key) and objects.is_shown(schema, table)


def _id(schema: RoleSchema, means: RowValue | None) -> Field:
    return Field(name="id", type=NonNull(columns.scalar_type(schema, "ID")), means=means)


def _root(schema: RoleSchema, table: RoleTable) -> Field:
    def read(ctx: Context, one: Selected) -> tuple[str, sql.Expression]:
        return table.model.source, connection(ctx, table, one, choose.Origin())

    name = table.naming.root("{0}_connection", table.model.base)
    args, type_ = _arguments(schema, table), NonNull(_connection(schema, table))
    return shown(table.naming, Field(name=name, type=type_, means=RootValue(read), arguments=args))


def _called(schema: RoleSchema, function: RootFunction, target: RoleTable) -> Field:
    """The rows that a function gives."""

    def read(ctx: Context, one: Selected) -> tuple[str, sql.Expression]:
        call = called(ctx, function.routine, one).once()
        return target.model.source, connection(ctx, target, one, choose.Origin(rows=lambda at: sql.Invoked(call, at)))

    naming, title = target.naming, f'input parameters for function "{function.routine.function.name}"'
    args = arguments(args_field(schema, function.routine, function.args_type(naming), title, naming))
    name, type_ = function.field_name("function_connection", naming), NonNull(_connection(schema, target))
    args |= _arguments(schema, target)
    return shown(naming, Field(name=name, type=type_, means=RootValue(read), arguments=args))


def _related(schema: RoleSchema, relation: Relation, target: RoleTable) -> Field:
    def read(ctx: Context, one: Selected, alias: str) -> sql.Expression:
        return connection(ctx, target, one, choose.Origin(lambda there: joined(relation.mapping, alias, there)))

    args, type_ = _arguments(schema, target), NonNull(_connection(schema, target))
    return Field(name=f"{relation.name}_connection", type=type_, means=RowValue(read), arguments=args)


def _arguments(schema: RoleSchema, table: RoleTable) -> dict[str, InputField]:
    chosen, text = columns.select_column(schema, table), columns.scalar_type(schema, "String")
    integer = columns.scalar_type(schema, "Int")
    return arguments(
        InputField(name="distinct_on", type=ListOf(NonNull(chosen))) if chosen else None,
        InputField(name="first", type=integer),
        InputField(name="after", type=text),
        InputField(name="last", type=integer),
        InputField(name="before", type=text),
        InputField(name="order_by", type=ListOf(NonNull(order_by(schema, table)))),
        InputField(name="where", type=bool_exp(schema, table)),
    )


def _connection(schema: RoleSchema, table: RoleTable) -> Object:
    def fields() -> Iterator[Field]:
        yield Field(name="pageInfo", type=NonNull(_page_info(schema)), means=Part.PAGE)
        yield Field(name="edges", type=NonNull(ListOf(NonNull(_edge(schema, table)))), means=Part.EDGES)

    return schema.type(_named(table, "Connection"), _object(fields, f'A Relay connection object on "{table.name}"'))


def _edge(schema: RoleSchema, table: RoleTable) -> Object:
    def fields() -> Iterator[Field]:
        yield Field(name="cursor", type=NonNull(columns.scalar_type(schema, "String")), means=Part.CURSOR)
        yield Field(name="node", type=NonNull(objects.row(schema, table)), means=Part.NODE)

    return schema.type(_named(table, "Edge"), _object(fields))


def _page_info(schema: RoleSchema) -> Object:
    def fields() -> Iterator[Field]:
        flag, text = NonNull(columns.scalar_type(schema, "Boolean")), NonNull(columns.scalar_type(schema, "String"))
        yield Field(name="hasNextPage", type=flag, means=Part.HAS_NEXT)
        yield Field(name="hasPreviousPage", type=flag, means=Part.HAS_PREVIOUS)
        yield Field(name="startCursor", type=text, means=Part.START)
        yield Field(name="endCursor", type=text, means=Part.END)

    return schema.type("PageInfo", _object(fields))


def _named(table: RoleTable, kind: str) -> str:
    """`articleConnection`: no underscore, whatever the convention."""
    return table.naming.type("{0}", table.model.base) + kind


def _object(fields: Callable[[], Iterator[Field]], description: str | None = None) -> Callable[[str], Object]:
    return lambda name: Object(name, fields, description)


def _node(ctx: Context, one: Selected) -> tuple[str, sql.Expression]:
    """The row of any table that the id names. The id decides what is read: it becomes part of the plan."""
    given = arguments_of(ctx, one)["id"]
    assert isinstance(given, Leaf)
    ctx.reusable = ctx.reusable and given.variable is None
    path = f"{one.path}.args.id"
    wanted = read_id(given.value, path)
    schema = ctx.schema
    table = next((t for t in schema.visible() if t.model.table.name == wanted.table and _is_connected(schema, t)), None)
    if table is None:
        raise ApiError("validation-failed", f'invalid node id: no table "{wanted.table}" has nodes', path=path)
    key = table.model.primary_key
    if len(key) != len(wanted.key):
        raise invalid(f"invalid node id: the key of {wanted.table} has {len(key)} columns", path)
    values = {column.name: Leaf(value, path, anything) for column, value in zip(key, wanted.key, strict=True)}
    fields = selected(ctx, objects.row(schema, table), one.selections, one.path)
    return table.model.source, rows.single(ctx, table, fields, choose.by_key(ctx, table, values))
