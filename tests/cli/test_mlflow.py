"""`nself service mlflow …` as it is typed, where nothing runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from nself.cli.main import run
from tests.actions.places import home, written
from tests.actions.service.test_mlflow import ON


def nself(root: Path, *words: str) -> int:
    return run(["-C", str(root), "service", "mlflow", *words], home(root))


@pytest.mark.parametrize(
    "words",
    [("test",), ("experiments",), ("experiments", "create", "x"), ("experiments", "delete", "x", "--yes"),
     ("artifacts", "621ef4ff"), ("runs",), ("models",)],
)  # fmt: skip
def test_one_that_does_not_run_is_told_with_the_code_of_what_is_down(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    written(tmp_path, {**ON, "MLFLOW_PORT": "9"})
    assert nself(tmp_path, *words) == 4
    assert "  1. nself start\n" in capsys.readouterr().err


def test_a_password_on_the_command_line_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(tmp_path, ON)
    assert nself(tmp_path, "configure", "password", "a-password-of-a-test") == 2
    assert "does not belong on a command line" in capsys.readouterr().err


def test_without_a_terminal_what_is_left_out_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(tmp_path, ON)
    assert nself(tmp_path, "configure", "username") == 2
    assert "nself service mlflow configure username -" in capsys.readouterr().err


def test_it_is_switched_on_and_off(tmp_path: Path) -> None:
    written(tmp_path)
    assert nself(tmp_path, "enable") == 0
    assert "MLFLOW_ENABLED=true" in (tmp_path / ".env").read_text()
    assert nself(tmp_path, "disable") == 0
    assert "MLFLOW_ENABLED=false" in (tmp_path / ".env").read_text()
