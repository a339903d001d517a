"""GraphQL names of tables, and which tables cannot have theirs: one name must not stand for two types."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from nself.graphql.language.scalars import BUILT_IN, scalar_name
from nself.graphql.language.types import is_graphql_name
from nself.graphql.metadata.conflicts import ROOTS, field_name
from nself.graphql.metadata.model import Source, TrackedTable
from nself.graphql.schema.naming import Conventions, Naming
from nself.graphql.schema.naming import base as base_of
from nself.graphql.schema.tables import TableKey
from nself.pg.catalog import Catalog

_SHARED: Final = frozenset(
    {"query_root", "mutation_root", "subscription_root", "order_by", "cursor_ordering", "jsonb_cast_exp"}
    | set(BUILT_IN.values())
    | {"ID", "Query", "Mutation", "Subscription"}
)
_DERIVED: Final = (
    "aggregate",
    "aggregate_bool_exp",
    "aggregate_fields",
    "aggregate_order_by",
    "append_input",
    "arr_rel_insert_input",
    "bool_exp",
    "by_pk",
    "constraint",
    "delete_at_path_input",
    "delete_elem_input",
    "delete_key_input",
    "enum",
    "inc_input",
    "insert_input",
    "mutation_response",
    "obj_rel_insert_input",
    "on_conflict",
    "order_by",
    "pk_columns_input",
    "prepend_input",
    "select_column",
    "set_input",
    "stream",
    "stream_cursor_input",
    "stream_cursor_value_input",
    "update_column",
    "updates",
    *(
        f"{function}_{kind}"
        for function in (
            "avg",
            "max",
            "min",
            "stddev",
            "stddev_pop",
            "stddev_samp",
            "sum",
            "var_pop",
            "var_samp",
            "variance",
        )
        for kind in ("fields", "order_by")
    ),
)


class _Shown(NamedTuple):
    key: TableKey
    tracked: TrackedTable
    naming: Naming

    def type(self, pattern: str) -> str:
        return self.naming.type(pattern, base_of(self.tracked))


def unusable(
    sources: Sequence[Source], catalogs: Mapping[str, Catalog], conventions: Conventions
) -> dict[TableKey, str]:
    """Tables that cannot be shown, with the reason. Of two with one name, the first source's is shown."""
    tables = [
        _Shown(TableKey(source.name, name), tracked, conventions.of(source.customization))
        for source in sources
        for name, tracked in sorted(source.tables.items())
        if name in catalogs[source.name].tables
    ]
    columns = [column for one in tables for column in catalogs[one.key.source].tables[one.key.name].columns]
    scalars = {scalar_name(column.type) for column in columns}
    found: dict[TableKey, str] = {}
    first: dict[str, _Shown] = {}
    for one in tables:
        reason = _objection(one, scalars, first)
        if reason is None:
            first[one.type("{0}")] = one
        else:
            found[one.key] = reason
    return found | _derived(first) | _claimed(list(first.values()))


def _claimed(tables: Sequence[_Shown]) -> dict[TableKey, str]:
    """Tables with a root field that one of an earlier source has already."""
    found: dict[TableKey, str] = {}
    owners: dict[tuple[str, str | None, str], TableKey] = {}
    for one in tables:
        space = one.naming.customization.namespace
        names = [
            (root, space, field_name(one.tracked, key, pattern, one.naming))
            for root, patterns in ROOTS.items()
            for key, pattern in patterns.items()
        ]
        taken = [name for name in names if name in owners and owners[name].source != one.key.source]
        if taken:
            owner = owners[taken[0]]
            found[one.key] = f'the field "{taken[0][2]}" is that of the table "{owner.name}" in source "{owner.source}"'
        else:
            owners |= dict.fromkeys(names, one.key)
    return found


def is_taken(name: str, bases: Collection[str]) -> bool:
    """Whether a type of this name would be another's: GraphQL's, or one of a table whose names begin so."""
    if name in _SHARED or name in bases or name.endswith("_comparison_exp"):
        return True
    return any(name.removeprefix(f"{base}_") in _DERIVED for base in bases if name.startswith(f"{base}_"))


def _objection(shown: _Shown, scalars: Iterable[str], first: Mapping[str, _Shown]) -> str | None:
    base = shown.type("{0}")
    plain = base_of(shown.tracked).name
    if not is_graphql_name(plain) or not is_graphql_name(base):
        return f'"{plain}" is not a valid GraphQL identifier: give the table a custom name'
    if base in _SHARED or base in scalars or base.endswith("_comparison_exp"):
        return f'"{base}" is the name of a GraphQL type of its own: give the table a custom name'
    if base in first:
        other = first[base].key
        where = "" if other.source == shown.key.source else f' in source "{other.source}"'
        return f'the name "{base}" is already taken by the table "{other.name}"{where}: give the table a custom name'
    return None


def _derived(tables: Mapping[str, _Shown]) -> dict[TableKey, str]:
    """`users_aggregate` beside `users`: the second's own types have that name."""
    return {
        tables[derived].key: f'the name "{derived}" is already taken by a type of the table "{one.key.name}"'
        for one in tables.values()
        for derived in (one.type(f"{{0}}_{suffix}") for suffix in _DERIVED)
        if derived in tables
    }
