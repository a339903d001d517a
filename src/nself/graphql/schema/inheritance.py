"""What an inherited role may do with a table, out of what its parents may.

Rows and columns are united cell by cell. A row comes through every parent whose filter it satisfies, and shows the
columns that these parents grant; its other cells are null. As the value must not be guessed at either, a mask counts
wherever a cell is read: in filters of queries and mutations, orders, DISTINCT ON, keys and aggregates. (Hasura's notes
on release 2.45.3 name filters of mutations, its published types the orders; its cases show aggregates.) The ties of a
relationship are none of the role's reading and use the columns as they are.

Changes are not united: a check of one parent says nothing about the presets of another.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from nself.graphql.lineage import Lineage, agreed
from nself.graphql.metadata.consistency import disagreement
from nself.graphql.metadata.model import Inconsistency
from nself.graphql.schema.rules import Rules, SelectRule, Stated
from nself.graphql.schema.tables import TableKey
from nself.graphql.sql.conditions import ALWAYS, Condition, all_of, any_of

_KINDS: Final = ("select", "insert", "update", "delete")


def with_inherited(stated: Stated, lineage: Lineage) -> tuple[dict[str, dict[TableKey, Rules]], list[Inconsistency]]:
    """The rules of every role, and what inherited ones have to do without because their parents disagree."""
    problems: list[Inconsistency] = []
    found: dict[str, dict[TableKey, dict[str, Any]]] = {}
    for kind in _KINDS:
        own = {
            role: {key: rules[kind] for key, rules in tables.items() if kind in rules}
            for role, tables in stated.items()
        }
        combine = _united if kind == "select" else partial(_agreed, problems, kind)
        for role, rules in lineage.derive(own, combine).items():
            for key, rule in rules.items():
                found.setdefault(role, {}).setdefault(key, {})[kind] = rule
    return {role: {key: Rules(**rules) for key, rules in tables.items()} for role, tables in found.items()}, problems


def _agreed(problems: list[Inconsistency], kind: str, role: str, key: TableKey, rules: list[Any]) -> Any:
    found = agreed(rules)
    if found is None:
        entity = f"{kind} permission, table: {key.name}, source: {key.source}"
        problems.append(disagreement(role, entity, key.source))
    return found


def _united(role: str, key: TableKey, rules: list[SelectRule]) -> SelectRule:
    return united(rules)


def united(rules: Sequence[SelectRule]) -> SelectRule:
    """All rows of all of them, each cell where one that has the row grants it."""
    whole = any_of(*(rule.filter for rule in rules))
    columns = frozenset[str]().union(*(rule.columns for rule in rules))
    masks = {name: _visible([(rule, rule.masks.get(name, ALWAYS)) for rule in rules if name in rule.columns], whole)
             for name in sorted(columns)}  # fmt: skip
    computed = dict.fromkeys(name for rule in rules for name in rule.computed)
    limits = [rule.limit for rule in rules]
    roots = [rule.roots for rule in rules]
    return SelectRule(
        columns=columns,
        filter=whole,
        limit=None if None in limits else max(limit for limit in limits if limit is not None),
        aggregations=any(rule.aggregations for rule in rules),
        roots=None if None in roots else frozenset[str]().union(*(root for root in roots if root is not None)),
        masks={name: visible for name, visible in masks.items() if visible != ALWAYS},
        computed={
            name: _visible([(rule, rule.computed[name]) for rule in rules if name in rule.computed], whole)
            for name in computed
        },
    )


def _visible(granting: Sequence[tuple[SelectRule, Condition]], whole: Condition) -> Condition:
    """In which of the rows a cell shows. Where every row comes through a rule that grants it, in all."""
    found = any_of(*(all_of(rule.filter, mask) for rule, mask in granting))
    return ALWAYS if found == whole else found
