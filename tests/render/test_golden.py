"""Whole projects and everything they render to, file by file; the real nginx and supervisor read the result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from nself.actions import project as projects
from nself.model.project import Project
from tests.render.checkers import nginx_accepts, supervisor_reads
from tests.render.rendering import render

CASES = Path(__file__).parent.parent / "golden" / "render"
ENVIRONMENTS = {"production": "prod"}
NAMES = sorted(path.name for path in CASES.iterdir())


def load(case: str) -> Project:
    return projects.load(CASES / case, {}, env=ENVIRONMENTS.get(case))


@pytest.mark.parametrize("case", NAMES)
def test_golden_project(case: str, golden: Callable[[Path, str], None]) -> None:
    files = render(load(case))
    for name, text in files.items():
        golden(CASES / case / "expected" / name, text.replace(str(CASES / case), f"/srv/{case}"))
    there = {
        str(path.relative_to(CASES / case / "expected"))
        for path in (CASES / case / "expected").rglob("*")
        if path.is_file()
    }
    assert there == set(files), "files that nothing renders any more"


@pytest.mark.parametrize("case", NAMES)
def test_the_real_programs_accept_what_is_rendered(case: str, tmp_path: Path) -> None:
    project = load(case)
    files = render(project)
    nginx_accepts(files, project, tmp_path)
    supervisor_reads(files, tmp_path)


@pytest.mark.parametrize("case", NAMES)
def test_the_same_project_renders_to_the_same_bytes(case: str) -> None:
    assert render(load(case)) == render(load(case))


@pytest.mark.parametrize("case", NAMES)
def test_no_secret_is_outside_the_env_files(case: str) -> None:
    rest = "".join(text for name, text in render(load(case)).items() if not name.startswith(("env/", "secrets/")))
    assert "golden-" not in rest
    assert "sk_test" not in rest
