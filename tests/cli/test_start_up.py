"""What a quick command does not import: each of these takes longer than all it has to say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.actions.places import written

HEAVY = {"asyncio", "asyncpg", "cryptography", "graphql", "httpx", "importlib.metadata", "importlib.resources"}
HEAVY |= {"jinja2", "msgspec", "ssl", "starlette", "zipfile"}


@pytest.mark.parametrize("command", ["version", "status"])
def test_a_quick_command_imports_nothing_heavy(tmp_path: Path, command: str) -> None:
    written(tmp_path)
    program = """
import sys
from nself.cli.main import run
run(sys.argv[1:], {})
print(*sys.modules, file=sys.stderr)
"""
    argv = [sys.executable, "-c", program, "-C", str(tmp_path), command]
    ran = subprocess.run(argv, capture_output=True, text=True, check=True)
    imported = set(ran.stderr.split())
    assert f"nself.actions.{command}" in imported
    assert not HEAVY & imported
