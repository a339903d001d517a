"""The page of compatibility is what the registries and the baseline say; `make docs` prints it anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.conformance.cases import classes
from tests.conformance.test_hasura import DATA
from tests.docs import compatibility
from tests.docs.test_reference import DOCS


def test_the_page_of_compatibility_is_what_the_engine_says(golden: Callable[[Path, str], None], shared: Path) -> None:
    golden(DOCS / "reference" / "graphql-compatibility.md", compatibility.page())


def test_every_area_of_cases_has_a_tier(shared: Path) -> None:
    assert compatibility.unknown_areas(list(classes(DATA))) == []


def test_every_feature_names_tests_that_exist() -> None:
    assert compatibility.missing_proofs(DOCS.parent) == []
