"""What a subscription asks, and what it depends on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nself.graphql.plan.operation import SubscriptionPlan
from nself.graphql.sql.printer import explained
from nself.graphql.sql.statement import bound, translating
from nself.graphql.sql.values import Bindings, CursorValue, SessionVariable, Source, Variable, as_text
from nself.pg.database import Database


async def explain_subscription(
    databases: Mapping[str, Database], plan: SubscriptionPlan, bindings: Bindings
) -> dict[str, Any]:
    """As if its subscriber were the only one."""
    if plan.many is None:
        return {"sql": None, "plan": None, "variables": variables_of((), bindings)}
    arguments = [[0], *([as_text(value)] for value in bound(plan.many, bindings))]
    with translating("$", plan.many, arguments):
        rows = await databases[plan.source].fetch(explained(plan.many), *arguments)
    return {
        "sql": plan.many.text,
        "plan": [row[0] for row in rows],
        "variables": variables_of(plan.many.parameters, bindings),
    }


def variables_of(sources: Sequence[Source], bindings: Bindings) -> dict[str, Any]:
    """Values by where they come from: `synthetic` are literals, and parts of variables."""
    found: dict[str, Any] = {"session": {}, "query": {}, "synthetic": [], "cursor": {}}
    for source in sources:
        value = as_text(source.bind(bindings))
        match source:
            case SessionVariable(name):
                found["session"][name] = value
            case Variable(name=name, steps=()):
                found["query"][name] = value
            case CursorValue(column=column):
                found["cursor"][column] = value
            case _:
                found["synthetic"].append(value)
    return found
