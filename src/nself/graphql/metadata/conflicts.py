"""Tables, functions and actions that claim one root field: nothing can be left out then, so the change is refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from nself.graphql.errors import ApiError
from nself.graphql.metadata.actions import Action
from nself.graphql.metadata.functions import field_name as function_field
from nself.graphql.metadata.functions import is_mutation
from nself.graphql.metadata.model import Metadata, Source, TrackedTable
from nself.graphql.schema.naming import Conventions, Naming, base
from nself.pg.catalog import Catalog

ROOTS: Mapping[str, Mapping[str, str]] = {
    "mutation_root": {
        "delete_by_pk": "delete_{0}_by_pk",
        "delete": "delete_{0}",
        "update_many": "update_{0}_many",
        "update_by_pk": "update_{0}_by_pk",
        "update": "update_{0}",
        "insert_one": "insert_{0}_one",
        "insert": "insert_{0}",
    },
    "query_root": {"select_by_pk": "{0}_by_pk", "select_aggregate": "{0}_aggregate", "select": "{0}"},
}


def refuse_conflicts(
    metadata: Metadata,
    catalogs: Mapping[str, Catalog],
    *,
    across: bool = True,
    conventions: Conventions = Conventions(),  # noqa: B008 - frozen
) -> None:
    """Raises ApiError with every field that is claimed more than once, `across` sources or in one of them."""
    sources = list(metadata.sources.values())
    for together in [sources] if across else [[source] for source in sources]:
        _refuse(together, catalogs, metadata.actions.values() if across else (), conventions)
    if across:
        _refuse_shared_namespace(sources)


def _refuse_shared_namespace(sources: Sequence[Source]) -> None:
    owners: dict[str, str] = {}
    for source in sources:
        space = source.customization.namespace
        if space and space in owners:
            message = f'the namespace "{space}" of source "{source.name}" is that of source "{owners[space]}" already'
            raise ApiError("invalid-configuration", message, path="$.args")
        owners |= {space: source.name} if space else {}


def _refuse(
    sources: Sequence[Source], catalogs: Mapping[str, Catalog], actions: Iterable[Action], conventions: Conventions
) -> None:
    for root in ROOTS:
        claims: dict[str, list[str]] = {}
        for source in sources:
            naming, space = conventions.of(source.customization), source.customization.namespace
            claims |= {space: [f"namespace of source {source.name}"]} if space else {}
            functions = _of_functions(root, source, catalogs.get(source.name), naming)
            for name, owner in (*_of_tables(root, source, naming), *functions):
                shown = f"{space}.{name}" if space else name
                claims.setdefault(shown, []).append(f"{owner} in source {source.name}")
        for action in actions:
            if root in roots_of(action):
                claims.setdefault(action.name, []).append(f"action {action.name}")
        double = {name: sorted(owners) for name, owners in claims.items() if len(owners) > 1}
        if double:
            raise ApiError("unexpected", _message(root, double), path="$.args", status=500)


def _of_tables(root: str, source: Source, naming: Naming) -> Iterator[tuple[str, str]]:
    for tracked in source.tables.values():
        for key, pattern in ROOTS[root].items():
            yield field_name(tracked, key, pattern, naming), f"table {tracked.table}"


def _of_functions(root: str, source: Source, catalog: Catalog | None, naming: Naming) -> Iterator[tuple[str, str]]:
    """What a function is called and where depends on what it is: one that the catalog does not know claims nothing."""
    for entry in source.functions.values():
        for function in (catalog.functions.get(entry.function, ()) if catalog else ())[:1]:
            if is_mutation(entry, function) == (root == "mutation_root"):
                yield function_field(entry, "function", naming), f"function {entry.function}"
                if root == "query_root" and function.returns_set:
                    yield function_field(entry, "function_aggregate", naming), f"function {entry.function}"


def roots_of(action: Action) -> tuple[str, ...]:
    """Where an action has a field: an asynchronous one is begun by a mutation and looked at by a query."""
    if action.definition.asynchronous:
        return "mutation_root", "query_root"
    return ("query_root",) if action.definition.query else ("mutation_root",)


def field_name(tracked: TrackedTable, key: str, pattern: str, naming: Naming) -> str:
    return naming.root(pattern, base(tracked), tracked.config.root_fields.get(key))


def _message(root: str, double: Mapping[str, list[str]]) -> str:
    claims = [f"'{name}' defined in [{', '.join(owners)}]" for name, owners in double.items()]
    listed = f"field {claims[0]}" if len(claims) == 1 else "fields: [" + ", ".join(claims) + "]"
    return (
        f"Encountered conflicting definitions in the selection set for '{root}' for {listed}. "
        "Fields must not be defined more than once across all sources."
    )
