"""Which webhooks see the input of a mutation's field before it runs, and what they see of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import FieldNode
from msgspec import Struct

from nself.graphql.language.types import find
from nself.graphql.plan.arguments import json_of
from nself.graphql.plan.context import Context
from nself.graphql.plan.selection import Selected
from nself.graphql.run import Run
from nself.graphql.schema.inputs import insert_input
from nself.graphql.schema.means import Action, RelatedRow, RelatedRows, RoleTable
from nself.graphql.schema.role import RoleSchema
from nself.graphql.webhooks import input_checks
from nself.graphql.webhooks.input_checks import InputCheck

_INSERTS = frozenset({Action.INSERT, Action.INSERT_ONE})
_DELETES = frozenset({Action.DELETE, Action.DELETE_BY_KEY})

Asked = tuple[InputCheck, list[Any]]


class Checks(Struct, frozen=True):
    """Of one root field. Looks at the arguments again for each request: their values are the variables'."""

    schema: RoleSchema
    table: RoleTable
    action: Action
    node: FieldNode

    async def run(self, run: Run) -> None:
        for check, rows in self.asked(run.bindings.variables):
            await input_checks.ask(run, check, rows)

    def asked(self, variables: Mapping[str, Any]) -> list[Asked]:
        """Each webhook with what it gets to see, the outer rows first."""
        arguments = {node.name.value: json_of(node.value, variables) for node in self.node.arguments or ()}
        if self.action in _INSERTS:
            rows = arguments["objects"] if self.action is Action.INSERT else arguments["object"]
            return list(_inserted(self.schema, self.table, rows if isinstance(rows, list) else [rows]))
        rule = self.table.rules.delete if self.action in _DELETES else self.table.rules.update
        check = rule.input_check if rule else None
        return [(check, _changed(self.action, arguments))] if check else []


def of(ctx: Context, one: Selected, table: RoleTable, action: Action) -> Checks | None:
    """None for a role that has no webhook anywhere: nearly all."""
    if not ctx.schema.checks_input:
        return None
    return Checks(ctx.schema, table, action, one.node)


def _inserted(schema: RoleSchema, table: RoleTable, rows: list[Any]) -> Iterator[Asked]:
    rule = table.rules.insert
    if rule is not None and rule.input_check is not None and rows:
        yield rule.input_check, rows
    fields = insert_input(schema, table).fields
    for row in rows:
        for name, value in row.items():
            field = find(fields, name)
            match field and field.means:
                case RelatedRow(_, target) | RelatedRows(_, target) if value is not None:
                    data = value["data"]
                    yield from _inserted(schema, target, data if isinstance(data, list) else [data])


def _changed(action: Action, arguments: Mapping[str, Any]) -> list[Any]:
    match action:
        case Action.UPDATE_MANY:
            updates = arguments["updates"]
            return updates if isinstance(updates, list) else [updates]
        case Action.DELETE:
            return [arguments["where"]]
        case _:
            return [dict(arguments)]
