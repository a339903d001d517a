"""Hasura v2's own cases against our engine, held to a committed list of what does not pass yet."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster import Cluster
from tests.conformance.cases import classes
from tests.conformance.clusters import Clusters
from tests.conformance.runner import Outcome, run_class

KNOWN_FAILURES = Path(__file__).parent / "known_failures.txt"
DATA = Path(__file__).parents[3] / "shared" / "conformance" / "hasura"


def areas() -> list[str]:
    return list(classes(DATA)) if DATA.is_dir() else ["absent"]


def known_failures() -> dict[str, dict[str, str]]:
    """{area: {id: why}}, from lines `area id # why`."""
    lines = KNOWN_FAILURES.read_text(encoding="utf-8").splitlines() if KNOWN_FAILURES.exists() else []
    known: dict[str, dict[str, str]] = {}
    for line in lines:
        case, _, why = line.partition(" # ")
        area, _, name = case.partition(" ")
        known.setdefault(area, {})[name] = why
    return known


@pytest.fixture(scope="session")
def clusters(cluster: Cluster) -> Iterator[Clusters]:
    found = Clusters(cluster, DATA)
    yield found
    found.stop()


def play(clusters: Clusters, area: str) -> list[Outcome]:
    found = [(clusters.of(group), group) for group in classes(DATA)[area]]
    return [outcome for at, group in found if at for outcome in asyncio.run(run_class(at, DATA, group))]


@pytest.mark.parametrize("area", areas())
def test_exactly_the_known_cases_fail(
    area: str, clusters: Clusters, shared: Path, request: pytest.FixtureRequest, record_property: pytest.RecordProperty
) -> None:
    outcomes = play(clusters, area)
    if not outcomes:
        pytest.skip("needs PostGIS (postgresql-NN-postgis-3) or the locale en_US.UTF-8")
    failed = {outcome.id: outcome.reason for outcome in outcomes if outcome.reason}
    passed = {outcome.id for outcome in outcomes} - set(failed)
    record_property("conformance", f"{area}: {len(passed)} of {len(outcomes)} pass")
    if request.config.getoption("--update-known-failures"):
        update(area, set(failed))
    known = known_failures().get(area, {})
    broken = {case: reason for case, reason in failed.items() if case not in known}
    assert not broken, "these passed before"
    mended = sorted(set(known) & passed)
    assert not mended, f"these pass now: remove them from {KNOWN_FAILURES.name}"


def test_the_list_names_no_case_that_does_not_exist(shared: Path) -> None:
    cases = json.loads((DATA / "cases.json").read_text(encoding="utf-8"))["classes"]
    existing = {(group["group"], case["id"]) for group in cases for case in group["cases"]}
    listed = {(area, case) for area, ids in known_failures().items() for case in ids}
    assert not listed - existing


def test_every_case_that_fails_says_why() -> None:
    silent = [case for known in known_failures().values() for case, why in known.items() if not why]
    assert not silent, f"give each of them a reason in {KNOWN_FAILURES.name}: `area id # why`"


def update(area: str, failed: set[str]) -> None:
    """Reasons stay with their cases; a new one has to be given one by hand."""
    before = known_failures()
    known = {**before, area: {case: before.get(area, {}).get(case, "") for case in failed}}
    lines = [
        f"{name} {case}{f' # {why}' if why else ''}\n"
        for name in sorted(known)
        for case, why in sorted(known[name].items())
    ]
    KNOWN_FAILURES.write_text("".join(lines), encoding="utf-8")
