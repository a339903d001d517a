"""Which SQL functions may be tracked, or serve as a computed field, and why others may not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from nself.graphql.language.types import is_graphql_name
from nself.graphql.metadata.model import ComputedField, Source, TrackedFunction, TrackedTable
from nself.graphql.schema.naming import Base, Naming
from nself.pg.catalog import Argument, Catalog, Function, Name, Type


def field_objection(tracked: TrackedTable, entry: ComputedField, catalog: Catalog) -> str | None:
    """Why the computed field cannot be, None if it can."""
    where = f'in table "{tracked.table}": in computed field "{entry.name}": '
    overloads = catalog.functions.get(entry.function, ())
    if not overloads:
        return f'{where}no such function exists: "{entry.function}"'
    if len(overloads) > 1:
        return f'{where}the function "{entry.function}" is overloaded. Overloaded functions are not supported'
    reasons = [*_clashes(tracked, entry), *_field_reasons(tracked.table, entry, overloads[0])]
    if not reasons:
        return None
    return f'{where}the computed field "{entry.name}" cannot be added to table "{tracked.table}" {because(reasons)}'


def function_objection(entry: TrackedFunction, source: Source, catalog: Catalog) -> str | None:
    """Why the function cannot be tracked, None if it can."""
    where = f'in function "{entry.function}": '
    overloads = catalog.functions.get(entry.function, ())
    if not overloads:
        return f'{where}no such function exists in postgres: "{entry.function}"'
    if len(overloads) > 1:
        return f'{where}function "{entry.function}" is overloaded. Overloaded functions are not supported'
    reasons = list(_function_reasons(entry, overloads[0], source))
    return f'{where}the function "{entry.function}" cannot be tracked {because(reasons)}' if reasons else None


def base(entry: TrackedFunction) -> Base:
    """What all GraphQL names of a function are made of."""
    schema, name = entry.function
    custom: str | None = entry.configuration.get("custom_name")
    return Base(custom or (name if schema == "public" else f"{schema}_{name}"), chosen=bool(custom))


def field_name(entry: TrackedFunction, key: str, naming: Naming) -> str:
    """Of its root field `function`, `function_aggregate` or `function_connection`."""
    chosen: str | None = (entry.configuration.get("custom_root_fields") or {}).get(key)
    return naming.root("{0}" + key.removeprefix("function"), base(entry), chosen)


def is_mutation(entry: TrackedFunction, function: Function) -> bool:
    """Where its root field is: as told, else with the mutations if it may change what it reads."""
    exposed: str | None = entry.configuration.get("exposed_as")
    return (exposed or ("mutation" if function.volatility == "volatile" else "query")) == "mutation"


def returned_table(catalog: Catalog, function: Name) -> Name | None:
    """The table whose rows the function gives."""
    overloads = catalog.functions.get(function, ())
    return overloads[0].returns_table if len(overloads) == 1 else None


def because(reasons: Sequence[str]) -> str:
    if len(reasons) == 1:
        return f"because {reasons[0]}"
    return "for the following reasons:\n" + "".join(f"  • {reason}\n" for reason in reasons)


def _clashes(tracked: TrackedTable, entry: ComputedField) -> Iterator[str]:
    if not is_graphql_name(entry.name):
        yield f'"{entry.name}" is not a valid GraphQL identifier'
    if any(entry.name == other.name for other in (*tracked.object_relationships, *tracked.array_relationships)):
        yield f'a relationship named "{entry.name}" exists'


_NOT_VOLATILE: Final = (
    "the function was requested to be exposed as a mutation, but is not marked VOLATILE. "
    "Maybe the function was given the wrong volatility when it was defined?"
)


def _field_reasons(table: Name, entry: ComputedField, function: Function) -> Iterator[str]:
    if function.volatility == "volatile":
        yield f'the function "{entry.function}" is of type VOLATILE; cannot be added as a computed field'
    if not function.arguments:
        yield f'the function "{entry.function}" has no input arguments'
        return
    yield from _row_reasons(table, entry, function)
    row = entry.table_argument or function.arguments[0].name
    yield from _name_reasons(function, row, entry.session_argument)
    yield from _return_reasons(entry.function, function)
    if entry.session_argument is not None:
        yield from _session_reasons(entry.function, entry.session_argument, function)


def _return_reasons(name: Name, function: Function) -> Iterator[str]:
    if function.variadic:
        yield f'function "{name}" is of variadic type and VARIADIC functions are not supported'
    shown = f"{function.returns.schema}.{function.returns}"
    if function.returns_table is not None and not function.returns_set:
        yield f'the function "{name}" returning type "{shown}" is not a BASE type'
    elif function.returns_set and function.returns_table is None:
        yield f'the function "{name}" returning SETOF "{shown}" does not return rows of a table'
    elif function.returns_table is None and function.returns.kind in {"composite", "pseudo"}:
        yield f'the function "{name}" returning type "{shown}" is not a BASE type'


def _row_reasons(table: Name, entry: ComputedField, function: Function) -> Iterator[str]:
    if entry.table_argument is None:
        argument: Argument | None = function.arguments[0]
        called = "first argument"
    else:
        argument, called = _argument(function, entry.table_argument), f'"{entry.table_argument}" argument'
    if argument is None:
        yield f'"{entry.table_argument}" is not an input argument of the function "{entry.function}"'
        return
    if argument.type.kind != "composite":
        yield f'{called} of the function "{entry.function}" is not COMPOSITE type'
    if (argument.type.schema, argument.type.name) != table:
        shown = f"{argument.type.schema}.{argument.type}"
        yield (
            f'{called} of the function "{entry.function}" of type "{shown}" is not the table '
            "to which the computed field is being added"
        )


def _function_reasons(entry: TrackedFunction, function: Function, source: Source) -> Iterator[str]:
    if function.variadic:
        yield f'function "{entry.function}" is of variadic type and VARIADIC functions are not supported'
    if function.returns_table is None:
        yield 'the function does not return a "COMPOSITE" type'
    elif function.returns_table not in source.tables:
        yield f'the function does not return a table that is tracked: "{function.returns_table}"'
    if not is_graphql_name(base(entry).name):
        yield f'"{base(entry).name}" is not a valid GraphQL identifier: give the function a custom name'
    if entry.configuration.get("exposed_as") == "mutation" and function.volatility != "volatile":
        yield _NOT_VOLATILE
    session = entry.configuration.get("session_argument")
    yield from _name_reasons(function, session)
    if isinstance(session, str):
        argument = _argument(function, session)
        if argument is None:
            yield f'given session argument "{session}" not the input argument of the function'
        elif not _is_json(argument.type):
            yield f'given session argument "{session}" is not of type json'


def _name_reasons(function: Function, *filled: str | None) -> Iterator[str]:
    """A client names the arguments that are not filled in for it: what GraphQL cannot spell could not be given."""
    given = [argument.name for argument in function.arguments if argument.name and argument.name not in filled]
    odd = [name for name in given if not is_graphql_name(name)]
    if odd:
        listed = ", ".join(f'"{name}"' for name in odd)
        yield f"the following argument names are not in compliance with the GraphQL spec: {listed}"


def _session_reasons(name: Name, session: str, function: Function) -> Iterator[str]:
    argument = _argument(function, session)
    if argument is None:
        yield f'"{session}" is not an input argument of the function "{name}"'
    elif not _is_json(argument.type):
        yield f'"{session}" argument of the function "{name}" is not of type JSON'


def _argument(function: Function, name: str) -> Argument | None:
    return next((argument for argument in function.arguments if argument.name == name), None)


def _is_json(kind: Type) -> bool:
    return kind.name == "json" and not kind.array
