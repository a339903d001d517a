"""A Hasura project taken over by following the how-to: its commands are run in order, and its answer comes out."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.docs.following import follow
from tests.e2e.conftest import open_to_others

PROJECT = Path(__file__).parents[1] / "fixtures" / "hasura-project"


@pytest.mark.e2e
def test_a_project_of_hasuras_is_taken_over_unchanged(tmp_path: Path) -> None:
    open_to_others(tmp_path)
    shutil.copytree(PROJECT, tmp_path / "shop")
    said = follow("how-to/coming-from-hasura.md", tmp_path, "backend")
    assert "no difference: GraphQL runs on what" in said
    assert "backend_configs.yaml:1: backend_configs: data connectors are not served" in said
    assert "✗" not in said
