"""A reader that goes away before all was said (`nself … | head`) neither ends the work nor brings up a stack trace."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.actions.places import written


@pytest.fixture
def nobody() -> Iterator[int]:
    """A pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


def nself(root: Path, *words: str, stdout: int = subprocess.PIPE, stderr: int = subprocess.PIPE) -> tuple[int, str]:
    """Its exit code, and what of its words went to the pipe that is read."""
    argv = [sys.executable, "-m", "nself", "-C", str(root), *words]
    # With it nothing would be left over for the end.
    environ = {name: text for name, text in os.environ.items() if name != "PYTHONUNBUFFERED"}
    ran = subprocess.run(argv, stdout=stdout, stderr=stderr, text=True, check=False, env=environ)
    return ran.returncode, (ran.stdout or "") + (ran.stderr or "")


@pytest.mark.parametrize(
    ("words", "code"), [(("version",), 0), (("--json", "logs", "nothing"), 2), (("--json", "no"), 2)]
)
def test_an_answer_that_nobody_reads_leaves_the_exit_code(
    tmp_path: Path, nobody: int, words: tuple[str, ...], code: int
) -> None:
    written(tmp_path)
    assert nself(tmp_path, *words, stdout=nobody) == (code, "")


def test_an_error_that_nobody_reads_leaves_the_exit_code(tmp_path: Path, nobody: int) -> None:
    assert nself(tmp_path, "build", stderr=nobody) == (3, "")


def test_work_whose_progress_nobody_reads_is_done_to_its_end(tmp_path: Path, nobody: int) -> None:
    project = written(tmp_path)
    (tmp_path / ".env").chmod(0o644)  # which is warned about
    code, _ = nself(tmp_path, "build", "--verbose", stderr=nobody)
    assert code == 0
    assert (project.layout.build() / "supervisord.conf").exists()
