"""Tables, functions and actions that claim one root field: nothing can be left out then, so the change is refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from nself.graphql.errors import ApiError
from nself.graphql.metadata.actions import Action
from nself.graphql.metadata.functions import field_name as function_field
from nself.graphql.metadata.functions import is_mutation
from nself.graphql.metadata.model import Metadata, Source, TrackedTable
from nself.pg.catalog import Catalog

ROOTS: Mapping[str, Mapping[str, str]] = {
    "mutation_root": {
        "delete_by_pk": "delete_{}_by_pk",
        "delete": "delete_{}",
        "update_many": "update_{}_many",
        "update_by_pk": "update_{}_by_pk",
        "update": "update_{}",
        "insert_one": "insert_{}_one",
        "insert": "insert_{}",
    },
    "query_root": {"select_by_pk": "{}_by_pk", "select_aggregate": "{}_aggregate", "select": "{}"},
}


def refuse_conflicts(metadata: Metadata, catalogs: Mapping[str, Catalog], *, across: bool = True) -> None:
    """Raises ApiError with every field that is claimed more than once, `across` sources or in one of them."""
    sources = list(metadata.sources.values())
    for together in [sources] if across else [[source] for source in sources]:
        _refuse(together, catalogs, metadata.actions.values() if across else ())


def _refuse(sources: Sequence[Source], catalogs: Mapping[str, Catalog], actions: Iterable[Action]) -> None:
    for root in ROOTS:
        claims: dict[str, list[str]] = {}
        for source in sources:
            for name, owner in (*_of_tables(root, source), *_of_functions(root, source, catalogs.get(source.name))):
                claims.setdefault(name, []).append(f"{owner} in source {source.name}")
        for action in actions:
            if root in roots_of(action):
                claims.setdefault(action.name, []).append(f"action {action.name}")
        double = {name: sorted(owners) for name, owners in claims.items() if len(owners) > 1}
        if double:
            raise ApiError("unexpected", _message(root, double), path="$.args", status=500)


def _of_tables(root: str, source: Source) -> Iterator[tuple[str, str]]:
    for tracked in source.tables.values():
        for key, pattern in ROOTS[root].items():
            yield field_name(tracked, key, pattern), f"table {tracked.table}"


def _of_functions(root: str, source: Source, catalog: Catalog | None) -> Iterator[tuple[str, str]]:
    """What a function is called and where depends on what it is: one that the catalog does not know claims nothing."""
    for entry in source.functions.values():
        for function in (catalog.functions.get(entry.function, ()) if catalog else ())[:1]:
            if is_mutation(entry, function) == (root == "mutation_root"):
                yield function_field(entry, "function"), f"function {entry.function}"
                if root == "query_root" and function.returns_set:
                    yield function_field(entry, "function_aggregate"), f"function {entry.function}"


def roots_of(action: Action) -> tuple[str, ...]:
    """Where an action has a field: an asynchronous one is begun by a mutation and looked at by a query."""
    if action.definition.asynchronous:
        return "mutation_root", "query_root"
    return ("query_root",) if action.definition.query else ("mutation_root",)


def field_name(tracked: TrackedTable, key: str, pattern: str) -> str:
    return tracked.config.root_fields.get(key) or pattern.format(base_name(tracked))


def base_name(tracked: TrackedTable) -> str:
    """What a table's type is called, and what its other names are made of."""
    name = tracked.table
    return tracked.config.custom_name or (name.name if name.schema == "public" else f"{name.schema}_{name.name}")


def _message(root: str, double: Mapping[str, list[str]]) -> str:
    claims = [f"'{name}' defined in [{', '.join(owners)}]" for name, owners in double.items()]
    listed = f"field {claims[0]}" if len(claims) == 1 else "fields: [" + ", ".join(claims) + "]"
    return (
        f"Encountered conflicting definitions in the selection set for '{root}' for {listed}. "
        "Fields must not be defined more than once across all sources."
    )
