"""The demo as `make run` has it, and a project made by following the tutorial: started once, asked by many tests."""

from __future__ import annotations

from pathlib import Path

from tests.cluster import free_port
from tests.e2e.conftest import PORTS, Project, choose_apart, open_to_others


def initialised(folder: Path, *arguments: str) -> Project:
    """A project that `nself init` wrote, on ports that no other test chooses."""
    folder.mkdir(parents=True)
    open_to_others(folder)
    project = Project(folder)
    project.nself("init", "--yes", *arguments)
    project.variables = {name: str(free_port()) for name in PORTS}
    with (folder / ".env").open("a", encoding="utf-8") as env:
        env.writelines(f"{name}={port}\n" for name, port in project.variables.items())
    choose_apart(folder)
    return project
