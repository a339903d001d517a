"""What a quick command does not import: each of these takes longer than all it has to say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.actions.places import written

HEAVY = {"asyncio", "asyncpg", "cryptography", "graphql", "httpx", "importlib.metadata", "importlib.resources"}
HEAVY |= {"jinja2", "msgspec", "ssl", "starlette", "zipfile"}


NEEDLESS = HEAVY | {"yaml", "tomllib", "secrets", "nself.services", "nself.model.load"}
"""Once a command has left what it made of the project to the next."""
PROGRAM = """
import sys
from nself.cli.main import run
run(sys.argv[1:], {})
print(*sys.modules, file=sys.stderr)
"""


def imported_by(command: str, root: Path) -> set[str]:
    argv = [sys.executable, "-c", PROGRAM, "-C", str(root), command]
    ran = subprocess.run(argv, capture_output=True, text=True, check=True)
    return set(ran.stderr.split())


@pytest.mark.parametrize("command", ["version", "status"])
def test_a_quick_command_imports_nothing_heavy(tmp_path: Path, command: str) -> None:
    written(tmp_path)
    imported = imported_by(command, tmp_path)
    assert f"nself.actions.{command}" in imported
    assert not HEAVY & imported


def test_what_one_command_made_of_the_project_the_next_need_not_make(tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / "nself.yml").write_text("runtime: native\n")
    imported_by("build", tmp_path)
    for command in ("status", "build"):
        imported = imported_by(command, tmp_path)
        assert f"nself.actions.{command}" in imported
        assert not NEEDLESS & imported


def test_processes_are_started_before_what_only_their_preparation_needs_is_imported() -> None:
    program = "import sys; from nself.actions import first_steps; print(*sys.modules)"
    imported = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "nself.actions.first_steps" in imported
    assert not {"asyncio", "asyncpg", "httpx", "ssl"} & set(imported)
