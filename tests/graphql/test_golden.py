"""Each case: a request -> the statements it becomes, and on PostgreSQL the JSON it answers.

A folder holds `query.graphql`, perhaps `request.yaml` (role, session, variables, …), and what is expected.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from nself.graphql.plan.operation import MutationPlan
from nself.graphql.sql.tree import Statement
from tests.graphql.served import GOLDEN, Served

CASES = sorted((GOLDEN / "cases").iterdir())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_request_becomes_these_statements_and_answers_so(
    case: Path, request: pytest.FixtureRequest, golden: Callable[[Path, str], None]
) -> None:
    query = (case / "query.graphql").read_text()
    library: Served = request.getfixturevalue("library" if query.startswith("mutation") else "reading")
    asked: dict[str, Any] = {}
    if (case / "request.yaml").exists():
        asked = yaml.safe_load((case / "request.yaml").read_text())
    variables = asked.pop("variables", None)
    answer = library.ask(query, variables, **asked)
    statements = statements_of(library, query, variables, **asked)
    golden(case / "expected.sql", "".join(f"{wrapped(statement.text)};\n" for statement in statements))
    golden(case / "expected.json", json.dumps(answer, indent=2, ensure_ascii=False) + "\n")


def statements_of(served: Served, query: str, variables: Any, *, role: str = "admin", **rest: Any) -> list[Statement]:
    backend = role == "admin" or bool(rest.get("backend_only"))
    plan, _ = served.engine._loaded.plans.find(query, rest.get("name"), variables, role=role, backend=backend)
    if isinstance(plan, MutationPlan):
        fields = [field for turn in plan.turns if isinstance(turn, tuple) for field in turn]
        return [step.statement for field in fields for step in field.steps]
    return [read.statement for read in plan.reads]


def wrapped(text: str) -> str:
    """Broken before the words that begin a clause, so that a difference shows where it is."""
    for word in ("FROM", "WHERE", "ORDER BY", "LIMIT", "ON CONFLICT", "RETURNING", "VALUES"):
        text = text.replace(f" {word} ", f"\n  {word} ")
    return text
