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
        "Queries: filters, order, limits, `distinct_on`, by key, nested to any depth", "tests/graphql/test_golden.py"
    ),
    Feature("Operators of every type, jsonb and arrays included", "tests/graphql/plan/test_where.py"),
    Feature(
        "PostGIS: geometry, geography, raster, GeoJSON", "tests/graphql/test_postgis.py", "where the database has it"
    ),
    Feature("Aggregates, with filters, in orders and in permissions", "tests/graphql/plan/test_differential.py"),
    Feature("Computed fields", "tests/graphql/schema/test_computed.py"),
    Feature("Functions as queries, mutations and subscriptions", "tests/graphql/plan/test_function.py"),
    Feature("Views", "tests/conformance/test_hasura.py", "area `views`"),
    Feature("Enum tables", "tests/graphql/sources/test_enums.py"),
    Feature("Custom names of tables, columns and root fields", "tests/graphql/schema/test_names.py"),
    Feature("Naming conventions: `hasura-default`, `graphql-default`", "tests/graphql/schema/test_naming.py"),
    Feature(
        "Several sources; prefixes, suffixes and namespaces", "tests/graphql/test_customization.py", "PostgreSQL only"
    ),
    Feature("Insert, nested insert, in one transaction", "tests/graphql/plan/test_nested.py"),
    Feature(
        "Upsert, update with `_inc`, `_append` and their like, `update_many`, delete",
        "tests/conformance/test_hasura.py",
        "areas `upsert`, `update`, `delete`",
    ),
    Feature(
        "Permissions by role, row and column; presets; backend-only; `allow_aggregations`",
        "tests/graphql/schema/test_permission_model.py",
    ),
    Feature("Inherited roles", "tests/graphql/schema/test_inheritance.py"),
    Feature(
        "`validate_input`: a webhook that sees what is to be written", "tests/graphql/webhooks/test_input_checks.py"
    ),
    Feature(
        "Limits of depth, nodes, time, batch and rate; cost as well",
        "tests/graphql/admission",
        "`NSELF_GRAPHQL_*` sets defaults",
    ),
    Feature("Introspection, switched off by role", "tests/graphql/language/test_introspection.py"),
    Feature("Metadata API", "tests/graphql/metadata/commands"),
    Feature("Metadata directory, read", "tests/graphql/metadata/test_directory.py"),
    Feature("Metadata directory, written", "tests/graphql/metadata/test_export.py"),
    Feature("Inconsistent metadata: left out and listed", "tests/graphql/metadata/test_consistency.py"),
    Feature("`graphql-transport-ws` and the legacy `graphql-ws`", "tests/graphql/websocket"),
    Feature("Live queries: one statement for many subscribers", "tests/graphql/subscriptions/test_live.py"),
    Feature("Streaming subscriptions", "tests/graphql/subscriptions/test_streams.py"),
    Feature("Event triggers, at least once, also when the engine is killed", "tests/graphql/events/test_crash.py"),
    Feature("Cron triggers", "tests/graphql/events/test_cron.py"),
    Feature("One-off scheduled events", "tests/graphql/events/test_scheduled.py"),
    Feature("Actions", "tests/graphql/actions/test_calls.py"),
    Feature("Asynchronous actions", "tests/graphql/actions/test_asynchronous.py"),
    Feature("Webhook transforms (Kriti)", "tests/graphql/transforms"),
    Feature("Remote schemas", "tests/graphql/remote/test_roots.py"),
    Feature("Permissions and presets of remote schemas", "tests/graphql/remote/test_permissions.py"),
    Feature(
        "Remote relationships: to remote schemas, from them, between sources", "tests/graphql/remote/test_relations.py"
    ),
    Feature("REST endpoints", "tests/graphql/http/test_rest.py"),
    Feature("OpenAPI document of the REST endpoints", "tests/graphql/rest/test_openapi.py"),
    Feature("Query collections and allow lists", "tests/graphql/metadata/commands/test_allowlist.py"),
    Feature("Admin secret, unauthorized role", "tests/graphql/sessions/test_authenticate.py"),
    Feature("JWT: every algorithm, JWKs from an address, claims mapped", "tests/graphql/sessions/test_jwt_matrix.py"),
    Feature("Webhook authentication", "tests/graphql/sessions/test_webhook.py"),
    Feature("Relay", "tests/graphql/relay"),
    Feature("Apollo federation", "tests/graphql/federation"),
    Feature("Explain of queries", "tests/graphql/test_engine.py", "mutations are refused"),
    Feature("Explain of subscriptions", "tests/graphql/subscriptions/test_explain.py"),
    Feature(
        "Console: GraphiQL with roles, documentation and explain",
        "tests/graphql/http/test_console_in_browser.py",
        "changes are made in files",
    ),
    Feature("`/v2/query` and `/v1/query`: SQL and rows", "tests/graphql/metadata/commands/test_rows.py"),
    Feature("`/v1alpha1/pg_dump`", "tests/graphql/sources/test_pg_dump.py"),
    Feature("`nself db permissions test`", "tests/graphql/rehearsal"),
)

MISSING: Final = (
    ("Native queries, logical models", "track a view, or a function that takes arguments"),
    ("Read replicas, `connection_template`, dynamic routing", "put a pooler that knows replicas before the database"),
    (
        "Kinds of databases other than PostgreSQL; data connectors",
        "a foreign data wrapper, or a service as a remote schema",
    ),
    ("Query tags in the SQL", "explain: which SQL an operation becomes"),
    ("Response caching (`@cached` is accepted, and does nothing)", "a cache before the API"),
    ("Prometheus metrics and OpenTelemetry traces", "`/dev/subscriptions`, the log, `nself status`"),
    ("Changing tables, data and metadata in the console", "files, `nself db metadata`, and the metadata API"),
    ("Automatic persisted queries", "query collections with an allow list, or REST endpoints"),
    ("Single sign-on and several admin secrets of the commercial editions", "JWT and webhook authentication"),
)
"""What a user of Hasura, in one edition or another, may look for and not find, and what to do instead."""


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
        "## What is not there",
        "",
        reference.table(("of Hasura's", "instead"), MISSING),
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
