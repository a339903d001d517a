"""DDL that changes tracked functions underneath: what would make them other fields, or none, is refused."""

from __future__ import annotations

from nself.graphql.errors import ApiError
from nself.graphql.metadata.functions import is_mutation
from nself.graphql.metadata.model import Source
from nself.pg.catalog import Catalog


def refuse_altered(source: Source, before: Catalog, after: Catalog) -> None:
    """Raises ApiError for a tracked function that was overloaded, or that went from reading to writing or back."""
    both = [name for name in source.functions if name in before.functions and name in after.functions]
    overloaded = [name for name in both if len(before.functions[name]) == 1 < len(after.functions[name])]
    if overloaded:
        listed = ", ".join(sorted(map(str, overloaded)))
        message = f"the following tracked function(s) cannot be overloaded: {listed}"
        raise ApiError("not-supported", message, path="$.args")
    for name in both:
        entry, (old, *_), (new, *_) = source.functions[name], before.functions[name], after.functions[name]
        if is_mutation(entry, old) != is_mutation(entry, new):
            message = f'type of function "{name}" is altered to "{new.volatility.upper()}" which is not supported now'
            raise ApiError("not-supported", message, path="$.args")
