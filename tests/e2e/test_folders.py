"""A project works wherever its folder is and whatever that is called, or says at once why it cannot."""

from __future__ import annotations

import os
import ssl
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docker.engine import Engine
from tests.e2e.conftest import Project

pytestmark = pytest.mark.e2e
NewProject = Callable[..., Project]
DOLLARS = "$HOME a $b ${c} $$"
EVERYTHING = "a:b \"q\" 'c' #x ;y é,z=1 {root} $HOME `id` %(here)s"


def page(project: Project) -> str:
    """The static page at the base domain, through the proxy."""
    trusting = ssl._create_unverified_context()
    url = f"https://localhost:{project.port('NGINX_SSL_PORT')}/"
    with urllib.request.urlopen(url, context=trusting, timeout=60) as answer:
        return str(answer.read().decode())


def with_page(project: Project) -> Project:
    (project.root / "public").mkdir()
    (project.root / "public" / "index.html").write_text("<h1>here</h1>")
    return project


def test_natively_a_folder_s_dollars_are_no_variables(new_project: NewProject, tmp_path: Path) -> None:
    project = with_page(new_project(tmp_path / DOLLARS))
    assert project.json("start")["failed"] == []
    assert page(project) == "<h1>here</h1>"
    assert project.json("start", "--dry-run")["steps"] == []


def test_in_containers_a_folder_may_have_any_name_that_can_be_written(
    new_project: NewProject, tmp_path: Path, docker: Engine, server_image: str
) -> None:
    project = with_page(new_project(tmp_path / EVERYTHING))
    project.write(PROJECT_NAME=f"folders-{os.getpid()}")
    (project.root / "nself.yml").write_text("runtime: compose\n")
    try:
        assert project.json("start")["failed"] == []
        assert page(project) == "<h1>here</h1>"
        assert project.sql("SELECT 1") == "1"
        assert project.json("start", "--dry-run")["steps"] == []
    finally:
        project.nself("stop", "--volumes", "--yes", "--graceful", "2")


@pytest.mark.parametrize("name", ["new\nline", "tab\tstop", os.fsdecode(b"bad\xff"), "line\u2028separator"], ids=ascii)
def test_a_name_that_no_file_can_hold_is_refused_before_anything_is_written(
    new_project: NewProject, tmp_path: Path, name: str
) -> None:
    project = new_project(tmp_path / name)
    for command in (["init", "--name", "shop"], ["build"], ["build", "--runtime", "compose"], ["start"]):
        ran = project.nself(*command, check=False)
        assert (ran.returncode, "a project cannot be in a folder whose name holds" in ran.stderr) == (3, True)
    assert [path.name for path in project.root.iterdir()] == [".env"]


@pytest.mark.parametrize("name", ["a #b", "a ;b", "end "])
def test_natively_a_name_that_supervisor_cannot_read_is_refused_with_the_way_out(
    new_project: NewProject, tmp_path: Path, name: str
) -> None:
    project = new_project(tmp_path / name)
    ran = project.nself("start", check=False)
    assert ran.returncode == 3
    assert "supervisor cannot work in a folder with this name" in ran.stderr and "--runtime compose" in ran.stderr
    assert not (project.root / ".nself" / "build").exists()
