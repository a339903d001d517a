"""Permissions made ready to use: per table and role, what may be read and written. Admin may do everything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, field

from nself.graphql.errors import ApiError
from nself.graphql.metadata.consistency import permission_problem
from nself.graphql.metadata.model import (
    Columns,
    DeletePermission,
    Inconsistency,
    InsertPermission,
    SelectPermission,
    UpdatePermission,
)
from nself.graphql.metadata.reader import Reader
from nself.graphql.schema.expressions import ExpressionError, compiled, preset
from nself.graphql.schema.tables import TableKey, TableModel, Tables
from nself.graphql.sessions.session import ADMIN
from nself.graphql.sql.conditions import ALWAYS, Condition
from nself.graphql.sql.values import Source
from nself.graphql.webhooks import input_checks
from nself.graphql.webhooks.input_checks import InputCheck


class SelectRule(Struct, frozen=True, kw_only=True):
    """`roots` are the root fields allowed in queries, `subscription_roots` in subscriptions, None for all. `masks` say
    in which of the rows a column of `columns` shows, where not in all; `computed` the same of computed values."""

    columns: frozenset[str]
    filter: Condition = ALWAYS
    limit: int | None = None
    aggregations: bool = True
    roots: frozenset[str] | None = None
    subscription_roots: frozenset[str] | None = None
    masks: Mapping[str, Condition] = field(default_factory=dict)
    computed: Mapping[str, Condition] = field(default_factory=dict)


class InsertRule(Struct, frozen=True, kw_only=True):
    columns: frozenset[str]
    check: Condition = ALWAYS
    presets: Mapping[str, Source] = field(default_factory=dict)
    backend_only: bool = False
    input_check: InputCheck | None = None


class UpdateRule(Struct, frozen=True, kw_only=True):
    columns: frozenset[str]
    filter: Condition = ALWAYS
    check: Condition = ALWAYS
    presets: Mapping[str, Source] = field(default_factory=dict)
    backend_only: bool = False
    input_check: InputCheck | None = None


class DeleteRule(Struct, frozen=True, kw_only=True):
    filter: Condition = ALWAYS
    backend_only: bool = False
    input_check: InputCheck | None = None


class Rules(Struct, frozen=True, kw_only=True):
    """One role's rules for one table."""

    select: SelectRule | None = None
    insert: InsertRule | None = None
    update: UpdateRule | None = None
    delete: DeleteRule | None = None


NOTHING = Rules()
Stated = Mapping[str, Mapping[TableKey, Mapping[str, Any]]]
"""{role: {table: {select | insert | update | delete: rule}}}. A rule of None is stated and cannot be: nothing is
allowed by it, nor by inheritance instead."""


def stated_rules(tables: Tables, source: str) -> tuple[Stated, list[Inconsistency]]:
    """Every permission of the metadata compiled once, and admin's. Those that cannot be are reported."""
    found: dict[str, dict[TableKey, Mapping[str, Any]]] = {
        ADMIN: {table.key: _everything(table) for table in tables.values()}
    }
    problems: list[Inconsistency] = []
    for table in tables.values():
        for role, parts in _by_role(table).items():
            compiler = _Compiler(table, tables, source, problems)
            rules = {kind: compiler.rule(kind, part) for kind, part in parts.items()}
            found.setdefault(role, {})[table.key] = rules
    return found, problems


def _everything(table: TableModel) -> dict[str, Any]:
    columns = frozenset(table.by_sql)
    writable = frozenset(name for name, column in table.by_sql.items() if column.writable)
    return {
        "select": SelectRule(columns=columns, computed=dict.fromkeys(table.computed, ALWAYS)),
        "insert": InsertRule(columns=writable),
        "update": UpdateRule(columns=writable),
        "delete": DeleteRule(),
    }


Permission = SelectPermission | InsertPermission | UpdatePermission | DeletePermission


def _by_role(table: TableModel) -> dict[str, dict[str, Permission]]:
    tracked = table.tracked
    found: dict[str, dict[str, Permission]] = {}
    kinds: Iterator[tuple[str, tuple[Permission, ...]]] = iter(
        [
            ("select", tracked.select_permissions),
            ("insert", tracked.insert_permissions),
            ("update", tracked.update_permissions),
            ("delete", tracked.delete_permissions),
        ]
    )
    for kind, permissions in kinds:
        for permission in permissions:
            if permission.role != ADMIN:
                found.setdefault(permission.role, {})[kind] = permission
    return found


def _input_check(permission: InsertPermission | UpdatePermission | DeletePermission) -> InputCheck | None:
    given = permission.rest.get("validate_input")
    try:
        return None if given is None else input_checks.read(Reader(given, ".validate_input"))
    except ApiError as error:
        raise ExpressionError(f"in validate_input: {error.message}") from error


class _Compiler(Struct, frozen=True):
    table: TableModel
    tables: Tables
    source: str
    problems: list[Inconsistency]

    def rule(self, kind: str, permission: Permission) -> Any:
        try:
            match permission:
                case SelectPermission():
                    return self.select(permission)
                case InsertPermission():
                    return self.insert(permission)
                case UpdatePermission():
                    return self.update(permission)
                case DeletePermission():
                    return DeleteRule(
                        filter=self.condition(permission.filter),
                        backend_only=permission.backend_only,
                        input_check=_input_check(permission),
                    )
        except ExpressionError as error:
            self.problems.append(self.problem(kind, permission, error))
            return None

    def problem(self, kind: str, permission: Permission, error: ExpressionError) -> Inconsistency:
        return permission_problem(self.source, self.table.tracked, kind, permission, error.message)

    def select(self, permission: SelectPermission) -> SelectRule:
        roots, subscribed = permission.query_root_fields, permission.subscription_root_fields
        return SelectRule(
            columns=self.columns(permission.columns),
            filter=self.condition(permission.filter),
            limit=permission.limit,
            aggregations=permission.allow_aggregations,
            roots=None if roots is None else frozenset(roots),
            subscription_roots=None if subscribed is None else frozenset(subscribed),
            computed=dict.fromkeys(permission.computed_fields, ALWAYS),
        )

    def insert(self, permission: InsertPermission) -> InsertRule:
        return InsertRule(
            columns=self.columns(permission.columns, permission.set),
            check=self.condition(permission.check),
            presets=self.presets(permission.set),
            backend_only=permission.backend_only,
            input_check=_input_check(permission),
        )

    def update(self, permission: UpdatePermission) -> UpdateRule:
        return UpdateRule(
            columns=self.columns(permission.columns, permission.set),
            filter=self.condition(permission.filter),
            check=ALWAYS if permission.check is None else self.condition(permission.check),
            presets=self.presets(permission.set),
            backend_only=permission.backend_only,
            input_check=_input_check(permission),
        )

    def condition(self, expression: Any) -> Condition:
        return compiled(expression, self.table, self.tables)

    def columns(self, allowed: Columns, preset: Mapping[str, Any] | None = None) -> frozenset[str]:
        """The database's names. A preset column is not the client's to give; nor is one the database computes."""
        for name in allowed.names:
            if name not in self.table.by_sql:
                raise ExpressionError(f'column "{name}" does not exist')
        if preset is None:
            return frozenset(name for name in self.table.by_sql if name in allowed)
        return frozenset(
            name
            for name, column in self.table.by_sql.items()
            if name in allowed and name not in preset and column.writable
        )

    def presets(self, values: Mapping[str, Any]) -> Mapping[str, Source]:
        found = {}
        for name, value in values.items():
            column = self.table.by_sql.get(name)
            if column is None:
                raise ExpressionError(f'column "{name}" does not exist')
            found[name] = preset(value, column)
        return found
