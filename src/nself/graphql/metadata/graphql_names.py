"""What tables and columns are called in GraphQL, and what a role may do with them: the row commands of /v1/query speak
of them by SQL name."""

from __future__ import annotations

from nself.graphql.errors import ApiError
from nself.graphql.language.types import Field
from nself.graphql.schema import objects, of_commands
from nself.graphql.schema.means import Action, RelatedRow, RelatedRows, RoleTable, Root
from nself.graphql.schema.role import RoleSchema
from nself.graphql.schema.roots import mutation_root, query_root
from nself.graphql.schema.tables import TableKey
from nself.graphql.sessions.session import ADMIN
from nself.pg.catalog import Name
from nself.records import dataclass

READING = frozenset({Action.SELECT, Action.SELECT_AGGREGATE})


@dataclass(frozen=True, slots=True)
class Names:
    """One role's view of a source. Lookups of what is not there, or not for this role, raise ApiError."""

    schema: RoleSchema
    role: str
    source: str

    def table(self, name: Name, operation: str, *, reason: str = "") -> RoleTable:
        """A table that the role may do the operation to. `reason` is what to add to the refusal."""
        key = TableKey(self.source, name)
        if key not in self.schema.tables:
            raise ApiError("not-exists", f'table "{name}" does not exist', path="$.args.table")
        table = self.schema.table(key)
        if self.role != ADMIN and getattr(table.rules, operation) is None:
            message = f'{operation} on "{name}" for role "{self.role}" is not allowed. {reason}'
            raise ApiError("permission-denied", message, path="$.args")
        return table

    def root(self, table: RoleTable, action: Action) -> Field:
        root = query_root(self.schema) if action in READING else mutation_root(self.schema)
        for field in root.fields.values():
            if isinstance(field.means, Root) and field.means.action is action and field.means.table is table:
                return field
        name = table.model.table.name
        raise ApiError("not-supported", f'"{name}" cannot be asked so: it has no such field', path="$.args")

    def column(self, table: RoleTable, column: str, operation: str, *, path: str) -> str:
        """The GraphQL name of a column that the role may do the operation to."""
        known = table.model.by_sql.get(column)
        if known is None:
            raise ApiError("permission-denied", f'no such column exists: "{column}"', path=path)
        rule = getattr(table.rules, operation)
        if rule is None or column not in rule.columns:
            message = f'role "{self.role}" does not have permission to {operation} column "{column}"'
            raise ApiError("permission-denied", message, path=path)
        return known.name

    def member(self, table: RoleTable) -> str:
        """The member that stands for a table, where one of several is named."""
        return of_commands.key(table)

    def relationship(self, table: RoleTable, name: str) -> tuple[Field, RoleTable] | None:
        """The field and the table it leads to, None if there is no such relationship."""
        relation = table.model.relations.get(name)
        if relation is None:
            return None
        target = self.table(relation.target, "select")
        field = objects.row(self.schema, table).fields.get(name)
        if field is None or not isinstance(field.means, RelatedRow | RelatedRows):
            raise ApiError("not-supported", f'"{name}" shows nothing to role "{self.role}"', path="$.args")
        return field, target
