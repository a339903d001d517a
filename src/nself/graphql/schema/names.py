"""GraphQL names of tables, and which tables cannot have theirs: one name must not stand for two types."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from nself.graphql.metadata.model import Source
from nself.graphql.scalars import BUILT_IN, scalar_name
from nself.graphql.schema.tables import TableKey, base_name
from nself.graphql.types import is_graphql_name
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


def unusable(sources: Sequence[Source], catalogs: Mapping[str, Catalog]) -> dict[TableKey, str]:
    """Tables that cannot be shown, with the reason. Of two with one name, the first source's is shown."""
    shown = [
        (TableKey(source.name, name), base_name(tracked), catalogs[source.name].tables[name])
        for source in sources
        for name, tracked in sorted(source.tables.items())
        if name in catalogs[source.name].tables
    ]
    scalars = {scalar_name(column.type) for _, _, table in shown for column in table.columns}
    found: dict[TableKey, str] = {}
    first: dict[str, TableKey] = {}
    for key, base, _ in shown:
        reason = _objection(key, base, scalars, first)
        if reason is None:
            first[base] = key
        else:
            found[key] = reason
    return found | _derived(first)


def is_taken(name: str, bases: Collection[str]) -> bool:
    """Whether a type of this name would be another's: GraphQL's, or one of a table whose names begin so."""
    if name in _SHARED or name in bases or name.endswith("_comparison_exp"):
        return True
    return any(name.removeprefix(f"{base}_") in _DERIVED for base in bases if name.startswith(f"{base}_"))


def _objection(key: TableKey, base: str, scalars: Iterable[str], first: Mapping[str, TableKey]) -> str | None:
    if not is_graphql_name(base):
        return f'"{base}" is not a valid GraphQL identifier: give the table a custom name'
    if base in _SHARED or base in scalars or base.endswith("_comparison_exp"):
        return f'"{base}" is the name of a GraphQL type of its own: give the table a custom name'
    if base in first:
        other = first[base]
        where = "" if other.source == key.source else f' in source "{other.source}"'
        return f'the name "{base}" is already taken by the table "{other.name}"{where}: give the table a custom name'
    return None


def _derived(tables: Mapping[str, TableKey]) -> dict[TableKey, str]:
    """`users_aggregate` beside `users`: the second's own types have that name."""
    return {
        tables[derived]: f'the name "{derived}" is already taken by a type of the table "{key.name}"'
        for base, key in tables.items()
        for derived in (f"{base}_{suffix}" for suffix in _DERIVED)
        if derived in tables
    }
