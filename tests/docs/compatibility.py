"""The page `docs/reference/graphql-compatibility.md`, from the engine's registries and the conformance baseline."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nself.graphql import reference
from tests.conformance.test_hasura import DATA, known_failures

_MUST = """
    select-basic fragments directives validation where-boolexp order-by-distinct limit-offset aggregates jsonb enums
    custom-names views computed-fields functions permissions-select permissions-insert permissions-update
    permissions-delete insert upsert nested-insert update delete transactions subscriptions streaming-subscriptions
    introspection metadata-api run-sql auth-role-fallback jwt-auth event-triggers actions
"""
_SHOULD = """
    inherited-roles scheduled-triggers rest-endpoints allow-lists v1-query-data remote-schemas postgis ltree http-misc
    naming-conventions openapi errors-v1alpha1
"""
TIERS: Final = {1: _MUST.split(), 2: _SHOULD.split(), 3: ["relay", "apollo-federation"]}


@dataclass(frozen=True, slots=True)
class Feature:
    """`proof` is a test, or a folder of them, that would fail without the feature."""

    name: str
    proof: str
    note: str = ""


FEATURES: Final = (
    Feature(
        "Queries: filters, order, limits, `distinct_on`, aggregates, nested to any depth",
        "tests/graphql/test_golden.py",
    ),
    Feature(
        "Mutations: insert, upsert, nested insert, update, `update_many`, delete; one transaction", "tests/graphql/plan"
    ),
    Feature("Permissions by role, row, column; presets; backend-only; aggregations; limits", "tests/graphql/rehearsal"),
)


def page() -> str:
    parts = [
        "# GraphQL compatibility with Hasura v2",
        "",
        "Printed from the engine's own registries and from the baseline that its tests hold it to, not kept by hand.",
        "How to move a project over is in [Coming from Hasura](../how-to/coming-from-hasura.md).",
        "",
        "## Features",
        "",
        reference.table(("feature", "tested by", ""), [(each.name, f"`{each.proof}`", each.note) for each in FEATURES]),
        "",
        *_conformance(),
        "## Operators",
        "",
        reference.operators(),
        "",
        "## Metadata commands",
        "",
        "On `/v1/metadata`; on `/v1/query` without the prefix.",
        "",
        reference.commands(),
        "",
        "## Metadata that is kept without an effect",
        "",
        "`nself db metadata validate` names each of these with file and line where a project has them.",
        "",
        reference.kept(),
        "",
    ]
    return "\n".join(parts)


def _conformance() -> Iterator[str]:
    groups = json.loads((DATA / "cases.json").read_text(encoding="utf-8"))["classes"]
    cases = Counter(group["group"] for group in groups for _ in group["cases"])
    failing = known_failures()
    yield "## Conformance"
    yield ""
    yield "Cases of Hasura's own suite (and some of ours, in its form) against a running engine and PostgreSQL."
    yield ""
    rows = []
    for tier, areas in TIERS.items():
        shares = []
        for area in areas:
            passing = cases[area] - len(failing.get(area, ()))
            shares.append(passing / cases[area])
            rows.append((str(tier), area, str(cases[area]), str(passing)))
        rows.append((str(tier), "**mean over areas**", "", f"**{100 * sum(shares) / len(shares):.1f} %**"))
    yield reference.table(("tier", "area", "cases", "pass"), rows)
    yield ""
    yield "### Cases that do not pass"
    yield ""
    listed = [(area, f"`{case}`", reason) for area, known in failing.items() for case, reason in sorted(known.items())]
    yield reference.table(("area", "case", "why"), listed) if listed else "None."
    yield ""


def unknown_areas(areas: Sequence[str]) -> list[str]:
    """Areas of the data that no tier has."""
    return [area for area in areas if not any(area in known for known in TIERS.values())]


def missing_proofs(root: Path) -> list[str]:
    return [each.proof for each in FEATURES if not (root / each.proof).exists()]
