"""A whole operation -> its plan: one statement for a query, steps for each field of a mutation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, Final, TypeAlias

from graphql import NonNullTypeNode, OperationType, VariableDefinitionNode
from graphql.language import print_ast
from msgspec import Struct, structs

from nself.graphql.elsewhere import Elsewhere, Part, Place
from nself.graphql.errors import ApiError
from nself.graphql.joins import Join, taken
from nself.graphql.language import introspection
from nself.graphql.language.document import Operation
from nself.graphql.language.scalars import TEXT, invalid
from nself.graphql.language.types import Object
from nself.graphql.plan import checked, choose, function, rows
from nself.graphql.plan.arguments import Coerced, literal_json
from nself.graphql.plan.context import Context
from nself.graphql.plan.insert import insert, is_tree, rows_of
from nself.graphql.plan.mutation import FromStore, MutationField, Step, final, steps_for
from nself.graphql.plan.nested import Tree
from nself.graphql.plan.selection import Selected, arguments_of, fields_of, selected
from nself.graphql.plan.stream import stream
from nself.graphql.plan.update import delete, update
from nself.graphql.plan.where import where
from nself.graphql.schema.means import Action, FunctionRoot, Namespace, RoleTable, Root, RootValue
from nself.graphql.schema.roots import mutation_root, query_root, subscription_root
from nself.graphql.sql import tree as sql
from nself.graphql.sql.conditions import to_sql
from nself.graphql.sql.printer import multiplexed, printed
from nself.pg.catalog import Type
from nself.web.json import encode


class Known(Struct, frozen=True):
    """A root field whose answer is part of the plan, as JSON."""

    key: str
    json: bytes
    joins: tuple[Join, ...] = ()


class Asked(Struct, frozen=True):
    """A root field that a statement answers: the number of the read, and of the column in it."""

    key: str
    read: int
    column: int
    joins: tuple[Join, ...] = ()


class Awaited(Struct, frozen=True):
    """A root field that one of the plan's parts answers, or a turn of a mutation."""

    key: str
    joins: tuple[Join, ...] = ()


class Read(Struct, frozen=True, kw_only=True):
    """What one source is asked: one statement for all its root fields, a column each."""

    source: str
    columns: tuple[sql.Expression, ...]
    statement: sql.Statement


class QueryPlan(Struct, frozen=True, kw_only=True):
    """`joined`: some field has joins."""

    fields: tuple[Known | Asked | Awaited, ...]
    reads: tuple[Read, ...] = ()
    parts: tuple[Part, ...] = ()
    joined: bool = False

    @property
    def size(self) -> int:
        """Characters of its statements."""
        return sum(len(read.statement.text) for read in self.reads)


class SubscriptionPlan(Struct, frozen=True, kw_only=True):
    """What is asked again and again. `many` answers it for many subscribers at once, a column for each `Asked` field.
    A stream's statement has one column more: the value its cursor moves to. Where other places than the source answer
    too, there is `whole` in its stead: the same as a query."""

    fields: tuple[Known | Asked | Awaited, ...]
    source: str = ""
    many: sql.Statement | None = None
    streams: bool = False
    whole: QueryPlan | None = None

    @property
    def size(self) -> int:
        return len(self.many.text) if self.many else self.whole.size if self.whole else 0


class MutationPlan(Struct, frozen=True, kw_only=True):
    """`turns` are taken one after the other: fields that share a transaction, or a part."""

    fields: tuple[Known | Awaited, ...]
    turns: tuple[tuple[MutationField, ...] | Part, ...]

    @property
    def size(self) -> int:
        fields = (field for turn in self.turns if isinstance(turn, tuple) for field in turn)
        return sum(len(step.statement.text) for field in fields for step in field.steps)


Plan: TypeAlias = QueryPlan | SubscriptionPlan | MutationPlan


_SEVERAL: Final = "_multiple_top_level_fields"
_ONE_FIELD: Final = "subscriptions must select one top level field"


def variables_of(operation: Operation, given: Mapping[str, Any] | None) -> dict[str, Any]:
    """The values of the operation's variables, defaults put in; those without any are absent."""
    values: dict[str, Any] = {}
    given = given or {}
    declared = {definition.variable.name.value for definition in operation.variables}
    stray = [name for name in given if name not in declared]
    if stray:
        raise invalid(f"unexpected variables in variableValues: {', '.join(stray)}", "$.variableValues")
    for definition in operation.variables:
        name = definition.variable.name.value
        if name in given:
            _refuse_null(definition, given[name])
            values[name] = given[name]
        elif definition.default_value is not None:
            values[name] = literal_json(definition.default_value)
        elif isinstance(definition.type, NonNullTypeNode):
            raise invalid(f"expecting a value for non-nullable variable: '{name}'", "$.variableValues")
    return values


def _refuse_null(definition: VariableDefinitionNode, value: Any) -> None:
    if value is None and isinstance(definition.type, NonNullTypeNode):
        name, type_ = definition.variable.name.value, print_ast(definition.type)
        raise invalid(f"null value found for non-nullable type: '{type_}'", f"$.variableValues.{name}")


def declared(operation: Operation) -> Mapping[str, VariableDefinitionNode]:
    found: dict[str, VariableDefinitionNode] = {}
    for definition in operation.variables:
        name = definition.variable.name.value
        if name in found:
            raise invalid(f"multiple definitions for variable '{name}'", "$")
        found[name] = definition
    return found


def plan(ctx: Context) -> Plan:
    for directive in ctx.operation.node.directives or ():
        if directive.name.value not in {"cached", _SEVERAL}:
            raise invalid(f"directive '{directive.name.value}' is not defined in the schema", "$")
    match ctx.operation.kind:
        case OperationType.QUERY:
            return _query(ctx)
        case OperationType.MUTATION:
            return _mutation(ctx)
        case OperationType.SUBSCRIPTION:
            return _subscription(ctx)


def _query(ctx: Context) -> QueryPlan:
    own = query_root(ctx.schema)
    root = Object(own.name, lambda: [*own.fields.values(), *introspection.ROOT_FIELDS.values()])
    return _read_all(ctx, own.name, selected(ctx, root, [ctx.operation.node.selection_set], "$"))


def _subscription(ctx: Context) -> SubscriptionPlan:
    root = subscription_root(ctx.schema)
    ones = selected(ctx, root, [ctx.operation.node.selection_set], "$")
    several = any(node.name.value == _SEVERAL for node in ctx.operation.node.directives or ())
    streams = [(one, streamed) for one in ones if (streamed := _streamed(ctx, one)) is not None]
    if len(ones) > 1 and (not several or streams):
        raise invalid(_ONE_FIELD, "$")
    if streams:
        return _stream(ctx, *streams[0])
    plan = _read_all(ctx, root.name, ones)
    if len(plan.reads) > 1:
        raise invalid(_ONE_FIELD, "$")
    if plan.parts or plan.joined or not plan.reads:
        return SubscriptionPlan(fields=plan.fields, whole=plan)
    select = sql.Select(columns=tuple((column, None) for column in plan.reads[0].columns))
    return SubscriptionPlan(fields=plan.fields, source=plan.reads[0].source, many=multiplexed(select))


def _stream(ctx: Context, one: Selected, streamed: Selected) -> SubscriptionPlan:
    assert streamed.of is not None
    table = streamed.of.means.table
    select = stream(ctx, table, streamed)
    if taken(ctx, one.path):
        raise ApiError("not-supported", "remote relationships cannot be streamed", path=one.path)
    if streamed is not one:
        (batch, _), *rest = select.columns
        within = sql.Cast(sql.Json(((streamed.key, sql.Cast(batch, Type(name="json"))),)), TEXT)
        select = structs.replace(select, columns=((within, None), *rest))
    fields, source = (Asked(one.key, 0, 0),), table.model.source
    return SubscriptionPlan(fields=fields, source=source, many=multiplexed(select), streams=True)


def _streamed(ctx: Context, one: Selected) -> Selected | None:
    """The streaming field that this is, or the only one of this namespace."""
    means = one.of and one.of.means
    if isinstance(means, Namespace):
        found = [inner for inner in fields_of(ctx, one) if _streamed(ctx, inner)]
        if found and len(fields_of(ctx, one)) > 1:
            raise invalid(_ONE_FIELD, one.path)
        return found[0] if found else None
    return one if isinstance(means, Root) and means.action is Action.SELECT_STREAM else None


def _read_all(ctx: Context, typename: str, ones: Sequence[Selected]) -> QueryPlan:
    places: dict[int, list[Selected]] = {}
    for one in ones:
        if one.of is not None and isinstance(one.of.means, Elsewhere):
            places.setdefault(id(one.of.means.place), []).append(one)
    parts = [part for neighbours in places.values() for part in _parts(ctx, neighbours)]
    fields: list[Known | Asked | Awaited] = []
    asked: dict[str, list[sql.Expression]] = {}
    for one in ones:
        match one.of and one.of.means:
            case Root() | FunctionRoot() | Namespace() as means:
                source = _source(means)
                columns = asked.setdefault(source, [])
                columns.append(sql.Cast(_read(ctx, one, means), TEXT))
                fields.append(Asked(one.key, [*asked].index(source), len(columns) - 1, taken(ctx, one.path)))
            case RootValue(plan):
                source, value = plan(ctx, one)
                columns = asked.setdefault(source, [])
                columns.append(sql.Cast(value, TEXT))
                fields.append(Asked(one.key, [*asked].index(source), len(columns) - 1, taken(ctx, one.path)))
            case Elsewhere():
                fields.append(Awaited(one.key, taken(ctx, one.path)))
            case None | str():
                fields.append(_known(one, typename))
            case _:
                parts.append(introspection.described(ctx, one))
                fields.append(Awaited(one.key, ()))
    return QueryPlan(
        fields=tuple(fields),
        reads=tuple(_together(source, columns) for source, columns in asked.items()),
        parts=tuple(parts),
        joined=any(field.joins for field in fields),
    )


def _parts(ctx: Context, ones: Sequence[Selected]) -> Sequence[Part]:
    """Fields of one place, planned by it."""
    assert ones[0].of is not None
    means = ones[0].of.means
    assert isinstance(means, Elsewhere)
    return means.place.plan(ctx, ones)


def _together(source: str, columns: Sequence[sql.Expression]) -> Read:
    statement = printed(sql.Select(columns=tuple((column, None) for column in columns)))
    return Read(source=source, columns=tuple(columns), statement=statement)


def _known(one: Selected, typename: str) -> Known:
    if one.of is None:
        return Known(one.key, encode(typename))
    return Known(one.key, encode(one.of.means))


def _source(means: Root | FunctionRoot | Namespace) -> str:
    return means.source if isinstance(means, Namespace) else means.table.model.source


def _read(ctx: Context, one: Selected, root: Root | FunctionRoot | Namespace) -> sql.Expression:
    if isinstance(root, Namespace):
        return sql.Json(tuple((inner.key, _read_inner(ctx, inner)) for inner in fields_of(ctx, one)))
    if isinstance(root, FunctionRoot):
        return function.read(ctx, one, root)
    table = root.table
    match root.action:
        case Action.SELECT:
            return rows.many(ctx, table, one, choose.Origin())
        case Action.SELECT_AGGREGATE:
            return rows.aggregate(ctx, table, one, choose.Origin())
        case _:
            return rows.single(ctx, table, fields_of(ctx, one), choose.by_key(ctx, table, arguments_of(ctx, one)))


def _read_inner(ctx: Context, inner: Selected) -> sql.Expression:
    return sql.Text(inner.typename) if inner.of is None else _read(ctx, inner, inner.of.means)


def _mutation(ctx: Context) -> MutationPlan:
    root = mutation_root(ctx.schema)
    if not root.fields:
        raise ApiError("validation-failed", "no mutations exist")
    turns: list[tuple[MutationField, ...] | Part] = []
    ones = selected(ctx, root, [ctx.operation.node.selection_set], "$")
    for _, group in groupby((one for one in ones if one.of is not None), lambda one: id(_place(one))):
        neighbours = list(group)
        if _place(neighbours[0]) is None:
            turns.append(tuple(_change(ctx, one) for one in neighbours))
        else:
            turns += _parts(ctx, neighbours)
    fields = [Awaited(one.key, taken(ctx, one.path)) if one.of else Known(one.key, encode(root.name)) for one in ones]
    return MutationPlan(fields=tuple(fields), turns=tuple(turns))


def _place(one: Selected) -> Place | None:
    """Whose turn a mutation's field is: None for the database."""
    assert one.of is not None
    means = one.of.means
    return means.place if isinstance(means, Elsewhere) else None


def _changes(ctx: Context, one: Selected, namespace: Namespace) -> MutationField:
    """The fields of a namespace as one: they change the same source."""
    inner = tuple(
        (field.key, encode(field.typename)) if field.of is None else _change(ctx, field)
        for field in fields_of(ctx, one)
    )
    steps = tuple(step for field in inner if isinstance(field, MutationField) for step in field.steps)
    return MutationField(key=one.key, source=namespace.source, steps=steps, answers=(), inner=inner)


def _change(ctx: Context, one: Selected) -> MutationField:
    assert one.of is not None
    if isinstance(one.of.means, Namespace):
        return _changes(ctx, one, one.of.means)
    if isinstance(one.of.means, FunctionRoot):
        return function.change(ctx, one, one.of.means)
    assert isinstance(one.of.means, Root)
    table, action = one.of.means.table, one.of.means.action
    field = _change_of_table(ctx, one, table, action)
    checks = checked.of(ctx, one, table, action)
    return structs.replace(field, checks=checks) if checks else field


def _change_of_table(ctx: Context, one: Selected, table: RoleTable, action: Action) -> MutationField:
    arguments = arguments_of(ctx, one)
    match action:
        case Action.INSERT | Action.INSERT_ONE:
            return _insert(ctx, one, table, action, arguments)
        case Action.UPDATE_MANY:
            return _update_many(ctx, one, table, arguments)
        case Action.UPDATE | Action.UPDATE_BY_KEY:
            changed = update(ctx, table, arguments, one.path)
        case _:
            alias = ctx.aliases.next()
            changed = delete(ctx, table, _deleted(ctx, table, action, arguments, alias), alias)
    steps = steps_for(ctx, table, one, action, changed, name=one.key, path=one.path)
    return MutationField(key=one.key, source=table.model.source, steps=steps, answers=(one.key,))


def _deleted(
    ctx: Context, table: RoleTable, action: Action, arguments: Mapping[str, Coerced], alias: str
) -> sql.Expression:
    if action is Action.DELETE_BY_KEY:
        return choose.key_is(ctx, table, arguments, alias)
    return to_sql(where(ctx.schema, table, arguments["where"]), alias, ctx.aliases)


def _insert(
    ctx: Context, one: Selected, table: RoleTable, action: Action, arguments: Mapping[str, Coerced]
) -> MutationField:
    argument = "objects" if action is Action.INSERT else "object"
    path = f"{one.path}.args.{argument}"
    found, origin = rows_of(ctx, table, arguments[argument], path)
    conflict = arguments.get("on_conflict")
    if not any(map(is_tree, found)):
        changed = insert(ctx, table, found, conflict, origin)
        steps = steps_for(ctx, table, one, action, changed, name=one.key, path=path)
        return MutationField(key=one.key, source=table.model.source, steps=steps, answers=(one.key,))
    ctx.reusable = False
    tree = Tree(ctx, one.key)
    returned = tree.rows(table, found, conflict, path)
    origin_of_answer = FromStore(table.model.table.name, returned, tuple(tree.counts))
    last = final(ctx, table, one, action, origin_of_answer, name=one.key)
    return MutationField(key=one.key, source=table.model.source, steps=(*tree.steps, last), answers=(one.key,))


def _update_many(ctx: Context, one: Selected, table: RoleTable, arguments: Mapping[str, Coerced]) -> MutationField:
    updates = arguments["updates"]
    assert isinstance(updates, list)
    steps: list[Step] = []
    names = tuple(f"{one.key}.{index}" for index in range(len(updates)))
    for index, (name, item) in enumerate(zip(names, updates, strict=True)):
        assert isinstance(item, dict)
        path = f"{one.path}.args.updates[{index}]"
        changed = update(ctx, table, item, path)
        steps += steps_for(ctx, table, one, Action.UPDATE, changed, name=name, path=path)
    return MutationField(key=one.key, source=table.model.source, steps=tuple(steps), answers=names, listed=True)
